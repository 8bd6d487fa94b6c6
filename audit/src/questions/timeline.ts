import { z } from '@consent-ledger/chaincode/wire';
import type { Kysely } from 'kysely';
import { blockOf } from '../projection/position.js';
import type { Tables } from '../projection/tables.js';
import { accessAnswer, accessRows, cursorOf } from './access-rows.js';
import { fhirId, readCursor } from './parameters.js';
import { instant, pageOf, question, type AnswerRow, type Page } from './question.js';

/** Something that happened, with its place in the history. */
interface Happening {
  readonly position: number;
  readonly place: number;
  readonly answer: AnswerRow;
}

const COLUMNS = [
  'at',
  'what',
  'consent',
  'version',
  'record',
  'member',
  'user',
  'purposes',
  'outcome',
  'reason',
  'by',
] as const;

export const subjectHistory = question({
  name: 'subject',
  summary:
    'Everything about one subject in the order in which it happened: consents with every version, withdrawals, keys, delegations, accesses, denials, emergencies, deliveries.',
  parameters: z.strictObject({
    subject: fhirId.describe('subject, by the pseudonym that the custodian gave'),
  }),
  columns: COLUMNS,
  ask: async ({ db, limit, cursor }, { subject }) => {
    const after = readCursor(cursor);
    const count = limit + 1;
    return merged(
      await Promise.all([
        accessesOf(db, { subject }, after, count),
        consentsOf(db, subject, after, count),
        withdrawalsOf(db, subject, after, count),
        actsOf(db, subject, after, count),
        deliveriesOf(db, { subject }, after, count),
        reviewsOf(db, { subject }, after, count),
      ]),
      limit,
    );
  },
});

export const recordHistory = question({
  name: 'record',
  summary: 'Everything about one record: its versions and labels, who asked for it, what was delivered.',
  parameters: z.strictObject({ record: fhirId.describe("record, by the custodian's id") }),
  columns: COLUMNS,
  ask: async ({ db, limit, cursor }, { record }) => {
    const after = readCursor(cursor);
    const count = limit + 1;
    return merged(
      await Promise.all([
        accessesOf(db, { record }, after, count),
        descriptorsOf(db, record, after, count),
        deliveriesOf(db, { record }, after, count),
        reviewsOf(db, { record }, after, count),
      ]),
      limit,
    );
  },
});

/** The first ones of all, in the order of the history. */
function merged(lists: readonly (readonly Happening[])[], limit: number): Page {
  const all = lists.flat().sort((a, b) => a.position - b.position || a.place - b.place);
  return pageOf(
    all.slice(0, limit + 1),
    limit,
    cursorOf as (row: { position: number; place: number }) => string,
    (row) => row.answer,
  );
}

type After = readonly [number, number] | undefined;

/** What has no places within a value comes as a whole: it follows what is after its position. */
function positionAfter(after: After): number {
  return after?.[0] ?? -1;
}

async function accessesOf(
  db: Kysely<Tables>,
  filter: { readonly subject?: string; readonly record?: string },
  after: After,
  count: number,
): Promise<Happening[]> {
  const rows = await accessRows(db, filter, after, count);
  return rows.map((row) => ({
    position: row.position,
    place: row.place,
    answer: { what: row.emergency === null ? 'access' : 'emergency-access', ...accessAnswer(row) },
  }));
}

async function consentsOf(
  db: Kysely<Tables>,
  subject: string,
  after: After,
  count: number,
): Promise<Happening[]> {
  const rows = await db
    .selectFrom('consent')
    .selectAll()
    .where('subject', '=', subject)
    .where('position', '>', positionAfter(after))
    .orderBy('position')
    .limit(count)
    .execute();
  return rows.map((row) => ({
    position: row.position,
    place: 0,
    answer: {
      at: instant(row.filed_at),
      what: row.version === 1 ? 'consent-filed' : 'consent-changed',
      block: blockOf(row.position),
      custodian: row.custodian,
      consent: row.consent,
      version: row.version,
      evidence: row.evidence,
      by: row.filed_by,
      digest: row.digest,
      resource: JSON.parse(row.resource) as AnswerRow,
    },
  }));
}

async function withdrawalsOf(
  db: Kysely<Tables>,
  subject: string,
  after: After,
  count: number,
): Promise<Happening[]> {
  const rows = await db
    .selectFrom('withdrawal')
    .selectAll()
    .where('subject', '=', subject)
    .where('position', '>', positionAfter(after))
    .orderBy('position')
    .limit(count)
    .execute();
  return rows.map((row) => ({
    position: row.position,
    place: 0,
    answer: {
      at: instant(row.at),
      what: 'consent-withdrawn',
      block: blockOf(row.position),
      custodian: row.custodian,
      consent: row.consent,
      evidence: row.evidence,
      by: row.taken_by,
      reason: row.reason,
    },
  }));
}

