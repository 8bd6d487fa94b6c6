import { createHash } from 'node:crypto';
import {
  accessEvent,
  custodyCollection,
  decodeBase64Url,
  type AccessEvent,
  type RequestClaims,
} from '@consent-ledger/chaincode/wire';
import type { StandingDenial } from '../ports/amendments.js';
import type { MemberKeys } from '../ports/member-keys.js';
import type { Spool, Spooled } from '../ports/spool.js';
import type { JournalledFrame, RecordStart, ReleaseFrame, SettledFrame } from '../release/frames.js';
import type { Chain } from './chain.js';
import { profileOwed } from './profile-owed.js';
import { Refusal } from './refusal.js';

/** A record that came and whose key is here; nothing of it is opened yet. */
export interface Received {
  readonly record: string;
  readonly version: number;
  readonly mediaType: string;
  readonly ciphertext: Spooled;
  readonly key: Buffer;
  /** Denied requests to amend it that go with it, by the custodian's word. */
  readonly amendments: readonly StandingDenial[];
  /** Digest of the profile that it was pseudonymised by, as the event says. */
  readonly profile: string | undefined;
}

/** The answer to one request: its event, seen valid on the own peer, and what may be opened because of it. */
export interface Answered {
  readonly key: string;
  readonly event: AccessEvent;
  readonly transaction: string;
  readonly block: number;
  readonly received: readonly Received[];
  /** Permitted records that the custodian could not pseudonymise, and so did not send. */
  readonly withheld: readonly string[];
  /** Where a page of what was searched for goes on. */
  readonly next: string | undefined;
}

export interface ReceiveOptions {
  readonly spool: Spool;
  readonly chain: Pick<Chain, 'reached' | 'requireReach' | 'writtenHash'>;
  readonly keys: MemberKeys;
  /** Most bytes of one record's ciphertext. */
  readonly recordBytes: number;
  /** How long the own peer may take to have the event's block. */
  readonly eventMs: number;
}

/** What was asked, so that an answer to something else is none. */
export interface Sent {
  readonly text: string;
  readonly claims: RequestClaims;
}

/**
 * Takes a release stream in: spools the ciphertexts, checks their digests, and opens the keys only when the own peer has the
 * event, valid, with exactly the bytes that the custodian sent. On any failure nothing stays and nothing is opened.
 */
export async function receiveRelease(
  frames: AsyncIterable<ReleaseFrame>,
  sent: Sent,
  options: ReceiveOptions,
): Promise<Answered> {
  const spooled: SpooledRecords = new Map();
  try {
    const settled = await spoolRecords(frames, sent, spooled, options);
    if (settled.frame !== 'settled') throw new Refusal('release-broken');
    const event = await witness(settled, sent, options);
    const received: Received[] = [];
    for (const { record, jwe } of settled.keys) {
      const arrived = spooled.get(record);
      const permitted = event.records.find((one) => one.record === record && one.outcome === 'permit');
      if (arrived === undefined || permitted === undefined) throw new Refusal('release-broken');
      const payload = await options.keys.openKey(jwe, settled.event.key);
      const { start, ciphertext } = arrived;
      if (
        payload.record !== record ||
        payload.version !== start.version ||
        permitted.version !== start.version
      ) {
        throw new Refusal('release-broken');
      }
      const key = Buffer.from(payload.key, 'base64url');
      const { version, mediaType, amendments = [] } = start;
      const profile = profileOwed(permitted);
      received.push({ record, version, mediaType, ciphertext, key, amendments, profile });
    }
    await discardOthers(spooled, received);
    const { key, transaction, block } = settled.event;
    const { withheld = [], next } = settled;
    return { key, event, transaction, block, received, withheld, next };
  } catch (error) {
    await discardOthers(spooled, []);
    throw error;
  }
}

/** What has come, of each record. */
export type SpooledRecords = Map<string, { readonly start: RecordStart; readonly ciphertext: Spooled }>;

