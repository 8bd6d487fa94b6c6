import { sql, type Kysely, type SelectQueryBuilder } from 'kysely';
import { blockOf } from '../projection/position.js';
import type { Tables } from '../projection/tables.js';
import { instant, type AnswerRow } from './question.js';

/** Which accesses; what is absent narrows nothing. */
export interface AccessFilter {
  readonly subject?: string | undefined;
  readonly record?: string | undefined;
  /** MSP ids. */
  readonly member?: string | undefined;
  readonly custodian?: string | undefined;
  readonly user?: string | undefined;
  readonly outcome?: 'permit' | 'deny' | undefined;
  readonly purpose?: string | undefined;
  readonly emergency?: 'true' | 'false' | undefined;
  /** Epoch milliseconds: from, and before. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Consent that spoke, by its id. */
  readonly consent?: string | undefined;
  /** Permitted, and no receipt says that all of it came. */
  readonly isUndelivered?: boolean;
  /** Its review was due before, and there is none; epoch milliseconds. */
  readonly reviewDueBefore?: number;
}

/** What was decided on one record of one request. What comes from details is null where these are purged or pending. */
export interface AccessRow {
  readonly position: number;
  readonly place: number;
  readonly record: string;
  readonly outcome: string;
  readonly code: string;
  readonly released: number | null;
  readonly review_by: number | null;
  readonly at: number;
  readonly custodian: string;
  readonly requester: string;
  readonly transaction_id: string;
  readonly event: string;
  readonly user_id: string | null;
  readonly roles: string | null;
  readonly purposes: string | null;
  readonly emergency: string | null;
  readonly legal_basis: string | null;
  readonly reason: string | null;
  readonly exception: string | null;
  readonly basis: string | null;
  readonly subjects: string | null;
  readonly delivered_at: number | null;
  readonly delivered_whole: number | null;
}

/**
 * Accesses in the order of the history, after that place.
 * @param limit at most so many
 */
export function accessRows(
  db: Kysely<Tables>,
  filter: AccessFilter,
  after: readonly [number, number] | undefined,
  limit: number,
): Promise<AccessRow[]> {
  return narrowed(accesses(db), filter)
    .$if(after !== undefined, (query) => query.where(isAfter(after ?? [0, 0])))
    .orderBy('r.position')
    .orderBy('r.place')
    .limit(limit)
    .execute();
}

/** A row comparison, which both databases answer from the index. */
function isAfter([position, place]: readonly [number, number]) {
  return sql<boolean>`(r.position, r.place) > (${position}, ${place})`;
}

function accesses(db: Kysely<Tables>) {
  return db
    .selectFrom('access_record as r')
    .innerJoin('access_event as e', 'e.position', 'r.position')
    .leftJoin('access_detail as d', 'd.position', 'r.position')
    .leftJoin('access_reason as w', (join) =>
      join.onRef('w.position', '=', 'r.position').onRef('w.place', '=', 'r.place'),
    )
    .leftJoin('delivery as l', (join) =>
      join.onRef('l.event_hash', '=', 'e.key_hash').onRef('l.record', '=', 'r.record'),
    )
    .select([
      'r.position',
      'r.place',
      'r.record',
      'r.outcome',
      'r.code',
      'r.released',
      'r.review_by',
      'e.at',
      'e.custodian',
      'e.requester',
      'e.transaction_id',
      'e.event',
      'd.user_id',
      'd.roles',
      'd.purposes',
      'd.emergency',
      'd.legal_basis',
      'w.reason',
      'w.exception',
      'w.basis',
      'w.subjects',
      'l.at as delivered_at',
      'l.complete as delivered_whole',
    ]);
}

type Accesses = ReturnType<typeof accesses>;
type Narrowing =
  Accesses extends SelectQueryBuilder<infer DB, infer TB, infer O> ? SelectQueryBuilder<DB, TB, O> : never;

function narrowed(query: Narrowing, filter: AccessFilter): Narrowing {
  const { subject, record, member, custodian, user, outcome, purpose, emergency, since, until, consent } =
    filter;
  let narrow = query;
  if (subject !== undefined) {
    narrow = narrow.where(
      sql<boolean>`r.position IN (SELECT s.position FROM access_subject s WHERE s.subject = ${subject})`,
    );
    // Of several records of one request only those that are about the subject.
    narrow = narrow.where('w.subjects', 'like', `%"${subject}"%`);
  }
  if (record !== undefined) narrow = narrow.where('r.record', '=', record);
  if (member !== undefined) narrow = narrow.where('e.requester', '=', member);
  if (custodian !== undefined) narrow = narrow.where('e.custodian', '=', custodian);
  if (user !== undefined) narrow = narrow.where('d.user_id', '=', user);
  if (outcome !== undefined) narrow = narrow.where('r.outcome', '=', outcome);
  if (purpose !== undefined) narrow = narrow.where('d.purposes', 'like', `%${JSON.stringify(purpose)}%`);
  if (emergency !== undefined)
    narrow = narrow.where('d.emergency', emergency === 'true' ? 'is not' : 'is', null);
  if (since !== undefined) narrow = narrow.where('e.at', '>=', since);
  if (until !== undefined) narrow = narrow.where('e.at', '<', until);
  if (consent !== undefined)
    narrow = narrow.where('w.basis', 'like', `%"consent":${JSON.stringify(consent)}%`);
  if (filter.isUndelivered === true)
    narrow = narrow
      .where('r.outcome', '=', 'permit')
      .where((eb) => eb.or([eb('d.is_search', 'is', null), eb('d.is_search', '=', 0)]))
      .where((eb) => eb.or([eb('l.complete', 'is', null), eb('l.complete', '=', 0)]));
  if (filter.reviewDueBefore !== undefined)
    narrow = narrow
      .where('r.outcome', '=', 'permit')
      .where('r.review_by', '<', filter.reviewDueBefore)
      .where(sql<boolean>`NOT EXISTS (SELECT 1 FROM review v WHERE v.event_hash = e.key_hash)`);
  return narrow;
}

export function cursorOf({ position, place }: AccessRow): string {
  return `${position}.${place}`;
}

/** For an answer. What is not known, because details were purged or are pending, is null. */
export function accessAnswer(row: AccessRow): AnswerRow {
  return {
    at: instant(row.at),
    block: blockOf(row.position),
    custodian: row.custodian,
    member: row.requester,
    user: row.user_id,
    roles: listOf(row.roles),
    purposes: listOf(row.purposes),
    record: row.record,
    version: row.released,
    subjects: listOf(row.subjects),
    outcome: row.outcome,
    reason: row.reason ?? row.code,
    exception: row.exception,
    consents: consentsOf(row.basis),
    emergency: row.emergency,
    legalBasis: row.legal_basis,
    reviewBy: row.review_by === null ? null : instant(row.review_by),
    delivered: row.delivered_at === null ? null : instant(row.delivered_at),
    complete: row.delivered_whole === null ? null : row.delivered_whole === 1,
    transaction: row.transaction_id,
    event: row.event,
  };
}

export function listOf(json: string | null): string[] | null {
  return json === null ? null : (JSON.parse(json) as string[]);
}

/** Consents that spoke, as `id/version`. */
function consentsOf(basis: string | null): string[] | null {
  if (basis === null) return null;
  const entries = JSON.parse(basis) as { consent: string; version: number; outcome: string }[];
  return entries
    .filter(({ outcome }) => outcome !== 'nothing')
    .map(({ consent, version }) => `${consent}/${version}`);
}
