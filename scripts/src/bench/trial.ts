import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { studyCounts, studyDocument } from '@consent-ledger/chaincode/wire/http';
import { memberLayout, organisationLayout, organisationNamed, portsOf } from '@consent-ledger/network';
import { bringUp } from '../consortium/bring-up.js';
import { wantedConsortium, type Consortium } from '../consortium/consortium.js';
import { call } from '../consortium/member-calls.js';
import { findUser, memberClient, tokenOf } from '../consortium/member-client.js';
import { terminal } from '../terminal/terminal.js';
import { connectAs, decisionRate } from './decisions.js';
import { getOf, Load } from './load.js';
import { populate } from './population.js';
import { report, shown } from './report.js';
import { quantile } from './statistics.js';
import { cohortOf, cohortRate, fillParticipations, studyBody } from './trial-population.js';

/**
 * A cohort that is decided and logged, each participant by themselves, against the batched decisions of `bench:ledger` in the same run; and
 * how long live counts take at a sponsor's gateway. docs/benchmarks.md describes both. `--participants` and `--participations` make it smaller.
 */

const PORT_BASE = 17_400;
const BATCH = 100;
const IN_FLIGHT = 8;
const SECONDS = 10;
const COUNTED = 500;
const STUDY = 'bench-cohort';
const MILLION = 'bench-million';
const PATIENCE_MS = 600_000;