async function actsOf(
  db: Kysely<Tables>,
  subject: string,
  after: After,
  count: number,
): Promise<Happening[]> {
  const rows = await db
    .selectFrom('subject_act')
    .selectAll()
    .where('subject', '=', subject)
    .where('position', '>', positionAfter(after))
    .orderBy('position')
    .limit(count)
    .execute();
  return rows.map((row) => ({
    position: row.position,
    place: 0,
    answer: {
      at: instant(row.at),
      what: row.act,
      block: blockOf(row.position),
      custodian: row.custodian,
      reference: row.reference,
      by: row.done_by,
      evidence: row.evidence,
      ...(JSON.parse(row.more) as AnswerRow),
    },
  }));
}

async function descriptorsOf(
  db: Kysely<Tables>,
  record: string,
  after: After,
  count: number,
): Promise<Happening[]> {
  const rows = await db
    .selectFrom('descriptor')
    .selectAll()
    .where('record', '=', record)
    .where('position', '>', positionAfter(after))
    .orderBy('position')
    .limit(count)
    .execute();
  return rows.map((row) => ({
    position: row.position,
    place: 0,
    answer: {
      at: instant(row.at),
      what: row.version === 1 ? 'record-registered' : 'record-changed',
      block: blockOf(row.position),
      custodian: row.custodian,
      record: row.record,
      version: row.version,
      status: row.status,
      subjects: JSON.parse(row.subjects) as string[],
      mediaType: row.media_type,
      facts: JSON.parse(row.facts) as AnswerRow,
      reason: row.reason,
    },
  }));
}

async function deliveriesOf(
  db: Kysely<Tables>,
  { subject, record }: { readonly subject?: string; readonly record?: string },
  after: After,
  count: number,
): Promise<Happening[]> {
  const rows = await db
    .selectFrom('delivery as l')
    .innerJoin('access_event as e', 'e.key_hash', 'l.event_hash')
    .select([
      'l.position',
      'l.at',
      'l.record',
      'l.bytes',
      'l.complete',
      'e.requester',
      'e.custodian',
      'e.event',
    ])
    .where('l.position', '>', positionAfter(after))
    .$if(record !== undefined, (query) => query.where('l.record', '=', record ?? ''))
    .$if(subject !== undefined, (query) =>
      query
        .innerJoin('access_subject as s', 's.position', 'e.position')
        .innerJoin('access_reason as w', (join) =>
          join.onRef('w.position', '=', 'e.position').onRef('w.record', '=', 'l.record'),
        )
        .where('s.subject', '=', subject ?? '')
        .where('w.subjects', 'like', `%"${subject ?? ''}"%`),
    )
    .orderBy('l.position')
    .limit(count)
    .execute();
  return rows.map((row) => ({
    position: row.position,
    place: 0,
    answer: {
      at: instant(row.at),
      what: 'delivery',
      block: blockOf(row.position),
      custodian: row.custodian,
      member: row.requester,
      record: row.record,
      bytes: row.bytes,
      complete: row.complete === 1,
      event: row.event,
    },
  }));
}

async function reviewsOf(
  db: Kysely<Tables>,
  { subject, record }: { readonly subject?: string; readonly record?: string },
  after: After,
  count: number,
): Promise<Happening[]> {
  const rows = await db
    .selectFrom('review as v')
    .innerJoin('access_event as e', 'e.key_hash', 'v.event_hash')
    .select([
      'v.position',
      'v.at',
      'v.finding',
      'v.reviewer',
      'v.reviewed_by',
      'e.custodian',
      'e.event',
      'e.requester',
    ])
    .where('v.position', '>', positionAfter(after))
    .$if(record !== undefined, (query) =>
      query.where('e.position', 'in', (from) =>
        from
          .selectFrom('access_record as r')
          .select('r.position')
          .where('r.record', '=', record ?? ''),
      ),
    )
    .$if(subject !== undefined, (query) =>
      query.where('e.position', 'in', (from) =>
        from
          .selectFrom('access_subject as s')
          .select('s.position')
          .where('s.subject', '=', subject ?? ''),
      ),
    )
    .orderBy('v.position')
    .limit(count)
    .execute();
  return rows.map((row) => ({
    position: row.position,
    place: 0,
    answer: {
      at: instant(row.at),
      what: 'emergency-review',
      block: blockOf(row.position),
      custodian: row.custodian,
      member: row.requester,
      reason: row.finding,
      user: row.reviewer,
      by: row.reviewed_by,
      event: row.event,
    },
  }));
}