export async function spoolRecords(
  frames: AsyncIterable<ReleaseFrame>,
  sent: Sent,
  spooled: SpooledRecords,
  { spool, recordBytes }: Pick<ReceiveOptions, 'spool' | 'recordBytes'>,
): Promise<SettledFrame | JournalledFrame> {
  const iterator = frames[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next();
      if (next.done === true) throw new Refusal('release-broken');
      const frame = next.value;
      if (frame.frame === 'settled' || frame.frame === 'journalled') return frame;
      if (frame.frame === 'failed') throw refusalOfFailure(frame.problem.code);
      if (frame.frame !== 'record') throw new Refusal('release-broken');
      if (!mayCome(frame.record, sent.claims, spooled)) throw new Refusal('release-broken');
      if (frame.bytes > recordBytes) throw new Refusal('release-broken');
      const ciphertext = await spool.hold(ciphertextOf(iterator, frame.record), frame.bytes);
      spooled.set(frame.record, { start: frame, ciphertext });
      if (ciphertext.bytes !== frame.bytes || ciphertext.digest !== frame.digest)
        throw new Refusal('release-broken');
    }
  } finally {
    await iterator.return?.();
  }
}

/** Each once; of what is searched for only the custodian knows the names, and there are no more than were asked for. */
function mayCome(
  record: string,
  { records, search }: RequestClaims,
  spooled: ReadonlyMap<string, unknown>,
): boolean {
  if (spooled.has(record)) return false;
  return search === undefined ? records.includes(record) : spooled.size < search.limit;
}

/** The bytes up to the end of the record that was announced. */
async function* ciphertextOf(
  iterator: AsyncIterator<ReleaseFrame>,
  record: string,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) throw new Refusal('release-broken');
    if (next.value.frame === 'ciphertext') yield next.value.bytes;
    else if (next.value.frame === 'record-end' && next.value.record === record) return;
    else if (next.value.frame === 'failed') throw refusalOfFailure(next.value.problem.code);
    else throw new Refusal('release-broken');
  }
}

/** The custodian could not finish. What it says of itself is not this gateway's own failure. */
function refusalOfFailure(code: string): Refusal {
  const known = [
    'outcome-unknown',
    'request-replayed',
    'too-many-requests',
    'event-pending',
    'ledger-conflict',
    'access-denied',
    'ledger-within-reach',
  ] as const;
  return new Refusal(known.find((one) => one === code) ?? 'custodian-unavailable');
}

/**
 * The event, once the own peer has it: the block that the custodian names holds a valid transaction of that id which wrote the hash
 * of these very bytes under that very key. Nobody else's word counts.
 */
export async function witness(
  { event: claimed }: Pick<SettledFrame, 'event'>,
  { text, claims }: Sent,
  { chain, eventMs, keys }: Pick<ReceiveOptions, 'chain' | 'eventMs' | 'keys'>,
): Promise<AccessEvent> {
  const value = decodeBase64Url(claimed.value);
  if (value === undefined) throw new Refusal('release-broken');
  const event = parseEvent(value);
  const ours =
    event.custodian === claims.aud &&
    event.requester === claims.iss &&
    event.jti === claims.jti &&
    event.enc === keys.encryption.kid &&
    event.request === createHash('sha256').update(text).digest('base64url') &&
    sameRecords(event, claims);
  if (!ours) throw new Refusal('release-broken');
  await chain.reached(claimed.block + 1, eventMs);
  const collection = custodyCollection(claims.aud);
  const written = await chain.writtenHash(claimed.block, claimed.transaction, collection, claimed.key);
  if (written !== createHash('sha256').update(value).digest('hex')) throw new Refusal('release-broken');
  return event;
}

function parseEvent(value: Buffer): AccessEvent {
  try {
    return accessEvent.parse(JSON.parse(value.toString('utf8')));
  } catch (error) {
    throw new Refusal('release-broken', { cause: error });
  }
}

function sameRecords(event: AccessEvent, claims: RequestClaims): boolean {
  // What a search found, only its custodian can say.
  if (claims.search !== undefined) return true;
  return (
    event.records.length === claims.records.length &&
    claims.records.every((record) => event.records.some((one) => one.record === record))
  );
}

async function discardOthers(
  spooled: ReadonlyMap<string, { readonly ciphertext: Spooled }>,
  received: readonly Received[],
): Promise<void> {
  const kept = new Set(received.map(({ ciphertext }) => ciphertext));
  const others = [...spooled.values()].filter(({ ciphertext }) => !kept.has(ciphertext));
  await Promise.all(others.map(({ ciphertext }) => ciphertext.discard()));
}
