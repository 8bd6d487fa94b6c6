import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  cellText,
  openProjection,
  questionNamed,
  UnusualAnalyses,
  type AnswerRow,
} from '@consent-ledger/audit';
import { KINDS, type Kind } from './made-misuse.js';
import { dateOf, fillYear, visitKey, type MadeYear } from './made-year.js';
import { isWeekend } from './made-work.js';
import type { Line, Part } from './part.js';

const SEEDS = [1, 2, 3, 4, 5];
const RATE = 0.1;
const START = Date.parse('2026-01-05T00:00:00.000Z');
const DAYS = 210;
const EXAMINED = 30;
const WARDS = 20;

/** One way of listing, and what it found. */
interface Listed {
  readonly listed: number;
  readonly right: number;
  readonly found: ReadonlyMap<Kind, number>;
}

/** Planted misuse found again among a hospital's ordinary days; beside it the lists that an auditor would make without it. */
export const unusual: Part = {
  name: 'unusual',
  measure: async ({ folder, say }) => {
    const runs: Run[] = [];
    for (const seed of SEEDS) {
      say(`seed ${seed}`);
      runs.push(await run(path.join(folder, `seed-${seed}`), seed));
    }
    const mean = (of: (one: (typeof runs)[number]) => number): number =>
      runs.reduce((sum, one) => sum + of(one), 0) / runs.length;
    const falseRate = mean(({ ours }) => (ours.listed === 0 ? 0 : 1 - ours.right / ours.listed));
    const recalls = KINDS.map((kind) => {
      const planted = runs.reduce((sum, one) => sum + (one.planted.get(kind) ?? 0), 0);
      const by = (which: 'ours' | 'rule' | 'volume'): number =>
        runs.reduce((sum, one) => sum + (one[which].found.get(kind) ?? 0), 0) / planted;
      return { kind, planted, ours: by('ours'), rule: by('rule'), volume: by('volume') };
    });
    const precision = (which: 'ours' | 'rule' | 'volume'): number =>
      mean((one) => one[which].right / Math.max(1, one[which].listed));
    const recall = (which: 'ours' | 'rule' | 'volume'): number =>
      mean((one) => one[which].right / [...one.planted.values()].reduce((sum, n) => sum + n, 0));
    const lines: Line[] = [
      {
        what: 'accesses a second judged, baselines included',
        figures: [mean((one) => one.accesses / one.seconds)],
        unit: '/s',
      },
      ...(['ours', 'rule', 'volume'] as const).flatMap((which) => [
        { what: `${NAMES[which]}: visits listed`, figures: [mean((one) => one[which].listed)], unit: '' },
        { what: `${NAMES[which]}: precision`, figures: [precision(which)], unit: '' },
        { what: `${NAMES[which]}: recall`, figures: [recall(which)], unit: '' },
      ]),
      ...recalls.map(({ kind, ours }) => ({ what: `recall, ${kind}`, figures: [ours], unit: '' })),
      { what: 'listed where nothing is wrong', figures: [mean(({ clean }) => clean)], unit: 'visits' },
    ];
    return {
      lines,
      bars: [
        {
          name: `share of what is listed that is ordinary, stated ${RATE}`,
          figure: falseRate,
          unit: '',
          at: 'most',
          bound: RATE,
        },
        {
          name: 'precision against the rule',
          figure: precision('ours') / precision('rule'),
          unit: 'times',
          at: 'least',
          bound: 1,
        },
      ],
      figures: {
        seeds: SEEDS,
        rate: RATE,
        falseRate,
        recalls,
        precision: { ours: precision('ours'), rule: precision('rule'), volume: precision('volume') },
      },
    };
  },
};

const NAMES = {
  ours: 'unusual access',
  rule: 'first contact out of hours',
  volume: 'users with most subjects in a day',
};

type Run = Awaited<ReturnType<typeof run>>;

async function run(folder: string, seed: number) {
  await mkdir(folder);
  const { made, rows, seconds } = await listed(folder, seed, false);
  const from = DAYS - EXAMINED;
  const inPeriod = new Set(Array.from({ length: EXAMINED }, (_, n) => dateOf(START, from + n)));
  const planted = new Map([...made.planted].filter(([key]) => inPeriod.has(key.split(' ')[2] ?? '')));
  const counts = new Map<Kind, number>();
  for (const kind of planted.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const judge = (keys: readonly string[]): Listed => {
    const found = new Map<Kind, number>();
    for (const key of keys) {
      const kind = planted.get(key);
      if (kind !== undefined) found.set(kind, (found.get(kind) ?? 0) + 1);
    }
    return { listed: keys.length, right: [...found.values()].reduce((sum, n) => sum + n, 0), found };
  };
  const own = rows.map(keyOf);
  return {
    planted: counts,
    accesses: made.accesses,
    seconds,
    ours: judge(own),
    rule: judge(outOfHours(made, from)),
    volume: judge(mostSubjects(made, from, own.length)),
    clean: (await listed(path.join(folder, 'clean'), seed, true)).rows.length,
  };
}

function keyOf(row: AnswerRow): string {
  return visitKey(cellText(row['user']), cellText(row['subject']), cellText(row['day']));
}

async function listed(
  folder: string,
  seed: number,
  isClean: boolean,
): Promise<{ made: MadeYear; rows: readonly AnswerRow[]; seconds: number }> {
  const store = await openProjection(path.join(folder, 'made.db'));
  const question = questionNamed('unusual');
  if (question === undefined) throw new RangeError('no question unusual');
  const families = path.join(folder, 'families.csv');
  const analyses = new UnusualAnalyses({ folder, families, findings: () => [] });
  try {
    const made = await fillYear(store, { seed, wards: WARDS, days: DAYS, start: START, isClean });
    await writeFile(families, made.families);
    const started = performance.now();
    const now = START + DAYS * 86_400_000;
    const { rows } = await question.ask(
      { db: store.db, now, limit: 10_000, unusual: analyses },
      { rate: RATE },
    );
    return { made, rows, seconds: (performance.now() - started) / 1_000 };
  } finally {
    await analyses.close();
    await store.close();
  }
}

/** Each first contact of a user with a subject at night or at a weekend. */
function outOfHours({ looks }: MadeYear, from: number): string[] {
  const seen = new Set<string>();
  const keys: string[] = [];
  for (const { worker, patient, day, hour } of looks) {
    const pair = `${worker.user} ${patient.subject}`;
    const isFirst = !seen.has(pair);
    seen.add(pair);
    if (isFirst && day >= from && (hour < 7 || hour >= 19 || isWeekend(day)))
      keys.push(visitKey(worker.user, patient.subject, dateOf(START, day)));
  }
  return keys;
}

/** The busiest users' days, until there are as many visits as in the other list. */
function mostSubjects({ looks }: MadeYear, from: number, length: number): string[] {
  const days = new Map<string, Set<string>>();
  for (const { worker, patient, day } of looks) {
    if (day < from) continue;
    const of = `${worker.user} ${day}`;
    const keys = days.get(of) ?? new Set();
    keys.add(visitKey(worker.user, patient.subject, dateOf(START, day)));
    days.set(of, keys);
  }
  return [...days.values()]
    .sort((a, b) => b.size - a.size)
    .flatMap((keys) => [...keys])
    .slice(0, length);
}
