import type { DatabaseSync } from 'node:sqlite';
import {
  consent,
  custodyCollection,
  withdrawalCollection,
  withdrawals,
} from '@consent-ledger/chaincode/wire';
import type { PrivateWrite } from '../../ports/ledger.js';
import { termsOf } from './consent-terms.js';

const WITHDRAWALS_OF = withdrawalCollection('');

/** Keeps the table of consents that searches go by. */
export class ConsentFolder {
  readonly #statements: ReturnType<typeof statementsOf>;

  constructor(database: DatabaseSync) {
    this.#statements = statementsOf(database);
  }

  /** A private value that arrived; only consents and withdrawals concern this table. */
  fold({ collection, key, value }: PrivateWrite, keyHash: string): void {
    if (key.startsWith('consent/')) this.#foldConsent(collection, keyHash, value);
    else if (key.startsWith('withdrawal/')) this.#foldWithdrawals(collection, value);
  }

  /** A value that is deleted or purged. */
  remove(collection: string, keyHash: string): void {
    this.#statements.removeWithdrawal.run(collection, collection, keyHash);
    this.#statements.remove.run(collection, keyHash);
  }

  /** An older version that comes late changes nothing. */
  #foldConsent(collection: string, keyHash: string, value: Buffer): void {
    const filed = consent.parse(JSON.parse(value.toString('utf8')));
    const { release, status, from, until, hasPeriod, terms } = termsOf(filed);
    const { changes } = this.#statements.put.run(
      collection,
      filed.consent,
      keyHash,
      filed.subject,
      filed.version,
      release,
      status,
      hasPeriod ? (from ?? -Infinity) : null,
      hasPeriod ? (until ?? Infinity) : null,
      Date.parse(filed.filedAt),
    );
    if (changes === 0) return;
    this.#statements.removeTerms.run(collection, filed.consent);
    for (const term of terms)
      this.#statements.addTerm.run(collection, filed.consent, term.kind, term.qualifier, term.value);
  }

  #foldWithdrawals(collection: string, value: Buffer): void {
    const custody = custodyCollection(collection.slice(WITHDRAWALS_OF.length));
    for (const entry of withdrawals.parse(JSON.parse(value.toString('utf8'))).withdrawals)
      this.#statements.addWithdrawal.run(custody, entry.consent, Date.parse(entry.at));
  }
}

function statementsOf(database: DatabaseSync) {
  return {
    put: database.prepare(`
      INSERT INTO consent (collection, consent, key_hash, subject, version, release, status, period_from, period_until, filed_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (collection, consent) DO UPDATE
      SET key_hash = excluded.key_hash, version = excluded.version, status = excluded.status,
          period_from = excluded.period_from, period_until = excluded.period_until, filed_at = excluded.filed_at
      WHERE excluded.version > version`),
    remove: database.prepare('DELETE FROM consent WHERE collection = ? AND key_hash = ?'),
    removeWithdrawal: database.prepare(`
      DELETE FROM consent_withdrawal WHERE collection = ? AND consent IN
        (SELECT consent FROM consent WHERE collection = ? AND key_hash = ?)`),
    removeTerms: database.prepare('DELETE FROM consent_term WHERE collection = ? AND consent = ?'),
    addTerm: database.prepare(`
      INSERT INTO consent_term (collection, consent, kind, qualifier, value) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`),
    addWithdrawal: database.prepare(`
      INSERT INTO consent_withdrawal (collection, consent, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`),
  };
}
