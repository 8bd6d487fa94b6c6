import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { custodyCollection, slip } from '@consent-ledger/chaincode/wire';
import { hexSha256 } from '../../usecases/hex-hash.js';
import type { PrivateWrite } from '../../ports/ledger.js';
import type { Slips, WrittenSlip } from '../../ports/slips.js';

/** Keeps the table of slips. */
export class SlipFolder {
  readonly #put: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    this.#put = database.prepare(`
      INSERT INTO slip (collection, key_hash, key, custodian, consent, member, block) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (collection, key_hash) DO UPDATE SET block = max(block, excluded.block)`);
    this.#remove = database.prepare('DELETE FROM slip WHERE collection = ? AND key_hash = ?');
  }

  /** A private value that arrived. */
  fold({ collection, key, value }: PrivateWrite, keyHash: string, block: number): void {
    if (!key.startsWith('slip/')) return;
    const { custodian, consent, member } = slip.parse(JSON.parse(value.toString('utf8')));
    if (collection !== custodyCollection(custodian)) return;
    this.#put.run(collection, keyHash, key, custodian, consent, member, block);
  }

  /** A value that is deleted or purged. */
  remove(collection: string, keyHash: string): void {
    this.#remove.run(collection, keyHash);
  }
}

/** Reads what the folder of slips wrote; of withdrawals, what the folder of notices did. */
export function openSlips(database: DatabaseSync): Slips {
  const since = database.prepare(`
    SELECT key, member, max(block) AS block FROM (
      SELECT key, member, block FROM slip WHERE custodian = ?1 AND block >= ?2
      UNION ALL
      SELECT slip.key, slip.member, notice.block FROM notice
        JOIN slip ON slip.custodian = notice.custodian AND slip.consent = notice.about
        WHERE notice.custodian = ?1 AND notice.block >= ?2 AND notice.kind = 'consent-withdrawn')
    GROUP BY key, member ORDER BY block, key`);
  const find = database.prepare('SELECT consent, member FROM slip WHERE collection = ? AND key_hash = ?');
  return {
    find: (custodian, key) =>
      find.get(custodyCollection(custodian), hexSha256(key)) as
        { consent: string; member: string } | undefined,
    since: (custodian, block) =>
      since.iterate(custodian, block) as Iterable<unknown> as Iterable<WrittenSlip>,
  };
}
