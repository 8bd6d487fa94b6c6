import { sql } from 'kysely';
import { z } from '@consent-ledger/chaincode/wire';
import { BadCursor, custodian, record, since, subject, until } from './parameters.js';
import { instant, pageOf, question } from './question.js';

/**
 * Whom a breach would have to be told of: each user of each member to whom something was permitted. A permit counts whether
 * a receipt came or not, since the key may have left.
 */
export const recipients = question({
  name: 'recipients',
  summary: 'Who received a record, a subject’s records or a custodian’s since then: for a breach report.',
  parameters: z.strictObject({ subject, record, custodian, since, until }),
  columns: ['member', 'user', 'accesses', 'records', 'first', 'last', 'acknowledged'],
  ask: async (
    { db, limit, cursor },
    { subject: of, record: what, custodian: whose, since: from, until: to },
  ) => {
    const after = cursor === undefined ? undefined : readPair(cursor);
    const name = sql<string>`COALESCE(d.user_id, '')`;
    const found = await db
      .selectFrom('access_record as r')
      .innerJoin('access_event as e', 'e.position', 'r.position')
      .leftJoin('access_detail as d', 'd.position', 'r.position')
      .leftJoin('delivery as l', (join) =>
        join.onRef('l.event_hash', '=', 'e.key_hash').onRef('l.record', '=', 'r.record'),
      )
      .select([
        'e.requester',
        name.as('user_name'),
        sql<number>`COUNT(*)`.as('accesses'),
        sql<number>`COUNT(DISTINCT r.record)`.as('records'),
        sql<number>`MIN(e.at)`.as('first'),
        sql<number>`MAX(e.at)`.as('last'),
        sql<number>`COUNT(l.position)`.as('acknowledged'),
      ])
      .where('r.outcome', '=', 'permit')
      .$if(of !== undefined, (query) =>
        query
          .where(
            sql<boolean>`r.position IN (SELECT s.position FROM access_subject s WHERE s.subject = ${of ?? ''})`,
          )
          .where(
            sql<boolean>`EXISTS (SELECT 1 FROM access_reason w WHERE w.position = r.position AND w.place = r.place
              AND w.subjects LIKE ${`%"${of ?? ''}"%`})`,
          ),
      )
      .$if(what !== undefined, (query) => query.where('r.record', '=', what ?? ''))
      .$if(whose !== undefined, (query) => query.where('e.custodian', '=', whose ?? ''))
      .$if(from !== undefined, (query) => query.where('e.at', '>=', from ?? 0))
      .$if(to !== undefined, (query) => query.where('e.at', '<', to ?? 0))
      .$if(after !== undefined, (query) =>
        query.where(sql<boolean>`(e.requester, ${name}) > (${after?.[0] ?? ''}, ${after?.[1] ?? ''})`),
      )
      .groupBy(['e.requester', name])
      .orderBy('e.requester')
      .orderBy(name)
      .limit(limit + 1)
      .execute();
    return pageOf(
      found,
      limit,
      (row) => `${row.requester} ${row.user_name}`,
      ({ requester, user_name: user, accesses, records, first, last, acknowledged }) => ({
        member: requester,
        user: user === '' ? null : user,
        accesses,
        records,
        first: instant(first),
        last: instant(last),
        acknowledged,
      }),
    );
  },
});

function readPair(cursor: string): readonly [string, string] {
  const [, member, user] = /^([A-Za-z][A-Za-z0-9]{0,39}) ([A-Za-z0-9_-]{0,128})$/.exec(cursor) ?? [];
  if (member === undefined || user === undefined) throw new BadCursor();
  return [member, user];
}
