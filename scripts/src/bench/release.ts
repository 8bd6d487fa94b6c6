import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { gatewayUrl, organisationLayout, organisationNamed } from '@consent-ledger/network';
import { bringUp } from '../consortium/bring-up.js';
import { wantedConsortium, type Consortium } from '../consortium/consortium.js';
import { findUser, tokenOf } from '../consortium/member-client.js';
import { consortiumStatus } from '../consortium/status.js';
import { terminal } from '../terminal/terminal.js';
import { connectAs, decisionRate } from './decisions.js';
import { recordsPerSecond, type Asking } from './release/exchanges.js';
import { copyBare, releaseLarge, type LargeRecord, type LargeRelease } from './release/one-large.js';
import { keepFile, keepPeople } from './release/population.js';
import { startStripped } from './release/start-stripped.js';
import { userOf, type User } from './release/user.js';
import { report, shown, type Bar } from './report.js';
import { quantile } from './statistics.js';

/** Releases between two gateways against what a user would pick instead, as docs/benchmarks.md describes. */

const PORT_BASE = 17_400;
const LARGE_BYTES = 1024 ** 3;
const SMALL_BYTES = 4_096;
const PEOPLE = 200;
const RECORDS_EACH = 5;
const SECONDS = 5;
/** Users at the requester who ask for one record each. */
const USERS = 96;
const RECORDS_A_REQUEST = 50;
/** Requests for fifty at one time. */
const FIFTIES = 16;
const CUSTODIAN = 'riverside';
const REQUESTER = 'lakeside';

const { values: flags } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string', default: '3' } },
});
const ROUNDS = Number(flags.rounds);

