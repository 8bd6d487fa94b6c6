import { sql, type Kysely } from 'kysely';
import { startOfBlock } from '../projection/position.js';
import type { Tables, Value } from '../projection/tables.js';
import { DAY_MS } from './period.js';
import type { WorkFile } from './work-file.js';

/** Rows of the projection that are in memory at one time. */
const PAGE = 5_000;

/**
 * Reads the accesses of a period out of the projection, one row for each record and each person whom it is about.
 * @returns how many could not be taken, because who asked was purged or is pending
 */
export async function gather(
  db: Kysely<Tables>,
  file: WorkFile,
  { from, until, height }: { readonly from: number; readonly until: number; readonly height: number },
): Promise<number> {
  await file.run(
    `CREATE TABLE touch (member TEXT, user TEXT, peers TEXT, custodian TEXT, subject TEXT, day INTEGER, at INTEGER,
       position INTEGER, denied INTEGER, withdrawn INTEGER)`,
  );
  let notTaken = 0;
  let after: readonly [number, number] = [await startOf(db, from), -1];
  for (;;) {
    const rows = await pageAfter(db, after, { from, until, end: startOfBlock(height) });
    const last = rows.at(-1);
    if (last === undefined) return notTaken;
    after = [last.position, last.place];
    const touches: Value[][] = [];
    for (const row of rows) {
      const subjects = row.subjects === null ? [] : (JSON.parse(row.subjects) as string[]);
      if (row.user_id === null || row.subjects === null) notTaken += 1;
      else
        for (const subject of subjects)
          touches.push([
            row.requester,
            row.user_id,
            peersOf(row.requester, row.roles, row.emergency),
            row.custodian,
            subject,
            Math.floor(row.at / DAY_MS),
            row.at,
            row.position,
            row.outcome === 'deny' ? 1 : 0,
            row.reason === 'consent-withdrawn' ? 1 : 0,
          ]);
    }
    await file.insert('touch', touches);
  }
}

/** Those who are measured by one another: same member, same roles; emergencies apart, since strangers are usual in them. */
function peersOf(member: string, roles: string | null, emergency: string | null): string {
  const held = roles === null ? [] : (JSON.parse(roles) as string[]);
  return [member, held.sort().join(' '), ...(emergency === null ? [] : ['emergency'])].join(', ');
}

/** No earlier position holds an access of the period: a block's time is that of its latest transaction. */
async function startOf(db: Kysely<Tables>, from: number): Promise<number> {
  const row = await db
    .selectFrom('block')
    .select(({ fn }) => fn.min('number').as('number'))
    .where('at', '>=', from)
    .executeTakeFirst();
  const number = row?.number as number | null | undefined;
  return startOfBlock(number ?? 0);
}

function pageAfter(
  db: Kysely<Tables>,
  [position, place]: readonly [number, number],
  { from, until, end }: { readonly from: number; readonly until: number; readonly end: number },
) {
  return db
    .selectFrom('access_record as r')
    .innerJoin('access_event as e', 'e.position', 'r.position')
    .leftJoin('access_detail as d', 'd.position', 'r.position')
    .leftJoin('access_reason as w', (join) =>
      join.onRef('w.position', '=', 'r.position').onRef('w.place', '=', 'r.place'),
    )
    .select([
      'r.position',
      'r.place',
      'r.outcome',
      'e.at',
      'e.custodian',
      'e.requester',
      'd.user_id',
      'd.roles',
      'd.emergency',
      'w.reason',
      'w.subjects',
    ])
    .where(sql<boolean>`(r.position, r.place) > (${position}, ${place})`)
    .where('r.position', '<', end)
    .where('e.at', '>=', from)
    .where('e.at', '<', until)
    .orderBy('r.position')
    .orderBy('r.place')
    .limit(PAGE)
    .execute();
}
