import type { DatabaseSync } from 'node:sqlite';
import {
  custodyCollection,
  ERASABLE_KINDS,
  erasure,
  withdrawalCollection,
} from '@consent-ledger/chaincode/wire';
import type { ErasedSubject, Erasures } from '../../ports/erasures.js';
import type { PrivateWrite } from '../../ports/ledger.js';

const ERASABLE: ReadonlySet<string> = new Set(ERASABLE_KINDS);

/** Names under which a value may say whose it is: its subject's id, a record's subjects, the pseudonym in a slip. */
interface Owned {
  readonly subject?: unknown;
  readonly subjects?: unknown;
  readonly person?: unknown;
}

/** Keeps the table of whose each private value is, and the table of who is erased. */
export class ErasureFolder {
  readonly #statements: ReturnType<typeof statementsOf>;

  constructor(database: DatabaseSync) {
    this.#statements = statementsOf(database);
  }

  /** A private value that arrived. */
  fold({ collection, key, value }: PrivateWrite, keyHash: string, block: number): void {
    const kind = key.slice(0, key.indexOf('/'));
    if (kind === 'erasure') {
      const tombstone = erasure.parse(JSON.parse(value.toString('utf8')));
      if (tombstone.of === 'subject') this.#statements.addErased.run(collection, tombstone.subject, block);
      return;
    }
    if (!ERASABLE.has(kind)) return;
    for (const name of namesIn(JSON.parse(value.toString('utf8')) as Owned))
      this.#statements.add.run(collection, keyHash, name, key);
  }

  /** A value that is deleted or purged. */
  remove(collection: string, keyHash: string): void {
    this.#statements.remove.run(collection, keyHash);
  }
}

/** Reads what the folder of erasures wrote. */
export function openErasures(database: DatabaseSync): Erasures {
  const since = database.prepare(
    'SELECT subject, block FROM erased_subject WHERE collection = ? AND block >= ? ORDER BY block, subject',
  );
  const remaining = database.prepare(`
    SELECT DISTINCT key FROM owned_value WHERE collection = ? AND name IN (SELECT value FROM json_each(?)) ORDER BY key LIMIT ?`);
  const keysIn = (collection: string, names: readonly string[], limit: number): string[] =>
    (remaining.all(collection, JSON.stringify(names), limit) as unknown as { key: string }[]).map(
      ({ key }) => key,
    );
  return {
    since: (custodian, block) =>
      since.all(custodyCollection(custodian), block) as unknown as readonly ErasedSubject[],
    remaining: (custodian, names, limit) => ({
      values: keysIn(custodyCollection(custodian), names, limit),
      withdrawals: keysIn(withdrawalCollection(custodian), names, limit),
    }),
  };
}

function namesIn({ subject, subjects, person }: Owned): string[] {
  const names = [subject, person, ...(Array.isArray(subjects) ? (subjects as unknown[]) : [])];
  return names.filter((name) => typeof name === 'string');
}

function statementsOf(database: DatabaseSync) {
  return {
    add: database.prepare(`
      INSERT INTO owned_value (collection, key_hash, name, key) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`),
    remove: database.prepare('DELETE FROM owned_value WHERE collection = ? AND key_hash = ?'),
    addErased: database.prepare(`
      INSERT INTO erased_subject (collection, subject, block) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`),
  };
}
