import type { JsonWebKey } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dataLayout, ledgerId, loadOrganisation, organisationNamed, portsOf } from '@consent-ledger/network';
import { accessEvent } from '@consent-ledger/chaincode/wire';
import { bringUp } from '../consortium/bring-up.js';
import { wantedConsortium, type Consortium } from '../consortium/consortium.js';
import { consortiumStatus } from '../consortium/status.js';
import { terminal } from '../terminal/terminal.js';
import { custodianLedger, type CustodianLedger } from './custodian-ledger.js';
import { populate, type Person } from './population.js';
import { report, shown } from './report.js';
import { requestSigner } from './requests.js';
import { pooled, quantile } from './statistics.js';
import { memoryTogether } from '../supervisor/process-identity.js';

/**
 * Logged decisions per second on the embedded ledger, as docs/benchmarks.md describes. The baseline is what an ordinary
 * Fabric application does: a transaction for each request.
 */

const PORT_BASE = 17_000;
const BATCH = 100;
const SECONDS = 10;
const ALONE = 60;
const IN_FLIGHT = 8;
/** The baseline's requests in flight; Fabric's gateway takes at most 500 calls at once. */
const BASELINE_IN_FLIGHT = 200;

type Ask = ReturnType<typeof requestSigner>;

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

async function connectAs(
  consortium: Consortium,
  custodianName: string,
  requesterName: string,
  oversightName: string,
): Promise<{ ledger: CustodianLedger; ask: Ask }> {
  const { topology, plan, dataDir } = consortium;
  const custodian = await loadOrganisation(dataDir, organisationNamed(topology, custodianName));
  const requester = await loadOrganisation(dataDir, organisationNamed(topology, requesterName));
  const { host } = organisationNamed(topology, custodianName);
  const ledger = custodianLedger({
    custodian,
    oversightMspId: organisationNamed(topology, oversightName).mspId,
    endpoint: `${host}:${portsOf(plan, custodianName).peer}`,
    channel: topology.channel,
    chaincode: topology.chaincode.name,
  });
  const id = ledgerId(await readFile(dataLayout(dataDir).genesisBlock));
  return { ledger, ask: requestSigner(await requesterOf(requester), custodian.mspId, id) };
}

async function requesterOf(
  organisation: Awaited<ReturnType<typeof loadOrganisation>>,
): Promise<Parameters<typeof requestSigner>[0]> {
  const { signing, encryption } = organisation.gateway;
  return {
    mspId: organisation.mspId,
    signingKid: signing.kid,
    signingJwk: JSON.parse(
      await readFile(organisation.paths.gateway.signing.privateJwk, 'utf8'),
    ) as JsonWebKey,
    encryptionKid: encryption.kid,
  };
}

/** Milliseconds from the proposal of one request to its commit on the own peer, one after the other. */
async function requestsAlone(
  ledger: CustodianLedger,
  ask: Ask,
  people: readonly Person[],
): Promise<number[]> {
  const samples: number[] = [];
  for (const { records } of people.slice(0, ALONE)) {
    const { jws } = ask(records);
    const started = performance.now();
    await ledger.apply({ command: 'decide', requests: [jws] });
    samples.push(performance.now() - started);
  }
  return samples;
}

/**
 * Decisions (one for each record asked for) that were logged per second, for about `seconds`.
 * Requests are signed beforehand, since that is the requesters' work, on their machines.
 */
async function decisionRate(
  ledger: CustodianLedger,
  ask: Ask,
  people: readonly Person[],
  batch: number,
  inFlight: number,
  seconds: number,
): Promise<number> {
  const made: { jws: string; jti: string }[] = [];
  const next = people.length;
  // More than any machine of this size decides in the time.
  const wanted = batch === 1 ? 500 * seconds : Math.ceil((2_500 * seconds) / batch) * batch;
  for (let i = 0; i < wanted; i += 1) made.push(ask(people[i % next]?.records ?? []));
  const batches = Array.from({ length: wanted / batch }, (_, i) => made.slice(i * batch, (i + 1) * batch));

  const decided: { jti: string }[] = [];
  const started = performance.now();
  let finished = started;
  await pooled(batches, inFlight, async (requests) => {
    if (performance.now() - started > seconds * 1_000) return;
    await ledger.apply({ command: 'decide', requests: requests.map(({ jws }) => jws) });
    decided.push(...requests);
    finished = performance.now();
  });
  await requirePermits(ledger, decided);
  const records = people[0]?.records.length ?? 0;
  return (decided.length * records) / ((finished - started) / 1_000);
}

/** A benchmark of denials or of nothing would be fast: a sample of the events must be there and permit. */
async function requirePermits(ledger: CustodianLedger, decided: readonly { jti: string }[]): Promise<void> {
  const step = Math.max(1, Math.floor(decided.length / 25));
  for (let i = 0; i < decided.length; i += step) {
    const jti = decided[i]?.jti ?? '';
    const bytes = await ledger.query({ query: 'event', requester: 'LakesideMSP', jti });
    const event = accessEvent.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (event.records.some(({ outcome }) => outcome !== 'permit')) {
      throw new Error(`a request of the benchmark was denied: ${event.records[0]?.code ?? ''}`);
    }
  }
}

process.exitCode = await main();
