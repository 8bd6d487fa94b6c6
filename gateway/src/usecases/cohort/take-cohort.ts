import type { SearchClaims } from '@consent-ledger/chaincode/wire';
import type { CohortLine, CohortSummary } from '@consent-ledger/chaincode/wire/http';
import type { ParticipationRow, Trials } from '../../ports/trials.js';
import type { User } from '../../ports/token-verifier.js';
import type { ReleaseFrame } from '../../release/frames.js';
import { openedOf, sendReceipt, type AskOptions, type Opened } from '../ask-for-records.js';
import { outsideRuns } from '../idempotent-run.js';
import { profileOwed } from '../profile-owed.js';
import { receiveRelease, type Sent } from '../receive-release.js';
import { Refusal } from '../refusal.js';

/** What a sponsor's researcher takes from one site: of all its participants, or of one. */
export interface CohortAsked {
  readonly study: string;
  /** MSP id. */
  readonly site: string;
  readonly purpose: readonly string[];
  /** Pseudonym in the study; undefined: of all. */
  readonly person: string | undefined;
  readonly filter: Pick<SearchClaims, 'resourceType' | 'codes' | 'authored'>;
}

export interface TakeCohortOptions extends AskOptions {
  readonly trials: Pick<Trials, 'find' | 'list'>;
}

interface Turn {
  readonly person: string;
  readonly after?: string;
}

interface Taken {
  readonly person: string;
  /** Undefined where the site could not decide or answer. */
  readonly opened: Opened | undefined;
  readonly next: string | undefined;
}

/** Requests in one call, so that a site decides them in one transaction. */
const BATCH = 100;
/** Calls under way at one time. */
const IN_FLIGHT = 4;
const MOST_RECORDS = 50;
/** Under the least that a gateway takes of JSON (`limits.jsonBytes`), with room for what is around. */
const BODY_BYTES = 200 * 1024;
/** One resource, pseudonymised: what is larger is none. */
const MOST_BYTES = 64 * 1024 ** 2;
const ASKED_FOR = ['consented', 'active'];

/**
 * Takes the data of a site's participants, line by line, and ends with how many were released and how many left out: each is asked for
 * by a signed request of its own and decided by itself; whom nothing came of is counted and not named. No more than {@link IN_FLIGHT} calls'
 * records are here at a time, encrypted, on the spool. Throws a Refusal.
 */
export async function* takeCohort(
  asked: CohortAsked,
  user: User,
  signal: AbortSignal,
  options: TakeCohortOptions,
): AsyncGenerator<CohortLine | CohortSummary> {
  options.chain.requireReach();
  const count = { participants: 0, released: new Set<string>(), records: 0, withheld: 0, failed: 0 };
  const underWay: Promise<Taken[]>[] = [];
  const stop = new AbortController();
  const ending = AbortSignal.any([signal, stop.signal]);
  const turns = turnsOf(asked, count, options);
  const again: Turn[] = [];
  const begin = (): void => {
    while (underWay.length < IN_FLIGHT) {
      const batch = again.splice(0, BATCH);
      for (let next = turns.next(); !next.done; next = turns.next()) {
        batch.push(next.value);
        if (batch.length >= BATCH) break;
      }
      if (batch.length === 0) return;
      const taking = outsideRuns(() => takeBatch(batch, asked, user, ending, options));
      taking.catch(() => undefined);
      underWay.push(taking);
    }
  };
  try {
    begin();
    for (let first = underWay.shift(); first !== undefined; first = underWay.shift()) {
      const taken = await first;
      for (const { person, next } of taken) if (next !== undefined) again.push({ person, after: next });
      begin();
      try {
        for (const { person, opened } of taken) {
          if (opened === undefined) {
            count.failed += 1;
            continue;
          }
          count.withheld += opened.withheld.length;
          if (opened.records.length > 0) count.released.add(person);
          for await (const line of linesOf(person, opened)) {
            count.records += 1;
            yield line;
          }
        }
      } finally {
        await closeAll(taken);
      }
    }
  } finally {
    stop.abort();
    for (const taking of underWay) await taking.then(closeAll, () => undefined);
  }
  const { participants, records, withheld, failed, released } = count;
  const leftOut = participants - released.size;
  yield { summary: { participants, released: released.size, leftOut, records, withheld, failed } };
}

