import { withdrawals, type WithdrawalEntry } from '@consent-ledger/chaincode/wire';

/**
 * How many withdrawals a new list leaves out, or states otherwise. One organisation alone may write these lists, so that
 * nobody can hold a withdrawal up; that it undid one shows here, and who did stands in its endorsement.
 */
export function undoneWithdrawals(before: Buffer, after: Buffer): number {
  const still = new Map(entriesOf(after).map((entry) => [entry.consent, entry]));
  return entriesOf(before).filter(({ consent, at }) => still.get(consent)?.at !== at).length;
}

function entriesOf(bytes: Buffer): readonly WithdrawalEntry[] {
  try {
    return withdrawals.safeParse(JSON.parse(bytes.toString('utf8'))).data?.withdrawals ?? [];
  } catch {
    return []; // Not JSON: a list of nothing, which undoes all that was before.
  }
}
