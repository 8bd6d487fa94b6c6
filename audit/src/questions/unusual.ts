import { tmpdir } from 'node:os';
import { z } from '@consent-ledger/chaincode/wire';
import type { Kysely } from 'kysely';
import type { Tables } from '../projection/tables.js';
import type { UnusualVisit } from '../unusual/analysis.js';
import { DAY_MS, periodOf } from '../unusual/period.js';
import { UnusualAnalyses } from '../unusual/unusual-analyses.js';
import { BadCursor, custodian, member, since, until } from './parameters.js';
import { instant, question, type AnswerRow, type Asking, type Page } from './question.js';

const DAYS = 30;
/** Of a hundred that are listed, so many may be nothing. */
const RATE = 0.1;

/** Where a page ended, of an analysis of which days up to which block: so that the next page is of the same one. */
interface Place {
  readonly height: number;
  readonly since: number;
  readonly until: number;
  readonly after: number;
}

export const unusual = question({
  name: 'unusual',
  summary:
    'Unusual access: visits (one user, one subject, one day) in which more comes together than chance explains, the most unusual first, with reasons and baselines in words.',
  parameters: z.strictObject({
    member,
    custodian,
    since: since.describe('from this day on; 30 days before the end of itself'),
    until: until.describe('before this day; now of itself'),
    rate: z
      .string()
      .regex(/^(0\.\d{1,3}|1)$/, 'must be a share such as 0.1')
      .transform(Number)
      .optional()
      .describe('share of what is listed that may be nothing unusual (false discovery rate); 0.1 of itself'),
    all: z
      .enum(['true', 'false'])
      .optional()
      .describe('go on with what is beyond that rate, down to the most usual'),
  }),
  columns: [
    'place',
    'day',
    'member',
    'user',
    'custodian',
    'subject',
    'score',
    'rate',
    'reasons',
    'finding',
    'event',
  ],
  ask: async (asking, { member: of, custodian: whose, since: from, until: to, rate = RATE, all }) => {
    const place = asking.cursor === undefined ? await start(asking, from, to) : readPlace(asking.cursor);
    const asked = {
      db: asking.db,
      height: place.height,
      period: periodOf(place.since * DAY_MS, place.until * DAY_MS),
      member: of,
      custodian: whose,
    };
    return withAnalyses(asking, (analyses) =>
      analyses.use(asked, async (analysis): Promise<Page> => {
        const isAll = all === 'true';
        const found = await analysis.visits(place.after, asking.limit + 1, isAll ? 1 : rate);
        const shown = found.slice(0, asking.limit);
        const last = shown.at(-1);
        const { visits, notJudged, knownFrom } = analysis.summary;
        return {
          rows: shown.map((visit) => rowOf(visit, rate)),
          ...(found.length > shown.length && last !== undefined && { next: cursorOf(place, last.place) }),
          about: {
            visits,
            notJudged,
            from: instant(place.since * DAY_MS),
            until: instant(place.until * DAY_MS),
            knownFrom: knownFrom === null ? null : instant(knownFrom),
            rate,
            blocks: place.height,
          },
        };
      }),
    );
  },
});

async function withAnalyses<Result>(
  { unusual: kept }: Asking,
  work: (analyses: UnusualAnalyses) => Promise<Result>,
): Promise<Result> {
  if (kept !== undefined) return work(kept);
  const analyses = new UnusualAnalyses({ folder: tmpdir(), findings: () => [] });
  try {
    return await work(analyses);
  } finally {
    await analyses.close();
  }
}

async function start({ db, now }: Asking, from: number | undefined, to: number | undefined): Promise<Place> {
  const end = to ?? now;
  const { since: first, until: last } = periodOf(from ?? end - DAYS * DAY_MS, end);
  return { height: await heightOf(db), since: first, until: last, after: 0 };
}

async function heightOf(db: Kysely<Tables>): Promise<number> {
  return (await db.selectFrom('checkpoint').select('height').executeTakeFirstOrThrow()).height;
}

function cursorOf({ height, since: first, until: last }: Place, after: number): string {
  return [height, first, last, after].join('.');
}

function readPlace(cursor: string): Place {
  const parts = /^(\d{1,9})\.(-?\d{1,7})\.(-?\d{1,7})\.(\d{1,9})$/.exec(cursor)?.slice(1).map(Number) ?? [];
  const [height, first, last, after] = parts;
  if (height === undefined || first === undefined || last === undefined || after === undefined)
    throw new BadCursor();
  return { height, since: first, until: last, after };
}

function rowOf(visit: UnusualVisit, rate: number): AnswerRow {
  const { place, at, member: of, user, peers, custodian: whose, subject, requests, denied } = visit;
  return {
    place,
    isListed: visit.rate <= rate,
    day: instant(at).slice(0, 10),
    at: instant(at),
    ...{ member: of, user, peers, custodian: whose, subject, requests, denied },
    score: Math.round(visit.score * 10) / 10,
    chance: Number(visit.chance.toPrecision(3)),
    rate: Number(visit.rate.toPrecision(3)),
    weight: Number(visit.weight.toPrecision(3)),
    reasons: visit.reasons.map(({ words }) => words).join('. '),
    terms: visit.reasons.map(({ term, chance }) => ({ term, chance: Number(chance.toPrecision(3)) })),
    finding: visit.finding,
    block: visit.block,
    event: visit.event,
  };
}
