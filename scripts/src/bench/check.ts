import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checksAnswered } from '@consent-ledger/chaincode/wire/http';
import {
  memberLayout,
  organisationLayout,
  organisationNamed,
  portsOf,
  servicesLayout,
} from '@consent-ledger/network';
import { bringUp } from '../consortium/bring-up.js';
import { wantedConsortium, type Consortium } from '../consortium/consortium.js';
import { findUser, tokenOf } from '../consortium/member-client.js';
import { consortiumStatus } from '../consortium/status.js';
import { send } from '../https.js';
import { terminal } from '../terminal/terminal.js';
import type { BareSettings } from './bare-express.js';
import { checkedPeople, fillProjection, type CheckedPerson } from './check-population.js';
import { callMaker, expectedOutcomes, questionMaker } from './check-questions.js';
import { Load, postOf, type Measured, type Target } from './load.js';
import { report, shown } from './report.js';
import { quantile } from './statistics.js';

/** `POST /v1/checks` against a bare Express route that verifies the same tokens, as docs/benchmarks.md describes. */

const PORT_BASE = 17_200;
const PEOPLE = 20_000;
const CONNECTIONS = 64;
const TOKENS = 16;
const QUESTIONS = 500;
const PEOPLE_IN_CALL = 100;
/** Calls of 500 questions at one time: enough to keep the gateway busy. */
const BULK_CONNECTIONS = 8;
const ROUNDS = 3;
const SECONDS = 5;
/** As the bare route has them: a member's gateway has a machine of its own, where the demo has one for four. */
const NODES_OWN_SETTINGS: readonly string[] = [];

