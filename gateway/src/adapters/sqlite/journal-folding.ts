import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  loggedEntries,
  type AccessEvent,
  type EventDetail,
  type LoggedEntry,
} from '@consent-ledger/chaincode/wire';
import type { PrivateWrite } from '../../ports/ledger.js';
import type { JournalIndex } from '../../ports/journal-index.js';

/** Keeps the table of the entries of emergency journals that are in events. */
export class JournalFolder {
  readonly #add: StatementSync;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(
      'INSERT INTO journal_entry (entry, collection, logged) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
  }

  addEvent({ collection, key }: PrivateWrite, event: AccessEvent, detail: EventDetail): void {
    for (const one of loggedEntries(key, event, detail))
      this.#add.run(one.entry, collection, JSON.stringify(one));
  }
}

/** Reads what the folder wrote. */
export function openJournalIndex(database: DatabaseSync): JournalIndex {
  const all = database.prepare('SELECT logged FROM journal_entry ORDER BY entry');
  return {
    entries: () =>
      (all.all() as unknown as { readonly logged: string }[]).map(
        ({ logged }) => JSON.parse(logged) as LoggedEntry,
      ),
  };
}
