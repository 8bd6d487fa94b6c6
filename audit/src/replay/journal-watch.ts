import {
  journalKey,
  JOURNAL_PREFIX,
  loggedEntries,
  MEMBER_PREFIX,
  type LoggedEntry,
  type Member,
} from '@consent-ledger/chaincode/wire';
import type { DeliveredTransaction } from '../history/delivered-block.js';
import type { World } from '../history/world.js';
import type { LoggedEvent } from './check-event.js';
import { journalsOf } from './check-journal.js';
import type { Finding } from './finding.js';

interface Place {
  readonly block: number;
  readonly transaction: string;
  readonly index: number;
}

const WHY = {
  'entry-without-event': 'a member has committed to an entry of its emergency journal, and no event has it',
  'entry-not-committed': 'one who signed an entry of it has not committed to it in time',
  'chain-broken':
    'an entry of it is not the one that its signer has committed to, or does not follow the one before',
} as const;

/** Follows members' emergency journals through the history, and says at its end what one side hides. */
export class JournalWatch {
  readonly #logged: LoggedEntry[] = [];
  readonly #events = new Map<string, Place>();
  readonly #commitments = new Map<string, Place>();
  #end = 0;

  /** Every valid transaction, before its events. */
  transaction(block: number, { id, index, at, writes }: DeliveredTransaction, chaincode: string): void {
    this.#end = Math.max(this.#end, at);
    for (const { namespace, collection, key } of writes) {
      if (namespace !== chaincode || collection !== '' || !key.startsWith(JOURNAL_PREFIX)) continue;
      this.#commitments.set(key, { block, transaction: id, index });
    }
  }

  event({ block, transaction: { id, index }, key, event, detail }: LoggedEvent): void {
    if (event.journal === undefined || detail === undefined) return;
    this.#logged.push(...loggedEntries(key, event, detail));
    this.#events.set(key, { block, transaction: id, index });
  }

  /** That nothing has an entry can be said only by who reads every custodian's events. */
  findings(world: World): Finding[] {
    if (this.#commitments.size === 0 && this.#logged.length === 0) return [];
    const readable = new Set(world.custodians());
    const isAll = (world.publicValues(MEMBER_PREFIX) as Member[])
      .filter(({ kind }) => kind === 'hospital')
      .every(({ mspId }) => readable.has(mspId));
    return journalsOf(world, this.#logged, this.#end).flatMap(
      ({ rule, member, custodian, event, ...found }) => {
        // It is there: late is no fault of the history.
        if (rule === 'logged-late' || (rule === 'entry-without-event' && !isAll)) return [];
        const place = event === undefined ? this.#committedAt(member, found) : this.#events.get(event);
        if (place === undefined) return [];
        const explanation = `${WHY[rule]} (${member}, journal ${found.chain}, entry ${found.seq})`;
        const about = { custodian: custodian ?? member, ...(event !== undefined && { event }) };
        return [{ rule: 'journal-incomplete' as const, ...place, ...about, explanation }];
      },
    );
  }

  #committedAt(
    member: string,
    { chain, seq }: { readonly chain: string; readonly seq: number },
  ): Place | undefined {
    return this.#commitments.get(journalKey(member, chain, seq));
  }
}
