import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bringUp } from '../consortium/bring-up.js';
import { wantedConsortium, type Consortium } from '../consortium/consortium.js';
import { prepareFolder } from '../consortium/prepare.js';
import { claimFolder } from '../consortium/record.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { deployBaseline } from './baseline.js';
import { connectAs, decisionRate } from './decisions.js';
import { latenciesAt } from './half-load.js';
import { gapWhenLeaderDies } from './leader-killed.js';
import { populate } from './population.js';
import { report, shown, type Bar } from './report.js';
import { quantile } from './statistics.js';

/** Logged decisions per second on real Fabric, as docs/benchmarks.md describes, against a bare write on the same network. */

const PORT_BASE = 18_000;
const ORDERINGS = ['bft', 'raft'] as const;
const BATCH = 100;
const SECONDS = 10;
/** Transactions under way at one time: of a hundred requests each, and of one. */
const BATCHES_IN_FLIGHT = 8;
const SINGLES_IN_FLIGHT = 200;
const [CUSTODIAN, REQUESTER, OVERSIGHT] = ['riverside', 'lakeside', 'sentinel'] as const;

type Ordering = (typeof ORDERINGS)[number];

interface Figures {
  readonly ordering: Ordering;
  readonly blockIntervalMs: number;
  readonly readySeconds: number;
  readonly baselinePerSecond: number;
  readonly oneByOnePerSecond: number;
  readonly onePerSecond: number;
  readonly fiveByOnePerSecond: number;
  readonly fivePerSecond: number;
  readonly oneP50Ms: number;
  readonly oneP95Ms: number;
  readonly fiveP50Ms: number;
  readonly fiveP95Ms: number;
  readonly leaderGapMs: number;
}

async function main(): Promise<number> {
  const out = terminal();
  const all: Figures[] = [];
  for (const ordering of ORDERINGS) all.push(await measure(ordering, out));
  return report(
    'fabric',
    [
      ['ordering', 'what', 'decisions/s', 'against baseline', 'transactions/s', 'at half load: p50', 'p95'],
      ...all.flatMap(rows),
    ],
    all.flatMap(bars),
    Object.fromEntries(all.map(({ ordering, ...figures }) => [ordering, figures])),
  );
}

