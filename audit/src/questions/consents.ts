import type { CompiledPolicy, PolicyInForce } from '@consent-ledger/chaincode/domain';
import { standings } from '@consent-ledger/chaincode/domain';
import { z } from '@consent-ledger/chaincode/wire';
import { sql, type Kysely } from 'kysely';
import { blockOf, startOfBlock } from '../projection/position.js';
import type { Tables } from '../projection/tables.js';
import { BadCursor, custodian, fhirId, subject } from './parameters.js';
import { instant, pageOf, question, type AnswerRow } from './question.js';

const DAY_MS = 86_400_000;

/** Where the ledger stood: after a block, at an instant. */
interface Moment {
  /** Positions before this one. */
  readonly end: number;
  /** Epoch milliseconds. */
  readonly at: number;
}

const asOf = z
  .string()
  .regex(/^(\d{1,9}|\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?)$/)
  .refine((text) => /^\d{1,9}$/.test(text) || !Number.isNaN(Date.parse(text)))
  .optional()
  .describe('a block such as 120, or an instant such as 2026-03-01T08:00:00Z; absent: now');

export const consents = question({
  name: 'consents',
  summary:
    'Consents in force at a block or at an instant; with `all`, those as well that were on file and not in force.',
  parameters: z.strictObject({
    subject,
    custodian,
    'as-of': asOf,
    all: z.enum(['true', 'false']).optional().describe('also what was not in force'),
  }),
  columns: [
    'subject',
    'consent',
    'version',
    'inForce',
    'base',
    'scope',
    'evidence',
    'filedAt',
    'until',
    'withdrawnAt',
  ],
  ask: async ({ db, now, limit, cursor }, { subject: of, custodian: whose, 'as-of': when, all }) => {
    const moment = await momentOf(db, when, now);
    const after = cursor === undefined ? undefined : readSubject(cursor);
    // Whole subjects, since one consent may supersede another.
    const people = await db
      .selectFrom('consent')
      .select('subject')
      .distinct()
      .where('position', '<', moment.end)
      .$if(of !== undefined, (query) => query.where('subject', '=', of ?? ''))
      .$if(whose !== undefined, (query) => query.where('custodian', '=', whose ?? ''))
      .$if(after !== undefined, (query) => query.where('subject', '>', after ?? ''))
      .orderBy('subject')
      .limit(limit + 1)
      .execute();
    const shown = people.slice(0, limit).map(({ subject: one }) => one);
    const last = shown.at(-1);
    const rows = await standingOf(db, shown, moment);
    return {
      rows: rows.filter((row) => all === 'true' || row['inForce'] === true),
      ...(people.length > limit && last !== undefined && { next: last }),
    };
  },
});

export const expiring = question({
  name: 'expiring',
  summary: 'Consents in force that end within so many days.',
  parameters: z.strictObject({
    subject,
    custodian,
    days: z
      .string()
      .regex(/^\d{1,5}$/)
      .transform(Number)
      .optional()
      .describe('within how many days; 30 of itself'),
  }),
  columns: ['until', 'custodian', 'subject', 'consent', 'version', 'base', 'scope'],
  ask: async ({ db, now, limit, cursor }, { subject: of, custodian: whose, days = 30 }) => {
    const after = cursor === undefined ? undefined : readEnd(cursor);
    const found = await db
      .selectFrom('consent as c')
      .select(['c.period_until', 'c.position', 'c.subject', 'c.consent'])
      .where('c.period_until', '>', now)
      .where('c.period_until', '<=', now + days * DAY_MS)
      .$if(of !== undefined, (query) => query.where('c.subject', '=', of ?? ''))
      .$if(whose !== undefined, (query) => query.where('c.custodian', '=', whose ?? ''))
      .$if(after !== undefined, (query) =>
        query.where(sql<boolean>`(c.period_until, c.position) > (${after?.[0] ?? 0}, ${after?.[1] ?? 0})`),
      )
      .orderBy('c.period_until')
      .orderBy('c.position')
      .limit(limit + 1)
      .execute();
    const page = pageOf(
      found,
      limit,
      (row) => `${row.period_until ?? 0}.${row.position}`,
      () => ({}),
    );
    const shown = found.slice(0, limit);
    const moment = { end: Number.MAX_SAFE_INTEGER, at: now };
    const standing = await standingOf(db, [...new Set(shown.map((row) => row.subject))], moment);
    const current = new Map(standing.map((row) => [row['position'], row]));
    return {
      ...page,
      rows: shown.flatMap(({ position }) => {
        const row = current.get(position);
        return row?.['inForce'] === true ? [row] : [];
      }),
    };
  },
});

