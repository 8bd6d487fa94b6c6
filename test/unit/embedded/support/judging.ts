import type { OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';

/** The code that the ledger's validator gives to an envelope that an orderer put alone into the next block. */
export function judge(ledger: OpenLedger, envelope: Buffer): number {
  const [transaction] = ledger.judge([envelope]).transactions;
  if (transaction === undefined) throw new Error('nothing was judged');
  return transaction.code;
}
