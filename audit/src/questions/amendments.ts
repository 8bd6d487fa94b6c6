import { z } from '@consent-ledger/chaincode/wire';
import { sql } from 'kysely';
import { blockOf } from '../projection/position.js';
import { custodian, readCursor, subject } from './parameters.js';
import { instant, question, type AnswerRow } from './question.js';

/** What an open request's newest step says of it, as it was folded. */
const open = z.looseObject({ dueAt: z.string(), record: z.string() });

/** So many that are not answered are looked at in one go. */
const AT_ONCE = 200;

export const amendments = question({
  name: 'amendments',
  summary: 'Requests to amend a record whose answer is overdue (45 CFR 164.526(b)(2)).',
  parameters: z.strictObject({ custodian, subject }),
  columns: ['dueAt', 'custodian', 'amendment', 'subject', 'record', 'step', 'at'],
  ask: async ({ db, now, limit, cursor }, { custodian: whose, subject: of }) => {
    const rows: AnswerRow[] = [];
    let [after] = readCursor(cursor) ?? [-1];
    for (;;) {
      // The newest step of each request: what is answered has an answer after it.
      const found = await db
        .selectFrom('subject_act as a')
        .selectAll()
        .where('a.act', 'in', ['amendment-requested', 'amendment-extended'])
        .where('a.position', '>', after)
        .where(
          sql<boolean>`NOT EXISTS (SELECT 1 FROM subject_act b WHERE b.subject = a.subject AND b.custodian = a.custodian
            AND b.reference = a.reference AND b.position > a.position AND b.act LIKE 'amendment-%')`,
        )
        .$if(whose !== undefined, (query) => query.where('a.custodian', '=', whose ?? ''))
        .$if(of !== undefined, (query) => query.where('a.subject', '=', of ?? ''))
        .orderBy('a.position')
        .limit(AT_ONCE)
        .execute();
      for (const row of found) {
        const { dueAt, record } = open.parse(JSON.parse(row.more));
        if (Date.parse(dueAt) <= now) {
          if (rows.length === limit) return { rows, next: `${after}` };
          rows.push({
            dueAt,
            custodian: row.custodian,
            amendment: row.reference,
            subject: row.subject,
            record,
            step: row.act,
            at: instant(row.at),
            block: blockOf(row.position),
          });
        }
        after = row.position;
      }
      if (found.length < AT_ONCE) return { rows };
    }
  },
});