async function main(): Promise<number> {
  const out = terminal();
  const participants = sizeOf('--participants', 10_000);
  const participations = sizeOf('--participations', 1_000_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'consent-ledger-bench-'));
  try {
    const cohort = await during(await consortiumIn(folder, 'cohort'), (consortium) =>
      measureCohort(consortium, participants),
    );
    out.say(`${shown(cohort.rate)} /s, against ${shown(cohort.baseline)} /s`);
    // On a ledger of its own: one that is opened again is verified first, all of it.
    const counting = await consortiumIn(folder, 'counts');
    await during(counting, stateStudy(MILLION));
    await out.task(`${participations} participations`, () => {
      const projection = path.join(memberLayout(counting.dataDir, 'novacure').data, 'projection.db');
      fillParticipations(projection, MILLION, participations);
      return Promise.resolve();
    });
    const counts = await during(counting, (consortium) => measureCounts(consortium, participations));
    const share = (100 * cohort.rate) / cohort.baseline;
    return report(
      'trial',
      [
        ['what', 'figure', ''],
        ['batched decisions, as bench:ledger (a) measures them', shown(cohort.baseline), '/s'],
        [`a cohort of ${participants}, each decided and logged`, shown(cohort.rate), '/s'],
        ['the whole cohort', shown(cohort.seconds), 's'],
        [`live counts over ${participations} participations, p50`, shown(quantile(counts, 0.5)), 'ms'],
        ['live counts, p95', shown(quantile(counts, 0.95)), 'ms'],
      ],
      [
        { name: 'cohort against batched decisions', figure: share, unit: '%', at: 'least', bound: 80 },
        { name: 'live counts, p95', figure: quantile(counts, 0.95), unit: 'ms', at: 'most', bound: 50 },
      ],
      {
        participants,
        participations,
        baselinePerSecond: cohort.baseline,
        cohortPerSecond: cohort.rate,
        cohortSeconds: cohort.seconds,
        countsP50Ms: quantile(counts, 0.5),
        countsP95Ms: quantile(counts, 0.95),
      },
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function consortiumIn(folder: string, name: string): Promise<Consortium> {
  return wantedConsortium({ dataDir: path.join(folder, name), portBase: PORT_BASE });
}

function stateStudy(study: string): (consortium: Consortium) => Promise<void> {
  return async (consortium) => {
    const manager = await memberClient(consortium, 'novacure', 'trial-manager');
    await call(manager, 'PUT', `/v1/studies/${study}`, studyDocument, studyBody());
  };
}

async function during<Result>(
  consortium: Consortium,
  work: (consortium: Consortium) => Promise<Result>,
): Promise<Result> {
  const running = await bringUp(consortium, terminal('quiet'), new AbortController().signal);
  if (!('stop' in running)) throw new Error('another consortium holds the folder of the benchmark');
  try {
    return await work(consortium);
  } finally {
    await running.stop();
  }
}

interface CohortFigures {
  readonly baseline: number;
  readonly rate: number;
  /** Of the cohort. */
  readonly seconds: number;
}

/** Batched decisions before and after the cohort, so that whatever else the machine does falls on both. */
async function measureCohort(consortium: Consortium, participants: number): Promise<CohortFigures> {
  const out = terminal();
  await stateStudy(STUDY)(consortium);
  const own = await connectAs(consortium, 'riverside', 'lakeside', 'sentinel');
  const sponsors = await connectAs(consortium, 'riverside', 'novacure', 'sentinel');
  try {
    const people = await out.task('1,000 subjects with one record', () =>
      populate(own.ledger, 'lakeside', 1_000, 1),
    );
    const cohort = await out.task(`${participants} participants with one record`, async () => {
      const made = await cohortOf(sponsors.ledger, STUDY, participants);
      await told(consortium, participants);
      return made;
    });
    await out.task('Warming up', () => decisionRate(own.ledger, own.ask, people, BATCH, IN_FLIGHT, 3));
    const batched = (): Promise<number> =>
      out.task('Batched decisions', () =>
        decisionRate(own.ledger, own.ask, people, BATCH, IN_FLIGHT, SECONDS),
      );
    const before = await batched();
    const seconds = await out.task('The cohort', () =>
      cohortRate(sponsors.ledger, sponsors.ask, cohort, STUDY, BATCH, IN_FLIGHT),
    );
    const after = await batched();
    return { baseline: (before + after) / 2, rate: participants / seconds, seconds };
  } finally {
    own.ledger.close();
    sponsors.ledger.close();
  }
}

/** The sites' gateways tell the sponsor of participants on the side: what is measured comes after. */
async function told(consortium: Consortium, participants: number): Promise<void> {
  // Signed in only now: so many participants may take longer than a token is good for.
  const manager = await memberClient(consortium, 'novacure', 'trial-manager');
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { total } = await call(manager, 'GET', `/v1/studies/${STUDY}/counts`, studyCounts);
    if (total === participants) return;
    if (Date.now() > deadline) throw new Error(`the sponsor knows ${total} of ${participants} participants`);
    await sleep(500);
  }
}

/** Milliseconds of each of many calls, one after the other, over one connection. */
async function measureCounts(consortium: Consortium, participations: number): Promise<number[]> {
  const { member, client } = await findUser(consortium.dataDir, 'novacure', 'trial-manager');
  const { token } = await tokenOf(consortium.dataDir, member, client);
  const target = {
    host: organisationNamed(consortium.topology, 'novacure').host,
    port: portsOf(consortium.plan, 'novacure').gateway,
    ca: await readFile(organisationLayout(consortium.dataDir, 'novacure').tlsCa.certificate),
  };
  const load = await Load.open(target, 1);
  try {
    const asked = getOf(target, `/v1/studies/${MILLION}/counts`, token);
    const samples: number[] = [];
    for (let nth = 0; nth < COUNTED; nth += 1) {
      const started = performance.now();
      const { total } = studyCounts.parse(JSON.parse((await load.once(asked)).toString('utf8')));
      samples.push(performance.now() - started);
      if (total !== participations) throw new Error(`${total} were counted, not ${participations}`);
    }
    return samples;
  } finally {
    load.close();
  }
}

function sizeOf(flag: string, size: number): number {
  const text = process.argv.find((argument) => argument.startsWith(`${flag}=`))?.slice(flag.length + 1);
  if (text === undefined) return size;
  if (!/^[1-9]\d{1,6}$/.test(text)) throw new Error(`${flag}: it must be a whole number from 10 to 9999999`);
  return Number(text);
}

process.exitCode = await main();
