import path from 'node:path';
import { openProjection, questionNamed, type ProjectionStore } from '@consent-ledger/audit';
import { quantile } from '../statistics.js';
import { blockOfAccesses, subjectName, type Population } from './made-rows.js';
import type { Part } from './part.js';

const EVENTS_PER_BLOCK = 100;
const SAMPLES = 400;
/** Of what takes a second each. */
const SCANS = 5;

/** A subject's history and its accounting of disclosures among all those of others; beside it, a log table without an index. */
export const questions: Part = {
  name: 'questions',
  measure: async ({ folder, say, events }) => {
    say(`writing ${events} accesses`);
    const store = await openProjection(path.join(folder, 'million.db'));
    try {
      const population: Population = { subjects: Math.ceil(events / 50), recordsEach: 3 };
      await fill(store, population, events);
      say('asking');
      const history = quantiles(await timed(store, 'subject', population));
      const disclosures = quantiles(await timed(store, 'disclosures', population));
      const scan = quantiles(await scanned(store, population));
      const ratio = (scan[0] ?? NaN) / (history[0] ?? NaN);
      return {
        lines: [
          { what: `a subject's history among ${events} accesses`, figures: history, unit: 'ms' },
          { what: `six years of a subject's disclosures among ${events}`, figures: disclosures, unit: 'ms' },
          { what: 'the accesses alone, by SQL without an index', figures: scan, unit: 'ms' },
          { what: 'a history against that', figures: [ratio], unit: 'times faster' },
        ],
        bars: [
          { name: "subject's history, p95", figure: history[1] ?? NaN, unit: 'ms', at: 'most', bound: 100 },
          { name: 'disclosures, p95', figure: disclosures[1] ?? NaN, unit: 'ms', at: 'most', bound: 100 },
        ],
        figures: { history, disclosures, scan, events },
      };
    } finally {
      await store.close();
    }
  },
};

function quantiles(samples: readonly number[]): number[] {
  return [0.5, 0.95, 0.99].map((q) => quantile(samples, q));
}

/** Puts accesses into the tables as if they had been folded, over six years. */
export async function fill(store: ProjectionStore, population: Population, events: number): Promise<void> {
  const blocks = events / EVENTS_PER_BLOCK;
  const now = Date.now();
  const step = { ledger: 'made', collections: [], passedOver: [], hash: '' };
  const AT_ONCE = 50;
  for (let block = 0; block < blocks; block += AT_ONCE) {
    const count = Math.min(AT_ONCE, blocks - block);
    const changes = blockOfAccesses(block, EVENTS_PER_BLOCK, population, now, blocks);
    for (let n = 1; n < count; n += 1)
      changes.merge(blockOfAccesses(block + n, EVENTS_PER_BLOCK, population, now, blocks));
    await store.write(changes, { ...step, from: block, height: block + count });
  }
}

/** The subject of one sample; no two are the same. */
function sampled(n: number, { subjects }: Population): string {
  return subjectName((n * 104_729) % subjects);
}

/** Milliseconds of whole answers, each about another subject. */
async function timed(store: ProjectionStore, name: string, population: Population): Promise<number[]> {
  const question = questionNamed(name);
  if (question === undefined) throw new RangeError(`no question ${name}`);
  const samples: number[] = [];
  for (let n = 0; n < SAMPLES; n += 1) {
    const subject = sampled(n, population);
    const asked = performance.now();
    const { rows } = await question.ask({ db: store.db, now: Date.now(), limit: 500 }, { subject });
    samples.push(performance.now() - asked);
    if (rows.length < 40) throw new Error(`${rows.length} rows about a subject with about fifty accesses`);
  }
  return samples;
}

/** What a table of accesses in a log answers, that has whom an access was about as text. */
async function scanned({ db }: ProjectionStore, population: Population): Promise<number[]> {
  const samples: number[] = [];
  for (let n = 0; n < SCANS; n += 1) {
    const subject = JSON.stringify([sampled(n, population)]);
    const asked = performance.now();
    const rows = await db.selectFrom('access_reason').selectAll().where('subjects', '=', subject).execute();
    samples.push(performance.now() - asked);
    if (rows.length < 40) throw new Error(`${rows.length} rows about a subject with about fifty accesses`);
  }
  return samples;
}