async function main(): Promise<number> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'consent-ledger-bench-'));
  try {
    const consortium = await wantedConsortium({
      dataDir: path.join(dataDir, 'consortium'),
      portBase: PORT_BASE,
    });
    const running = await bringUp(consortium, terminal('quiet'), new AbortController().signal);
    if (!('stop' in running)) throw new Error('another consortium holds the folder of the benchmark');
    try {
      return await measure(consortium, dataDir);
    } finally {
      await running.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function measure(consortium: Consortium, folder: string): Promise<number> {
  const clerks = {
    records: await signedIn(consortium, CUSTODIAN, 'records-clerk'),
    consents: await signedIn(consortium, CUSTODIAN, 'consent-clerk'),
  };
  const doctor = await signedIn(consortium, REQUESTER, 'practitioner');
  const users = [clerks.records, clerks.consents, doctor];
  try {
    const large = flags.only === 'small' ? undefined : await measureLarge(consortium, folder, clerks, doctor);
    const small = flags.only === 'large' ? undefined : await measureSmall(consortium, folder, clerks, doctor);
    return tell(large, small);
  } finally {
    for (const user of users) user.close();
  }
}

interface LargeFigures {
  readonly bareSeconds: number;
  readonly releaseSeconds: number;
  readonly grownMiB: Readonly<Record<string, number>>;
}

async function measureLarge(
  consortium: Consortium,
  folder: string,
  clerks: { readonly records: User; readonly consents: User },
  doctor: User,
): Promise<LargeFigures> {
  const out = terminal();
  const file = path.join(folder, 'large');
  const digest = await out.task('A file of 1 GiB', () => writeRandom(file, LARGE_BYTES));
  const record = await out.task('Kept as a record', () => keepFile(clerks, REQUESTER, file));
  const one: LargeRecord = { file, bytes: LARGE_BYTES, digest, record };
  const { tls } = organisationLayout(consortium.dataDir, CUSTODIAN).gateway;
  const settings = {
    host: organisationNamed(consortium.topology, CUSTODIAN).host,
    certificate: tls.certificate,
    privateKey: tls.key,
    ca: organisationLayout(consortium.dataDir, CUSTODIAN).tlsCa.certificate,
  };
  const pids = await processIds(consortium);
  const custodian = `Organization/${CUSTODIAN}`;
  const bare: number[] = [];
  const releases: LargeRelease[] = [];
  await out.task('Once, and every byte compared', () => releaseLarge(doctor, custodian, one, pids, true));
  for (let round = 1; round <= ROUNDS; round += 1) {
    await out.task(`1 GiB, round ${round} of ${ROUNDS}`, async () => {
      bare.push(await copyBare(one, settings));
      releases.push(await releaseLarge(doctor, custodian, one, pids, false));
    });
  }
  await rm(file);
  const grownMiB: Record<string, number> = {};
  for (const release of releases)
    for (const [name, grown] of Object.entries(release.grownMiB))
      grownMiB[name] = Math.max(grownMiB[name] ?? 0, grown);
  return {
    bareSeconds: quantile(bare, 0.5),
    releaseSeconds: quantile(
      releases.map(({ seconds }) => seconds),
      0.5,
    ),
    grownMiB,
  };
}

interface SmallFigures {
  readonly one: number;
  readonly oneStripped: number;
  readonly fifty: number;
  readonly fiftyStripped: number;
  /** Decisions a second of the ledger alone: one record a request, and five. */
  readonly ledgerOne: number;
  readonly ledgerFive: number;
}

async function measureSmall(
  consortium: Consortium,
  folder: string,
  clerks: { readonly records: User; readonly consents: User },
  doctor: User,
): Promise<SmallFigures> {
  const out = terminal();
  const people = await out.task('1,000 records of 4 KiB', () =>
    keepPeople(clerks, REQUESTER, PEOPLE, RECORDS_EACH, SMALL_BYTES),
  );
  const all = people.flatMap(({ records }) => records);
  const stripped = await out.task('The same exchange without a ledger', () =>
    startStripped(consortium, path.join(folder, 'stripped'), {
      custodian: CUSTODIAN,
      requester: REQUESTER,
      subjects: PEOPLE,
      recordsEach: RECORDS_EACH,
      bytes: SMALL_BYTES,
    }),
  );
  const other = await signedIn(consortium, REQUESTER, 'practitioner', stripped.base);
  const { ledger, ask } = await connectAs(consortium, CUSTODIAN, REQUESTER, 'sentinel');
  const asking = (user: User, records: readonly string[], each: number, inFlight: number): Asking => ({
    user,
    custodian: `Organization/${CUSTODIAN}`,
    lists: listsOf(records, each),
    bytesEach: SMALL_BYTES,
    inFlight,
    seconds: SECONDS,
  });
  const rates: Record<keyof SmallFigures, number[]> = {
    one: [],
    oneStripped: [],
    fifty: [],
    fiftyStripped: [],
    ledgerOne: [],
    ledgerFive: [],
  };
  try {
    await out.task('Warming up', async () => {
      await recordsPerSecond({ ...asking(other, stripped.records, 1, USERS), seconds: 3 });
      await recordsPerSecond({ ...asking(doctor, all, 1, USERS), seconds: 3 });
      await recordsPerSecond({ ...asking(doctor, all, RECORDS_A_REQUEST, FIFTIES), seconds: 3 });
    });
    const singles = people.map(({ subject, records }) => ({ subject, records: records.slice(0, 1) }));
    for (let round = 1; round <= ROUNDS; round += 1) {
      await out.task(`4 KiB, round ${round} of ${ROUNDS}`, async () => {
        rates.oneStripped.push(await recordsPerSecond(asking(other, stripped.records, 1, USERS)));
        rates.one.push(await recordsPerSecond(asking(doctor, all, 1, USERS)));
        rates.fifty.push(await recordsPerSecond(asking(doctor, all, RECORDS_A_REQUEST, FIFTIES)));
        rates.fiftyStripped.push(
          await recordsPerSecond(asking(other, stripped.records, RECORDS_A_REQUEST, FIFTIES)),
        );
        rates.ledgerOne.push(await decisionRate(ledger, ask, singles, 100, 8, SECONDS));
        rates.ledgerFive.push(await decisionRate(ledger, ask, people, 100, 8, SECONDS));
      });
    }
  } finally {
    ledger.close();
    other.close();
    await stripped.stop();
  }
  return Object.fromEntries(
    Object.entries(rates).map(([name, samples]) => [name, quantile(samples, 0.5)]),
  ) as unknown as SmallFigures;
}

function tell(large: LargeFigures | undefined, small: SmallFigures | undefined): number {
  const parts = [
    ...(large === undefined ? [] : [largeTold(large)]),
    ...(small === undefined ? [] : [smallTold(small)]),
  ];
  return report(
    'release',
    [['what', 'figure', 'against'], ...parts.flatMap(({ rows }) => rows)],
    parts.flatMap(({ bars }) => bars),
    { ...large, ...small },
  );
}

interface Told {
  readonly rows: readonly (readonly string[])[];
  readonly bars: readonly Bar[];
}

function largeTold({ bareSeconds, releaseSeconds, grownMiB }: LargeFigures): Told {
  const rate = (seconds: number): string => `${shown(LARGE_BYTES / 1_048_576 / seconds)} MiB/s`;
  const against = bareSeconds / releaseSeconds;
  const grown = Math.max(...Object.values(grownMiB));
  return {
    rows: [
      ['1 GiB, bare TLS copy with SHA-256 (baseline)', rate(bareSeconds), ''],
      ['1 GiB between two gateways', rate(releaseSeconds), times(against)],
    ],
    bars: [
      { name: '1 GiB, against the bare copy', figure: against, unit: 'times', at: 'least', bound: 0.5 },
      { name: 'growth of any process meanwhile', figure: grown, unit: 'MiB', at: 'most', bound: 64 },
    ],
  };
}

function smallTold(small: SmallFigures): Told {
  const rate = (value: number): string => `${shown(value)} /s`;
  const one = small.one / small.oneStripped;
  const fifty = small.fifty / small.ledgerOne;
  return {
    rows: [
      ['4 KiB one by one, without consent and ledger (baseline)', rate(small.oneStripped), ''],
      ['4 KiB one by one', rate(small.one), times(one)],
      ["ledger's batched decisions, one record a request (baseline)", rate(small.ledgerOne), ''],
      ["ledger's batched decisions, five records a request", rate(small.ledgerFive), ''],
      ['4 KiB, fifty in one request', rate(small.fifty), times(fifty)],
      ['the same without consent and ledger', rate(small.fiftyStripped), ''],
    ],
    bars: [
      {
        name: '4 KiB one by one, against the stripped exchange',
        figure: one,
        unit: 'times',
        at: 'least',
        bound: 0.4,
      },
      {
        name: "fifty in one request, against the ledger's rate",
        figure: fifty,
        unit: 'times',
        at: 'least',
        bound: 0.7,
      },
    ],
  };
}

function times(value: number): string {
  return `${value.toFixed(2)} times`;
}

async function signedIn(
  consortium: Consortium,
  member: string,
  user: string,
  base = gatewayUrl(organisationNamed(consortium.topology, member), consortium.plan),
): Promise<User> {
  const found = await findUser(consortium.dataDir, member, user);
  const { token } = await tokenOf(consortium.dataDir, found.member, found.client);
  return userOf({
    base,
    token,
    ca: await readFile(organisationLayout(consortium.dataDir, member).tlsCa.certificate),
  });
}

async function processIds(consortium: Consortium): Promise<ReadonlyMap<string, number>> {
  const { processes } = await consortiumStatus(consortium);
  return new Map(processes.flatMap(({ name, pid }) => (pid === undefined ? [] : [[name, pid] as const])));
}

async function writeRandom(file: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  async function* content(): AsyncGenerator<Buffer> {
    for (let left = bytes; left > 0; left -= 1_048_576) {
      const chunk = randomBytes(Math.min(left, 1_048_576));
      hash.update(chunk);
      yield await Promise.resolve(chunk);
    }
  }
  await mkdir(path.dirname(file), { recursive: true });
  await pipeline(content, createWriteStream(file));
  return hash.digest('base64url');
}

function listsOf(records: readonly string[], each: number): readonly (readonly string[])[] {
  return Array.from({ length: Math.floor(records.length / each) }, (_, place) =>
    records.slice(place * each, (place + 1) * each),
  );
}

process.exitCode = await main();
