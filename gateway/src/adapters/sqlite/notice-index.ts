import type { DatabaseSync } from 'node:sqlite';
import type { Notice, Notices } from '../../ports/notices.js';

const COLUMNS = 'id, subject, kind, about, at, transaction_id AS "transaction", block';

/** Reads what the folder of notices wrote. */
export function openNotices(database: DatabaseSync): Notices {
  const about = database.prepare(`
    SELECT ${COLUMNS} FROM notice WHERE custodian = ? AND subject = ? ORDER BY block, place, id`);
  const since = database.prepare(`
    SELECT ${COLUMNS} FROM notice WHERE custodian = ? AND block >= ? ORDER BY block, place, id`);
  return {
    about: (custodian, subject) => about.all(custodian, subject) as unknown as Notice[],
    since: (custodian, block) => since.iterate(custodian, block) as Iterable<unknown> as Iterable<Notice>,
  };
}