async function measure(ordering: Ordering, out: Terminal): Promise<Figures> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'consent-ledger-bench-'));
  const consortium = await orderedBy(ordering, dataDir);
  out.say(`Ordered by ${ordering}`);
  const { ledger, topology, plan } = consortium;
  await claimFolder(dataDir, { ledger, topology, portBase: plan.portBase });
  await prepareFolder(consortium);
  const started = performance.now();
  const running = await bringUp(consortium, terminal('quiet'), new AbortController().signal);
  const readySeconds = (performance.now() - started) / 1_000;
  if (!('stop' in running)) throw new Error('another consortium holds the folder of the benchmark');
  try {
    return { ordering, readySeconds, ...(await rates(consortium, out)) };
  } finally {
    await running.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function orderedBy(type: Ordering, dataDir: string): Promise<Consortium> {
  const consortium = await wantedConsortium({ dataDir, portBase: PORT_BASE, ledger: 'fabric' });
  const { topology } = consortium;
  return { ...consortium, topology: { ...topology, ordering: { ...topology.ordering, type } } };
}

async function rates(
  consortium: Consortium,
  out: Terminal,
): Promise<Omit<Figures, 'ordering' | 'readySeconds'>> {
  const { ledger, ask } = await connectAs(consortium, CUSTODIAN, REQUESTER, OVERSIGHT);
  const baseline = await out.task('The minimal chaincode', () =>
    deployBaseline(consortium, [CUSTODIAN, OVERSIGHT]),
  );
  try {
    const one = await out.task('1,000 subjects with one record', () => populate(ledger, REQUESTER, 1_000, 1));
    const five = await out.task('200 subjects with five records', () => populate(ledger, REQUESTER, 200, 5));
    const rate = (what: string, people: typeof one, batch: number, inFlight: number): Promise<number> =>
      out.task(what, () => decisionRate(ledger, ask, people, batch, inFlight, SECONDS));
    await out.task('Warming up', async () => {
      await baseline.rate(3);
      await decisionRate(ledger, ask, one, BATCH, BATCHES_IN_FLIGHT, 3);
    });
    const baselinePerSecond = await out.task('Baseline: a bare write of one key', () =>
      baseline.rate(SECONDS),
    );
    const onePerSecond = await rate('(a) batched', one, BATCH, BATCHES_IN_FLIGHT);
    const fivePerSecond = await rate('(b) batched', five, BATCH, BATCHES_IN_FLIGHT);
    const oneByOnePerSecond = await rate('(a) one by one', one, 1, SINGLES_IN_FLIGHT);
    const fiveByOnePerSecond = await rate('(b) one by one', five, 1, SINGLES_IN_FLIGHT);
    const halfLoad = (decisionsPerSecond: number, people: typeof one): Promise<number[]> =>
      out.task('At half the load', () => {
        const records = people[0]?.records.length ?? 1;
        return latenciesAt(decisionsPerSecond / records / 2, SECONDS, { ledger, ask, people });
      });
    const ones = await halfLoad(onePerSecond, one);
    const fives = await halfLoad(fivePerSecond, five);
    const leaderGapMs = await out.task('The leading orderer killed', () => gapWhenLeaderDies(consortium));
    return {
      blockIntervalMs: consortium.topology.ordering.blockInterval,
      baselinePerSecond,
      oneByOnePerSecond,
      onePerSecond,
      fiveByOnePerSecond,
      fivePerSecond,
      oneP50Ms: quantile(ones, 0.5),
      oneP95Ms: quantile(ones, 0.95),
      fiveP50Ms: quantile(fives, 0.5),
      fiveP95Ms: quantile(fives, 0.95),
      leaderGapMs,
    };
  } finally {
    await baseline.stop();
    ledger.close();
  }
}

function rows(figures: Figures): string[][] {
  const { ordering, baselinePerSecond: baseline } = figures;
  const row = (
    what: string,
    rate: number,
    records: number,
    batch: number,
    latency?: [number, number],
  ): string[] => [
    ordering,
    what,
    shown(rate),
    `${(rate / baseline).toFixed(1)} times`,
    shown(rate / batch / records),
    ...(latency ?? []).map((ms) => `${ms.toFixed(0)} ms`),
  ];
  const { oneP50Ms, oneP95Ms, fiveP50Ms, fiveP95Ms } = figures;
  return [
    row('a bare write of one key (baseline)', baseline, 1, 1),
    row('(a) one record a request, one by one', figures.oneByOnePerSecond, 1, 1),
    row('(a) one record a request, batched', figures.onePerSecond, 1, BATCH, [oneP50Ms, oneP95Ms]),
    row('(b) five records a request, one by one', figures.fiveByOnePerSecond, 5, 1),
    row('(b) five records a request, batched', figures.fivePerSecond, 5, BATCH, [fiveP50Ms, fiveP95Ms]),
  ];
}

function bars(figures: Figures): Bar[] {
  const { ordering, baselinePerSecond: baseline, blockIntervalMs } = figures;
  const times = (name: string, rate: number, bound: number): Bar => ({
    name: `${ordering}: ${name}, against the baseline`,
    figure: rate / baseline,
    unit: 'times',
    at: 'least',
    bound,
  });
  const atMost = (name: string, figure: number, unit: string, bound: number): Bar => ({
    name: `${ordering}: ${name}`,
    figure,
    unit,
    at: 'most',
    bound,
  });
  const soon = 3 * blockIntervalMs + 300;
  return [
    times('(a) batched', figures.onePerSecond, 6),
    times('(b) batched', figures.fivePerSecond, 15),
    atMost('(a) at half the load, p95', figures.oneP95Ms, 'ms', soon),
    atMost('(b) at half the load, p95', figures.fiveP95Ms, 'ms', soon),
    atMost('leader killed, longest gap in acknowledged writes', figures.leaderGapMs / 1_000, 's', 5),
    atMost('from up on made certificates to every gateway ready', figures.readySeconds, 's', 15),
  ];
}

process.exitCode = await main();