/** How each subject's consents stood, by the evaluator's own rules. */
async function standingOf(
  db: Kysely<Tables>,
  subjects: readonly string[],
  { end, at }: Moment,
): Promise<AnswerRow[]> {
  if (subjects.length === 0) return [];
  const filed = await db
    .selectFrom('consent')
    .selectAll()
    .where('subject', 'in', subjects)
    .where('position', '<', end)
    .orderBy('subject')
    .orderBy('position')
    .execute();
  const withdrawn = await db
    .selectFrom('withdrawal')
    .select(['custodian', 'consent', 'at'])
    .where('subject', 'in', subjects)
    .where('position', '<', end)
    .execute();
  const withdrawnAt = new Map(withdrawn.map((one) => [`${one.custodian} ${one.consent}`, one.at]));
  const newest = new Map(filed.map((row) => [`${row.custodian} ${row.consent}`, row]));
  return subjects.flatMap((subjectId) => {
    const own = [...newest.values()].filter((row) => row.subject === subjectId);
    const held = own.map((row): PolicyInForce & { row: typeof row } => {
      const since = withdrawnAt.get(`${row.custodian} ${row.consent}`);
      return {
        row,
        policy: JSON.parse(row.policy ?? '{}') as CompiledPolicy,
        evidence: row.evidence as PolicyInForce['evidence'],
        version: row.version,
        ...(since !== undefined && { withdrawnAt: since }),
      };
    });
    const byRow = new Map(
      standings(
        held.filter(({ row }) => row.policy !== null),
        at,
      ).map((one) => [one.held, one]),
    );
    return held.map((one) => consentAnswer(one, byRow.get(one)));
  });
}

function consentAnswer(
  { row, policy, withdrawnAt }: PolicyInForce & { row: Tables['consent'] },
  standing: ReturnType<typeof standings>[number] | undefined,
): AnswerRow {
  return {
    custodian: row.custodian,
    subject: row.subject,
    consent: row.consent,
    version: row.version,
    inForce: standing?.inForce ?? false,
    superseded: standing?.superseded ?? false,
    base: policy.base,
    scope: policy.scope,
    status: policy.status,
    evidence: row.evidence,
    filedAt: instant(row.filed_at),
    filedBy: row.filed_by,
    block: blockOf(row.position),
    position: row.position,
    until: row.period_until === null ? null : instant(row.period_until),
    withdrawnAt: withdrawnAt === undefined ? null : instant(withdrawnAt),
  };
}

/** A block's own time is that of its latest transaction. */
async function momentOf(db: Kysely<Tables>, asked: string | undefined, now: number): Promise<Moment> {
  if (asked === undefined) return { end: Number.MAX_SAFE_INTEGER, at: now };
  if (/^\d{1,9}$/.test(asked)) {
    const row = await db
      .selectFrom('block')
      .select((eb) => eb.fn.max('at').as('at'))
      .where('number', '<=', Number(asked))
      .executeTakeFirst();
    return { end: startOfBlock(Number(asked) + 1), at: row?.at ?? 0 };
  }
  const at = Date.parse(asked);
  const row = await db
    .selectFrom('block')
    .select((eb) => eb.fn.max('number').as('number'))
    .where('at', '<=', at)
    .where('at', '>', 0)
    .executeTakeFirst();
  return { end: startOfBlock((row?.number ?? -1) + 1), at };
}

function readSubject(cursor: string): string {
  const parsed = fhirId.safeParse(cursor);
  if (!parsed.success) throw new BadCursor();
  return parsed.data;
}

function readEnd(cursor: string): readonly [number, number] {
  const [, end, position] = /^(\d{1,16})\.(\d{1,16})$/.exec(cursor) ?? [];
  if (end === undefined || position === undefined) throw new BadCursor();
  return [Number(end), Number(position)];
}