/** Those who may be asked for as the own peer knows them; the site's decision is what counts. Everybody is counted. */
function* turnsOf(
  { study, site, person }: CohortAsked,
  count: { participants: number },
  { trials }: TakeCohortOptions,
): Generator<Turn> {
  if (person !== undefined) {
    count.participants = 1;
    const row = trials.find(study, person);
    if (row !== undefined && isAskedFor(row)) yield { person };
    return;
  }
  let after = '';
  for (;;) {
    const rows = trials.list(study, { site, after, limit: 1_000 });
    for (const row of rows) {
      count.participants += 1;
      if (isAskedFor(row)) yield { person: row.person };
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.person;
  }
}

function isAskedFor({ status }: ParticipationRow): boolean {
  return ASKED_FOR.includes(status);
}

async function takeBatch(
  turns: readonly Turn[],
  { study, site, purpose, filter }: CohortAsked,
  user: User,
  signal: AbortSignal,
  options: TakeCohortOptions,
): Promise<Taken[]> {
  const sent = await Promise.all(
    turns.map(({ person, after }) => {
      const search: SearchClaims = {
        person: `participant/${person}`,
        ...filter,
        ...(after === undefined ? {} : { after }),
        limit: MOST_RECORDS,
      };
      return options.signer.sign({ custodian: site, records: [], search, purpose, study }, user);
    }),
  );
  const taken: Taken[] = [];
  try {
    for (const part of partsOf(sent)) {
      const texts = part.map(({ text }) => text);
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(options.releaseMs)]);
      const frames = options.peers.requestCohort(site, texts, deadline);
      const persons = turns.slice(taken.length).map(({ person }) => person);
      taken.push(...(await receiveAll(frames, persons, part, site, options)));
    }
    return taken;
  } catch (error) {
    await closeAll(taken);
    throw error;
  }
}

/** As many in one body as every gateway takes, whatever the requests carry. */
function* partsOf<Item extends Sent>(sent: readonly Item[]): Generator<readonly Item[]> {
  let part: Item[] = [];
  let bytes = 0;
  for (const one of sent) {
    if (part.length > 0 && bytes + one.text.length > BODY_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(one);
    bytes += one.text.length;
  }
  if (part.length > 0) yield part;
}

/** All answers of one stream, in their order; one that failed at the site is none. Whatever breaks the stream discards all of them. */
async function receiveAll(
  frames: AsyncIterable<ReleaseFrame>,
  persons: readonly string[],
  sent: readonly Sent[],
  site: string,
  options: TakeCohortOptions,
): Promise<Taken[]> {
  const iterator = frames[Symbol.asyncIterator]();
  const taken: Taken[] = [];
  try {
    for (const [place, request] of sent.entries()) {
      const person = persons[place] ?? '';
      const head = await iterator.next();
      if (head.done === true || head.value.frame !== 'answer' || head.value.place !== place)
        throw new Refusal('release-broken');
      taken.push(await receiveOne(iterator, person, request, site, options));
    }
    return taken;
  } catch (error) {
    await closeAll(taken);
    throw error;
  } finally {
    await iterator.return?.();
  }
}

async function receiveOne(
  iterator: AsyncIterator<ReleaseFrame>,
  person: string,
  sent: Sent,
  site: string,
  options: TakeCohortOptions,
): Promise<Taken> {
  const last = { failed: false };
  // Its answer ends with a frame of its own: the stream goes on.
  const answer: AsyncIterable<ReleaseFrame> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const next = await iterator.next();
        last.failed = next.done !== true && next.value.frame === 'failed';
        return next;
      },
    }),
  };
  try {
    const answered = await receiveRelease(answer, sent, options);
    void sendReceipt(site, sent.claims.jti, answered, options);
    return { person, opened: openedOf(answered, site), next: answered.next };
  } catch (error) {
    if (last.failed) return { person, opened: undefined, next: undefined };
    throw error;
  }
}

async function* linesOf(
  person: string,
  { event, key, transaction, block, records }: Opened,
): AsyncGenerator<CohortLine> {
  for (const { record, version, content, bytes } of records) {
    const logged = event.records.find((one) => one.record === record);
    const profile = logged === undefined ? undefined : profileOwed(logged);
    // What is not pseudonymised is not what was asked for, whoever sent it.
    if (profile === undefined || bytes > MOST_BYTES) throw new Refusal('release-broken');
    const resource = await resourceOf(content());
    yield { participant: person, record, version, event: key, transaction, block, profile, resource };
  }
}

async function resourceOf(content: AsyncIterable<Uint8Array>): Promise<CohortLine['resource']> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of content) chunks.push(chunk);
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as CohortLine['resource'];
  } catch (cause) {
    throw new Refusal('release-broken', { cause });
  }
}

async function closeAll(taken: readonly Taken[]): Promise<void> {
  await Promise.all(taken.map(async ({ opened }) => opened?.close()));
}
