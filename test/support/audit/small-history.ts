import { MADE_COLLECTIONS, MadeChain, MadeHistory, type MadeTransaction } from '@consent-ledger/scripts';
import type { peer } from '@hyperledger/fabric-protos';

const START = Date.parse('2026-03-01T08:00:00.000Z');
const MINUTE = 60_000;

/** Ids are of the length that the gateway makes them. */
export function jtiOf(n: number): string {
  return String(n).padStart(22, '0');
}

export const USER = 'practitioner-0000001';
export const EMERGENCY_USER = 'practitioner-0000002';

export interface SmallHistory {
  readonly ledger: string;
  readonly chain: MadeChain;
  readonly made: MadeHistory;
  readonly blocks: readonly peer.BlockAndPrivateData[];
  /** Epoch milliseconds of a block of transactions. */
  readonly at: (block: number) => number;
}

/**
 * What a projection meets: subjects, consents, permits, denials, an emergency, receipts, a withdrawal, a transaction that is not
 * valid, and at last the purge of one subject's consent. One that cheats has an access after the withdrawal that was decided as if there
 * were none.
 */
export async function smallHistory({ cheats = false } = {}): Promise<SmallHistory> {
  const chain = new MadeChain();
  const made = new MadeHistory();
  const at = (block: number): number => START + block * MINUTE;
  const blocks: peer.BlockAndPrivateData[] = [];
  const add = (transactions: readonly MadeTransaction[]): void => {
    blocks.push(chain.block(transactions));
  };
  add([]);
  made.ledgerId = chain.ledgerId;
  add([made.founding(at(1))]);
  add([
    made.person(at(2), 'subject-1', ['record-1', 'record-2']),
    made.person(at(2), 'subject-2', ['record-3'], '2026-12-01'),
  ]);
  add([
    await made.decisions(at(3), 3, 0, [
      { user: USER, records: ['record-1', 'record-2'], jti: jtiOf(1) },
      { user: USER, records: ['record-3'], jti: jtiOf(2) },
      { user: USER, records: ['record-3'], purpose: 'HMARKT', jti: jtiOf(3) },
    ]),
  ]);
  add([made.deliveries(at(4), [{ jti: jtiOf(1), record: 'record-1' }])]);
  const cheat = await made.decisions(at(8), 8, 0, [{ user: USER, records: ['record-1'], jti: jtiOf(7) }]);
  add([made.withdrawal(at(5), 'subject-1')]);
  add([
    await made.decisions(at(6), 6, 0, [
      { user: USER, records: ['record-1'], jti: jtiOf(4) },
      {
        user: EMERGENCY_USER,
        records: ['record-1'],
        purpose: 'BTG',
        roles: ['emergency-physician'],
        emergency: 'unconscious',
        jti: jtiOf(5),
      },
    ]),
    // Nothing of what is not valid may be there.
    {
      ...(await made.decisions(at(6), 6, 1, [{ user: USER, records: ['record-3'], jti: jtiOf(6) }])),
      code: 11,
    },
  ]);
  add([made.purge(at(7), 'consent', 'consent-subject-2')]);
  if (cheats) add([cheat]);
  return { ledger: chain.ledgerId, chain, made, blocks, at };
}

export const FOLLOWED = { chaincode: 'consent-ledger', collections: MADE_COLLECTIONS };
