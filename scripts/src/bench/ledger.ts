import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bringUp } from '../consortium/bring-up.js';
import { wantedConsortium } from '../consortium/consortium.js';
import { consortiumStatus } from '../consortium/status.js';
import { terminal } from '../terminal/terminal.js';
import { connectAs, decisionRate, requestsAlone } from './decisions.js';
import { populate } from './population.js';
import { report, shown } from './report.js';
import { quantile } from './statistics.js';
import { memoryTogether } from '../supervisor/process-identity.js';

/**
 * Logged decisions per second on the embedded ledger, as docs/benchmarks.md describes. The baseline is what an ordinary
 * Fabric application does: a transaction for each request.
 */

const PORT_BASE = 17_000;
const BATCH = 100;
const SECONDS = 10;
const IN_FLIGHT = 8;
/** The baseline's requests in flight; Fabric's gateway takes at most 500 calls at once. */
const BASELINE_IN_FLIGHT = 200;

async function main(): Promise<number> {
  const out = terminal();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'consent-ledger-bench-'));
  const consortium = await wantedConsortium({ dataDir, portBase: PORT_BASE });
  const started = performance.now();
  const running = await bringUp(consortium, terminal('quiet'), new AbortController().signal);
  if (!('stop' in running)) throw new Error('another consortium holds the folder of the benchmark');
  const readyMs = performance.now() - started;
  try {
    const { ledger, ask } = await connectAs(consortium, 'riverside', 'lakeside', 'sentinel');
    const one = await out.task('1,000 subjects with one record', () =>
      populate(ledger, 'lakeside', 1_000, 1),
    );
    const five = await out.task('200 subjects with five records', () => populate(ledger, 'lakeside', 200, 5));

    const alone = await out.task('One request alone', () => requestsAlone(ledger, ask, one));
    await out.task('Warming up', () => decisionRate(ledger, ask, one, BATCH, IN_FLIGHT, 3));
    const single = await out.task('(a) one record a request', () =>
      decisionRate(ledger, ask, one, BATCH, IN_FLIGHT, SECONDS),
    );
    const several = await out.task('(b) five records a request', () =>
      decisionRate(ledger, ask, five, BATCH, IN_FLIGHT, SECONDS),
    );
    const baseline = await out.task('Baseline: a transaction for each request', () =>
      decisionRate(ledger, ask, one, 1, BASELINE_IN_FLIGHT, SECONDS),
    );
    const processes = (await consortiumStatus(consortium)).processes.filter(({ name }) => name !== 'issuer');
    ledger.close();
    const memory = memoryTogether(processes) / 1_048_576;

    return report(
      'ledger',
      [
        ['what', 'decisions/s', 'against baseline', 'transactions/s'],
        row('a transaction for each request (baseline)', baseline, baseline, 1, 1),
        row('(a) batched, one record of a subject each', single, baseline, BATCH, 1),
        row('(b) batched, five records of a subject each', several, baseline, BATCH, 5),
      ],
      [
        { name: '(a) one record a request', figure: single, unit: '/s', at: 'least', bound: 1_000 },
        { name: '(b) five records a request', figure: several, unit: '/s', at: 'least', bound: 3_000 },
        { name: 'one request alone, p95', figure: quantile(alone, 0.95), unit: 'ms', at: 'most', bound: 350 },
        { name: 'from up to ready', figure: readyMs / 1_000, unit: 's', at: 'most', bound: 10 },
        { name: 'memory of all processes', figure: memory, unit: 'MiB', at: 'most', bound: 1_024 },
      ],
      {
        baselinePerSecond: baseline,
        onePerSecond: single,
        fivePerSecond: several,
        aloneP50Ms: quantile(alone, 0.5),
        aloneP95Ms: quantile(alone, 0.95),
        readySeconds: readyMs / 1_000,
        residentMiB: Object.fromEntries(
          processes.map(({ name, residentBytes = 0 }) => [name, Math.round(residentBytes / 1_048_576)]),
        ),
      },
    );
  } finally {
    await running.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

function row(what: string, rate: number, baseline: number, batch: number, records: number): string[] {
  return [what, shown(rate), `${(rate / baseline).toFixed(1)} times`, shown(rate / batch / records)];
}

process.exitCode = await main();
