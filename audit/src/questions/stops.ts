import { z } from '@consent-ledger/chaincode/wire';
import { sql, type Kysely } from 'kysely';
import { blockOf } from '../projection/position.js';
import type { Row, Tables } from '../projection/tables.js';
import { custodian, fhirId, readCursor, subject } from './parameters.js';
import { instant, pageOf, question, type AnswerRow } from './question.js';

/**
 * Whether data stopped flowing. The order of the ledger is what counts: a decision before the withdrawal may be delivered, and its receipt
 * logged, a moment after it; a decision after it may not permit. Every permit to another member about the subject that comes later counts,
 * unless it is by law, an emergency, or by another consent that is on file for the subject.
 */
export const stops = question({
  name: 'stops',
  summary:
    'Proof of stopping: for each withdrawal the last permit and delivery before it, and how many came after (none, or it did not stop).',
  parameters: z.strictObject({
    study: fhirId.optional().describe('of participants in this study'),
    subject,
    custodian,
  }),
  columns: [
    'withdrawn',
    'block',
    'custodian',
    'study',
    'subject',
    'lastPermit',
    'lastDelivery',
    'permitsAfter',
    'stopped',
  ],
  ask: async ({ db, limit, cursor }, { study, subject: of, custodian: whose }) => {
    const [after] = readCursor(cursor) ?? [];
    const found = await db
      .selectFrom('withdrawal as w')
      .selectAll()
      .$if(of !== undefined, (query) => query.where('w.subject', '=', of ?? ''))
      .$if(whose !== undefined, (query) => query.where('w.custodian', '=', whose ?? ''))
      .$if(after !== undefined, (query) => query.where('w.position', '>', after ?? 0))
      .$if(study !== undefined, (query) =>
        query.where(
          sql<boolean>`EXISTS (SELECT 1 FROM consent c WHERE c.custodian = w.custodian AND c.consent = w.consent AND c.policy LIKE ${`%"study":${JSON.stringify(study)}%`})`,
        ),
      )
      .orderBy('w.position')
      .limit(limit + 1)
      .execute();
    const page = pageOf(
      found,
      limit,
      ({ position }) => `${position}`,
      () => ({}),
    );
    const rows: AnswerRow[] = [];
    for (const withdrawn of found.slice(0, limit)) rows.push(await proofOf(db, withdrawn));
    return { ...page, rows };
  },
});

type Withdrawn = Row<'withdrawal'>;

async function proofOf(db: Kysely<Tables>, withdrawn: Withdrawn): Promise<AnswerRow> {
  const { position, custodian: whose, consent, subject: of, at } = withdrawn;
  const filed = await consentsOf(db, withdrawn);
  const before = await permits(db, withdrawn)
    .where('r.position', '<', position)
    .where('w.basis', 'like', citing(consent))
    .orderBy('r.position', 'desc')
    .limit(1)
    .executeTakeFirst();
  const delivered = await permits(db, withdrawn)
    .innerJoin('delivery as l', (join) =>
      join.onRef('l.event_hash', '=', 'e.key_hash').onRef('l.record', '=', 'r.record'),
    )
    .select(['l.at as delivered_at', 'l.position as delivered_position'])
    .where('r.position', '<', position)
    .where('l.complete', '=', 1)
    .where('w.basis', 'like', citing(consent))
    .orderBy('r.position', 'desc')
    .orderBy('l.position', 'desc')
    .limit(1)
    .executeTakeFirst();
  const after = (await permits(db, withdrawn).where('r.position', '>', position).execute()).filter(
    (row) => !isExcused(row, consent, filed.others),
  );
  const [first] = after;
  return {
    withdrawn: instant(at),
    block: blockOf(position),
    custodian: whose,
    study: filed.study,
    subject: of,
    consent,
    lastPermit: before === undefined ? null : instant(before.at),
    lastPermitBlock: before === undefined ? null : blockOf(before.position),
    lastDelivery: delivered === undefined ? null : instant(delivered.delivered_at),
    lastDeliveryBlock: delivered === undefined ? null : blockOf(delivered.delivered_position),
    permitsAfter: after.length,
    firstAfter: first === undefined ? null : first.event,
    stopped: after.length === 0,
  };
}

/** The study of the consent that was withdrawn, and what else is on file; null and nothing where that was purged. */
async function consentsOf(
  db: Kysely<Tables>,
  { custodian: whose, consent, subject: of }: Withdrawn,
): Promise<{ study: string | null; others: ReadonlySet<string> }> {
  const rows = await db
    .selectFrom('consent')
    .select(['consent', 'policy'])
    .where('custodian', '=', whose)
    .where('subject', '=', of)
    .orderBy('position')
    .execute();
  let study: string | null = null;
  const others = new Set<string>();
  for (const row of rows) {
    if (row.consent !== consent) others.add(row.consent);
    else if (row.policy !== null) {
      const policy = JSON.parse(row.policy) as { study?: { study: string } };
      study = policy.study?.study ?? null;
    }
  }
  return { study, others };
}

/** What other members were permitted to have about the subject. */
function permits(db: Kysely<Tables>, { custodian: whose, subject: of }: Withdrawn) {
  return db
    .selectFrom('access_record as r')
    .innerJoin('access_event as e', 'e.position', 'r.position')
    .innerJoin('access_reason as w', (join) =>
      join.onRef('w.position', '=', 'r.position').onRef('w.place', '=', 'r.place'),
    )
    .select(['r.position', 'e.at', 'e.event', 'w.reason', 'w.basis'])
    .where('r.outcome', '=', 'permit')
    .where('e.custodian', '=', whose)
    .whereRef('e.requester', '!=', 'e.custodian')
    .where(sql<boolean>`r.position IN (SELECT s.position FROM access_subject s WHERE s.subject = ${of})`)
    .where('w.subjects', 'like', `%${JSON.stringify(of)}%`);
}

/** Reasons that need no consent. */
const WITHOUT_CONSENT = ['legal-basis', 'break-glass', 'permitted-by-implied-policy'];

function isExcused(
  { reason, basis }: { readonly reason: string | null; readonly basis: string },
  consent: string,
  others: ReadonlySet<string>,
): boolean {
  const entries = JSON.parse(basis) as { consent: string; outcome: string }[];
  const spoke = entries.filter(({ outcome }) => outcome === 'permit');
  if (spoke.some((entry) => entry.consent === consent)) return false;
  return (
    (reason !== null && WITHOUT_CONSENT.includes(reason)) || spoke.some((entry) => others.has(entry.consent))
  );
}

function citing(consent: string): string {
  return `%"consent":${JSON.stringify(consent)}%`;
}
