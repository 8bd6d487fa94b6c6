import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { follow, openProjection, questionNamed, type ProjectionStore } from '@consent-ledger/audit';
import type { peer } from '@hyperledger/fabric-protos';
import { MadeChain } from './audit/made-chain.js';
import { MADE_COLLECTIONS, MadeHistory } from './audit/made-history.js';
import { blockOfAccesses, subjectName, type Population } from './audit/made-rows.js';
import { report, shown } from './report.js';
import { quantile } from './statistics.js';

/*
 * npm run bench:audit: how fast blocks come into the auditor's read model, and how fast a subject's history and a report of disclosures
 * come out of it among a million accesses. SQLite; docs/benchmarks.md says what is measured.
 */

const { values } = parseArgs({
  options: { folded: { type: 'string', default: '30000' }, events: { type: 'string', default: '1000000' } },
});
const FOLDED = Number(values.folded);
const EVENTS = Number(values.events);

const EVENTS_PER_BLOCK = 100;
const SAMPLES = 400;
const PEOPLE = 200;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const folder = await mkdtemp(path.join(tmpdir(), 'consent-ledger-bench-'));
try {
  process.exitCode = await bench();
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function bench(): Promise<number> {
  const rate = await projectionRate();
  const { history, disclosures, filled } = await questions();
  const milliseconds = (samples: readonly number[]) => [0.5, 0.95, 0.99].map((q) => quantile(samples, q));
  const [histories, reports] = [milliseconds(history), milliseconds(disclosures)];
  return report(
    'audit',
    [
      ['figure', 'median', 'p95', 'p99', ''],
      [`a subject's history among ${EVENTS} accesses`, ...histories.map(shown), 'ms'],
      [`six years of a subject's disclosures among ${EVENTS}`, ...reports.map(shown), 'ms'],
      ['blocks folded into SQLite', shown(rate), '', '', 'access events/s'],
      ['rows written into SQLite', shown(filled), '', '', 'access events/s'],
    ],
    [
      { name: 'projection rate', figure: rate, unit: 'access events/s', at: 'least', bound: 5_000 },
      { name: "subject's history, p95", figure: histories[1] ?? NaN, unit: 'ms', at: 'most', bound: 100 },
      { name: 'disclosures, p95', figure: reports[1] ?? NaN, unit: 'ms', at: 'most', bound: 100 },
    ],
    { rate, histories, reports, filled, events: EVENTS, folded: FOLDED },
  );
}

/** Real blocks with real decisions, from their bytes into the database. */
async function projectionRate(): Promise<number> {
  say(`making ${FOLDED} accesses`);
  const { ledger, blocks } = await madeBlocks();
  const store = await openProjection(path.join(folder, 'folded.db'));
  const started = performance.now();
  await follow({
    store,
    source: {
      async *blocks(from, end) {
        for (const block of blocks.slice(from, end)) yield await Promise.resolve(block);
      },
    },
    ledger,
    chaincode: 'consent-ledger',
    collections: MADE_COLLECTIONS,
    end: blocks.length,
    signal: new AbortController().signal,
  });
  const seconds = (performance.now() - started) / 1_000;
  const { count } = await store.db
    .selectFrom('access_event')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  await store.close();
  if (count !== FOLDED) throw new Error(`${count} access events were folded of ${FOLDED}`);
  return FOLDED / seconds;
}

async function madeBlocks(): Promise<{ ledger: string; blocks: peer.BlockAndPrivateData[] }> {
  const chain = new MadeChain();
  const made = new MadeHistory();
  const blocks = [chain.block([])];
  made.ledgerId = chain.ledgerId;
  const at = (): number => Date.parse('2026-03-01T08:00:00.000Z') + blocks.length * 1_000;
  blocks.push(chain.block([made.founding(at())]));
  const people = Array.from({ length: PEOPLE }, (_, n) => made.person(at(), `subject-${n}`, [`record-${n}`]));
  blocks.push(chain.block(people));
  for (let done = 0; done < FOLDED; done += EVENTS_PER_BLOCK) {
    const requests = Array.from({ length: EVENTS_PER_BLOCK }, (_, n) => ({
      user: 'practitioner-0000001',
      records: [`record-${(done + n) % PEOPLE}`],
      jti: String(done + n).padStart(22, '0'),
    }));
    blocks.push(chain.block([await made.decisions(at(), blocks.length, 0, requests)]));
  }
  return { ledger: chain.ledgerId, blocks };
}

async function questions(): Promise<{ history: number[]; disclosures: number[]; filled: number }> {
  say(`writing ${EVENTS} accesses`);
  const store = await openProjection(path.join(folder, 'million.db'));
  try {
    const population: Population = { subjects: Math.ceil(EVENTS / 50), recordsEach: 3 };
    const started = performance.now();
    await fill(store, population);
    const filled = EVENTS / ((performance.now() - started) / 1_000);
    say('asking');
    const history = await timed(store, 'subject', population);
    const disclosures = await timed(store, 'disclosures', population);
    return { history, disclosures, filled };
  } finally {
    await store.close();
  }
}

async function fill(store: ProjectionStore, population: Population): Promise<void> {
  const blocks = EVENTS / EVENTS_PER_BLOCK;
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

/** Milliseconds of whole answers, each about another subject. */
async function timed(store: ProjectionStore, name: string, { subjects }: Population): Promise<number[]> {
  const question = questionNamed(name);
  if (question === undefined) throw new RangeError(`no question ${name}`);
  const samples: number[] = [];
  for (let n = 0; n < SAMPLES; n += 1) {
    const subject = subjectName((n * 104_729) % subjects);
    const asked = performance.now();
    const { rows } = await question.ask({ db: store.db, now: Date.now(), limit: 500 }, { subject });
    samples.push(performance.now() - asked);
    if (rows.length < 40) throw new Error(`${rows.length} rows about a subject with about fifty accesses`);
  }
  return samples;
}