async function main(): Promise<number> {
  const out = terminal();
  const dataDir = await mkdtemp(path.join(tmpdir(), 'consent-ledger-bench-'));
  try {
    const consortium = await wantedConsortium({ dataDir, portBase: PORT_BASE });
    const people = await out.task(`${PEOPLE} subjects with five consents each`, async () => {
      await (await up(consortium)).stop();
      const made = checkedPeople(PEOPLE);
      const projection = path.join(memberLayout(dataDir, 'riverside').data, 'projection.db');
      fillProjection(projection, organisationNamed(consortium.topology, 'riverside').mspId, made);
      return made;
    });
    const running = await up(consortium);
    try {
      return await measure(consortium, people);
    } finally {
      await running.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function up(consortium: Consortium): Promise<{ stop: () => Promise<void> }> {
  const running = await bringUp(
    consortium,
    terminal('quiet'),
    new AbortController().signal,
    NODES_OWN_SETTINGS,
  );
  if (!('stop' in running)) throw new Error('another consortium holds the folder of the benchmark');
  return running;
}

async function measure(consortium: Consortium, people: readonly CheckedPerson[]): Promise<number> {
  const out = terminal();
  const tokens = await tokensOf(consortium);
  const organisation = organisationNamed(consortium.topology, 'riverside');
  const layout = organisationLayout(consortium.dataDir, 'riverside');
  const target: Target = {
    host: organisation.host,
    port: portsOf(consortium.plan, 'riverside').gateway,
    ca: await readFile(layout.tlsCa.certificate),
  };
  const bare = await startBare(consortium);
  const bareTarget = { ...target, port: bare.port };
  const cold = await out.task('Everybody once, from the disk', () => askAll(target, tokens, people));
  // Opened only now: nobody keeps a connection that says nothing for long.
  const load = await Load.open(target, CONNECTIONS);
  const bareLoad = await Load.open(bareTarget, CONNECTIONS);
  const bulkLoad = await Load.open(target, BULK_CONNECTIONS);
  try {
    const questionOf = questionMaker(people);
    await requireTruth(load, target, tokens[0] ?? '', people);
    const singles = requestsOf(target, tokens, () => [questionOf()], 20_000);
    const bareRequests = requestsOf(bareTarget, tokens, () => [questionOf()], 20_000);
    const bulk = requestsOf(target, tokens, callMaker(people, QUESTIONS, PEOPLE_IN_CALL), 100);

    await out.task('Warming up', async () => {
      await bareLoad.full(bareRequests, 2);
      await load.full(singles, 2);
      await bulkLoad.full(bulk, 3);
    });
    const single: Measured[] = [];
    const constant: Measured[] = [];
    const many: Measured[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      await out.task(`Round ${round} of ${ROUNDS}`, async () => {
        many.push(await bulkLoad.full(bulk, SECONDS));
        constant.push(await bareLoad.full(bareRequests, SECONDS));
        single.push(await load.full(singles, SECONDS));
      });
    }
    const rate = medianRate(single);
    const paced = await out.task('At 70 % of that load', async () => {
      // What the calls of hundreds have written is still on its way to the disk.
      await load.paced(singles, 0.7 * rate, SECONDS);
      return load.paced(singles, 0.7 * rate, 2 * SECONDS);
    });
    // What the machine itself does to answers that come in time: no bar, but to read the one above by.
    const pacedBare = await out.task('The bare route at 70 % of its own', () =>
      bareLoad.paced(bareRequests, 0.7 * medianRate(constant), 2 * SECONDS),
    );
    const memory = await memoryOf(consortium);
    return tell({
      bare: medianRate(constant),
      single: rate,
      many: medianRate(many) * QUESTIONS,
      cold,
      full: single,
      paced,
      pacedBare,
      memory,
    });
  } finally {
    for (const one of [load, bareLoad, bulkLoad]) one.close();
    bare.stop();
  }
}

interface Figures {
  readonly bare: number;
  readonly single: number;
  /** Questions a second in calls of 500. */
  readonly many: number;
  /** Questions a second where nothing is in memory yet. */
  readonly cold: number;
  readonly full: readonly Measured[];
  readonly paced: Measured;
  readonly pacedBare: Measured;
  readonly memory: number;
}

function tell({ bare, single, many, cold, full, paced, pacedBare, memory }: Figures): number {
  const latencies = full.flatMap((one) => one.latencies);
  const p95 = quantile(paced.latencies, 0.95);
  const bareP95 = quantile(pacedBare.latencies, 0.95);
  const ms = (value: number): string => `${shown(value)} ms`;
  return report(
    'check',
    [
      ['what', 'answers/s', 'against bare', 'p50', 'p95'],
      ['bare Express route, token verified (baseline)', shown(bare), '1.0', '', ''],
      [
        'the same at 70 % of that load',
        shown(pacedBare.perSecond),
        '',
        ms(quantile(pacedBare.latencies, 0.5)),
        ms(bareP95),
      ],
      [
        'POST /v1/checks, one question',
        shown(single),
        (single / bare).toFixed(2),
        ms(quantile(latencies, 0.5)),
        ms(quantile(latencies, 0.95)),
      ],
      [
        'the same at 70 % of that load',
        shown(paced.perSecond),
        '',
        ms(quantile(paced.latencies, 0.5)),
        ms(p95),
      ],
      [`POST /v1/checks, ${QUESTIONS} questions`, shown(many), (many / bare).toFixed(1), '', ''],
      ['the same, each subject for the first time', shown(cold), (cold / bare).toFixed(1), '', ''],
    ],
    [
      {
        name: 'one question, against the bare route',
        figure: single / bare,
        unit: 'times',
        at: 'least',
        bound: 0.6,
      },
      { name: 'p95 at 70 % of that load', figure: p95, unit: 'ms', at: 'most', bound: 10 },
      {
        name: `${QUESTIONS} questions in one call, against single ones`,
        figure: many / single,
        unit: 'times',
        at: 'least',
        bound: 8,
      },
    ],
    {
      consents: PEOPLE * 5,
      connections: CONNECTIONS,
      barePerSecond: bare,
      singlePerSecond: single,
      bulkPerSecond: many,
      coldPerSecond: cold,
      p95Ms: p95,
      bareP95Ms: bareP95,
      gatewayMiB: memory,
    },
  );
}

function medianRate(rounds: readonly Measured[]): number {
  return quantile(
    rounds.map(({ perSecond }) => perSecond),
    0.5,
  );
}

/** Real tokens of the issuer, of the users who may check. */
async function tokensOf({ dataDir }: Consortium): Promise<readonly string[]> {
  const users = ['consent-clerk', 'records-clerk', 'practitioner', 'emergency-physician'];
  const tokens: string[] = [];
  for (let index = 0; index < TOKENS; index += 1) {
    const user = users[index % users.length] ?? '';
    const { member, client } = await findUser(dataDir, 'riverside', user);
    tokens.push((await tokenOf(dataDir, member, client)).token);
  }
  return tokens;
}

/** Requests made beforehand, over and over: to make them is the clients' work, on their machines. */
function requestsOf(
  target: Target,
  tokens: readonly string[],
  questions: () => readonly object[],
  count: number,
): () => Buffer {
  const made = Array.from({ length: count }, (_, index) =>
    postOf(target, '/v1/checks', tokens[index % tokens.length] ?? '', { questions: questions() }),
  );
  let next = 0;
  return () => {
    const request = made[next % made.length];
    next += 1;
    if (request === undefined) throw new RangeError('no requests');
    return request;
  };
}

/** Asks about everybody, which a gateway that has run for a while has done; questions a second. */
async function askAll(
  target: Target,
  tokens: readonly string[],
  people: readonly CheckedPerson[],
): Promise<number> {
  const questions = people.flatMap(({ record }) => ({
    ...questionMaker(people)(),
    record,
    subject: undefined,
    facts: undefined,
  }));
  const load = await Load.open(target, 1);
  const began = performance.now();
  for (let from = 0; from < questions.length; from += QUESTIONS) {
    const body = { questions: questions.slice(from, from + QUESTIONS) };
    await load.once(postOf(target, '/v1/checks', tokens[0] ?? '', body));
  }
  const seconds = (performance.now() - began) / 1_000;
  load.close();
  return questions.length / seconds;
}

/** A benchmark of wrong answers would be worth nothing: 500 of them must be what the evaluator says here, and of both kinds. */
async function requireTruth(
  load: Load,
  target: Target,
  token: string,
  people: readonly CheckedPerson[],
): Promise<void> {
  const questionOf = questionMaker(people);
  const questions = Array.from({ length: QUESTIONS }, questionOf);
  const body = await load.once(postOf(target, '/v1/checks', token, { questions }));
  const { checks } = checksAnswered.parse(JSON.parse(body.toString('utf8')));
  const told = checks.map(({ reason }) => reason);
  const expected = expectedOutcomes(questions, people);
  const wrong = told.filter((reason, index) => reason !== expected[index]).length;
  if (wrong > 0) throw new Error(`${wrong} of ${QUESTIONS} answers are not what the evaluator says`);
  if (new Set(checks.map(({ outcome }) => outcome)).size < 2) throw new Error('all answers are alike');
}

async function startBare({ dataDir }: Consortium): Promise<{ port: number; stop: () => void }> {
  const { member } = await findUser(dataDir, 'riverside', 'consent-clerk');
  const { issuer, audience } = member;
  const jwks = await send({
    method: 'GET',
    url: `${issuer}/jwks`,
    ca: await readFile(servicesLayout(dataDir).ca.certificate),
  });
  const { tls } = organisationLayout(dataDir, 'riverside').gateway;
  const settings: BareSettings = {
    certificate: tls.certificate,
    privateKey: tls.key,
    jwks: JSON.parse(jwks.body.toString('utf8')) as BareSettings['jwks'],
    issuer,
    audience,
  };
  const child = fork(fileURLToPath(new URL('bare-express.js', import.meta.url)));
  child.send(settings);
  const [port] = (await once(child, 'message')) as [number];
  return {
    port,
    stop: () => {
      child.disconnect();
    },
  };
}

async function memoryOf(consortium: Consortium): Promise<number> {
  const { processes } = await consortiumStatus(consortium);
  const gateway = processes.find(({ name }) => name === 'gateway-riverside');
  return Math.round((gateway?.residentBytes ?? 0) / 1_048_576);
}

process.exitCode = await main();
