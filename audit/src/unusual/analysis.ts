import type { Kysely } from 'kysely';
import { blockOf } from '../projection/position.js';
import type { Tables } from '../projection/tables.js';
import { countBaselines } from './baselines.js';
import { loadFamilies } from './families.js';
import { loadFindings, type AccessFinding } from './findings.js';
import { gather } from './gather.js';
import { DAY_MS, type Period } from './period.js';
import { rank } from './rank.js';
import { scoreAll, type Judging } from './score.js';
import { chanceOf, EIGHTHS } from './tails.js';
import { judge, TERMS, type Term } from './terms.js';
import { factsOf } from './visit-facts.js';
import { WorkFile } from './work-file.js';

export interface AnalysisOptions {
  readonly db: Kysely<Tables>;
  /** Accesses of blocks before this one. */
  readonly height: number;
  readonly period: Period;
  /** MSP ids: only visits of this member, or of this custodian's subjects, are judged; baselines are of all. */
  readonly member?: string | undefined;
  readonly custodian?: string | undefined;
  /** A file as `families.ts` has it. */
  readonly families?: string | undefined;
  readonly findings: readonly AccessFinding[];
  /** Folder for the work file. */
  readonly folder: string;
}

/** A visit (one user, one subject, one day) as it is listed. */
export interface UnusualVisit {
  readonly place: number;
  /** Key of its first access event. */
  readonly event: string;
  readonly block: number;
  readonly position: number;
  readonly at: number;
  readonly member: string;
  readonly user: string;
  readonly peers: string;
  readonly custodian: string;
  readonly subject: string;
  readonly requests: number;
  readonly denied: number;
  /** Bits of surprise: 10 is one in about a thousand. */
  readonly score: number;
  /** Probability that so much comes together by chance. */
  readonly chance: number;
  /** False discovery rate at which the list would just reach it. */
  readonly rate: number;
  /** What reviews made of it: 0 found to belong together, below 1 less, above 1 more. */
  readonly weight: number;
  readonly finding: 'justified' | 'not-justified' | null;
  /** Those that speak, the most surprising first. */
  readonly reasons: readonly { readonly term: Term; readonly chance: number; readonly words: string }[];
}

/** What was looked at. */
export interface AnalysisSummary {
  readonly visits: number;
  /** Accesses that nobody can judge: who asked was purged, or is pending. */
  readonly notJudged: number;
  /** First day of what is known of users, and first day of which there is anything, as epoch milliseconds; null where there is nothing. */
  readonly knownFrom: number | null;
}

/** A finished analysis. Its rows are in a file; close it. */
export class Analysis {
  private constructor(
    private readonly options: AnalysisOptions,
    private readonly file: WorkFile,
    private readonly judging: Judging | undefined,
    readonly summary: AnalysisSummary,
  ) {}

  /** @throws FamiliesMalformed, ProjectionUnavailable */
  static async make(options: AnalysisOptions): Promise<Analysis> {
    const file = await WorkFile.make(options.folder);
    try {
      return await Analysis.#in(file, options);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  static async #in(file: WorkFile, options: AnalysisOptions): Promise<Analysis> {
    const { db, period, height, families, findings } = options;
    const [from, until] = [period.from * DAY_MS, period.until * DAY_MS];
    await loadFamilies(file, families);
    const notJudged = await gather(db, file, { from, until, height });
    const { first } = await file.one<{ first: number | null }>('SELECT MIN(at) AS first FROM touch');
    const known = { notJudged, knownFrom: first };
    if (first === null) return new Analysis(options, file, undefined, { visits: 0, ...known });
    await countBaselines(file, period);
    await loadFindings(db, file, findings);
    await file.run(
      `CREATE TABLE examined AS SELECT v.id AS visit FROM visit v JOIN actor a ON a.id = v.actor JOIN person p ON p.id = v.person
       WHERE (v.day >= ?1 AND v.day < ?2 AND (?3 IS NULL OR a.member = ?3) AND (?4 IS NULL OR p.custodian = ?4))
         OR (v.day >= ?5 AND v.day < ?1 AND v.id IN (SELECT visit FROM found))`,
      [period.since, period.until, options.member ?? null, options.custodian ?? null, period.shares],
    );
    await file.run('CREATE UNIQUE INDEX examined_by_visit ON examined (visit)');
    const judging = await scoreAll(file, period);
    return new Analysis(options, file, judging, { visits: await rank(file), ...known });
  }

  /**
   * Listed visits after that place, the most unusual first.
   * @param rate only those that a list at this false discovery rate reaches; 1: all
   */
  async visits(after: number, limit: number, rate: number): Promise<UnusualVisit[]> {
    const { judging, file, options } = this;
    if (judging === undefined) return [];
    const ranked = await file.all<Ranked>(
      `SELECT r.*, s.sum, ${TERMS.map((term) => `s.${term}`).join(', ')}, f.justified FROM ranking r JOIN score s ON s.visit = r.visit
       LEFT JOIN found f ON f.visit = r.visit WHERE r.place > ?1 AND r.rate <= ?3 ORDER BY r.place LIMIT ?2`,
      [after, limit, rate],
    );
    const facts = new Map(
      (
        await factsOf(
          file,
          ranked.map(({ visit }) => visit),
        )
      ).map((visit) => [visit.id, visit]),
    );
    await judging.hours.load(file, [...facts.values()]);
    const events = await eventsAt(
      options.db,
      [...facts.values()].map(({ position }) => position),
    );
    return ranked.flatMap((row) => {
      const visit = facts.get(row.visit);
      if (visit === undefined) return [];
      const judged = judge(visit, judging.all, judging.hours);
      const { at, position, member, user, peers_name: peers, custodian, subject, requests, denied } = visit;
      return [
        {
          place: row.place,
          event: events.get(position) ?? '',
          block: blockOf(position),
          ...{ position, at, member, user, peers, custodian, subject, requests, denied },
          score: row.sum / EIGHTHS,
          chance: row.p,
          rate: row.rate,
          weight: row.weight,
          finding: row.justified === null ? null : row.justified === 1 ? 'justified' : 'not-justified',
          reasons: TERMS.flatMap((term) =>
            // What happens every second time is no reason.
            row[term] <= EIGHTHS ? [] : [{ term, chance: chanceOf(row[term]), words: judged[term].words }],
          ).sort((a, b) => a.chance - b.chance),
        },
      ];
    });
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

type Ranked = Readonly<Record<Term, number>> & {
  readonly place: number;
  readonly visit: number;
  readonly p: number;
  readonly weight: number;
  readonly rate: number;
  readonly sum: number;
  readonly justified: number | null;
};

async function eventsAt(
  db: Kysely<Tables>,
  positions: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  if (positions.length === 0) return new Map();
  const rows = await db
    .selectFrom('access_event')
    .select(['position', 'event'])
    .where('position', 'in', positions)
    .execute();
  return new Map(rows.map(({ position, event }) => [position, event]));
}
