import {
  REQUEST_CLOCK_TOLERANCE_SECONDS,
  openEntry,
  sha256,
  type JournalClaims,
  type Member,
} from '@consent-ledger/chaincode/wire';
import type { Journal, JournalEntry } from '../../ports/journal.js';
import type { User } from '../../ports/token-verifier.js';
import { openReceived, sendReceipt, type AskOptions, type OpenedByJournal } from '../ask-for-records.js';
import { spoolRecords, type Received, type Sent, type SpooledRecords } from '../receive-release.js';
import { Refusal } from '../refusal.js';
import type { Asked } from '../request-object.js';

export interface AskByJournalOptions extends AskOptions {
  readonly journal: Journal;
  /** A member as the own peer has it. */
  readonly member: (mspId: string) => Member | undefined;
}

/** Codes that an ordinary request in an emergency may end with because the ledger is out of reach. */
const OUT_OF_REACH: ReadonlySet<string> = new Set(['ledger-unavailable', 'custodian-unavailable']);
/** Then what the ordinary request was told is what the user is told. */
const NOT_BY_JOURNAL: ReadonlySet<string> = new Set([
  'journal-off',
  'ledger-within-reach',
  'custodian-unavailable',
]);
const BREAK_GLASS = 'BTG';

/** Whether what an ordinary request was told may be for want of the ledger, and an emergency that the custodian may answer without it. */
export function mayAskByJournal({ emergency, purpose, search, study }: Asked, error: unknown): boolean {
  const isEmergency = emergency !== undefined && purpose.includes(BREAK_GLASS);
  const isPlain = search === undefined && study === undefined;
  return isEmergency && isPlain && error instanceof Refusal && OUT_OF_REACH.has(error.code);
}

/**
 * Asks a custodian in an emergency while the ledger is out of reach. Nothing is opened before both entries, the custodian's and the own
 * one, are on this gateway's disk. `refused` is what the ordinary request was told.
 */
export async function askByJournal(
  asked: Asked,
  user: User,
  signal: AbortSignal,
  refused: unknown,
  options: AskByJournalOptions,
): Promise<OpenedByJournal> {
  const sent = await options.signer.sign(asked, user);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(options.releaseMs)]);
  const spooled: SpooledRecords = new Map();
  try {
    const opened = await take(sent, spooled, deadline, options);
    return opened;
  } catch (error) {
    await Promise.all([...spooled.values()].map(({ ciphertext }) => ciphertext.discard()));
    if (error instanceof Refusal && NOT_BY_JOURNAL.has(error.code)) throw refused;
    throw error;
  }
}

async function take(
  sent: Sent,
  spooled: SpooledRecords,
  deadline: AbortSignal,
  options: AskByJournalOptions,
): Promise<OpenedByJournal> {
  const { journal, keys, log, now, peers } = options;
  const custodian = sent.claims.aud;
  const frames = peers.requestByJournal(custodian, sent.text, deadline);
  const last = await spoolRecords(frames, sent, spooled, options);
  if (last.frame !== 'journalled') throw new Refusal('release-broken');
  const theirs = verified(last.entry, sent, spooled, options);
  const own = await journal.append({
    role: 'requester',
    body: { ...bodyOf(theirs), iat: Math.floor(now() / 1_000), answers: sha256(last.entry) },
    request: sent.text,
    other: last.entry,
  });
  log.warn('journal.kept', { member: custodian, count: theirs.records.length });
  const given = await peers.sendJournalEntry(custodian, sent.claims.jti, own.entry, deadline);
  journal.settled(own.seq);
  const received: Received[] = [];
  for (const { record, jwe } of given.keys) {
    const arrived = spooled.get(record);
    const payload = await keys.openKey(jwe, theirs.event);
    const isIt = payload.record === record && payload.version === arrived?.start.version;
    if (arrived === undefined || !isIt) throw new Refusal('release-broken');
    const { start, ciphertext } = arrived;
    const { version, mediaType, amendments = [] } = start;
    const key = Buffer.from(payload.key, 'base64url');
    received.push({ record, version, mediaType, ciphertext, key, amendments, profile: undefined });
  }
  return openedBy(own, theirs, sha256(last.entry), received, spooled, options);
}

async function openedBy(
  { claims: { custodian, jti } }: JournalEntry,
  theirs: JournalClaims,
  journal: string,
  received: readonly Received[],
  spooled: SpooledRecords,
  options: AskByJournalOptions,
): Promise<OpenedByJournal> {
  const kept = new Set(received.map(({ record }) => record));
  const others = [...spooled].filter(([record]) => !kept.has(record));
  await Promise.all(others.map(([, { ciphertext }]) => ciphertext.discard()));
  // It is brought when the event is there to be delivered on.
  void sendReceipt(custodian, jti, { key: theirs.event, received, withheld: [] }, options);
  return {
    key: theirs.event,
    event: { records: theirs.records },
    journal,
    withheld: [],
    records: received.map((one) => openReceived(one, custodian)),
    close: async () => {
      await Promise.all(received.map(({ ciphertext }) => ciphertext.discard()));
    },
  };
}

/**
 * The custodian's own word on this very request, while that was in force, about what it sent. Where it is in force no more no key comes, and the
 * own entry could not be put on the ledger: none is made. Throws a Refusal `release-broken` otherwise.
 */
function verified(
  entry: string,
  { text, claims }: Sent,
  spooled: SpooledRecords,
  { ledgerId, member, now }: AskByJournalOptions,
): JournalClaims {
  const theirs = openEntry(entry, claims.aud, { members: member });
  const isOfRequest =
    theirs?.ledger === ledgerId &&
    theirs.custodian === claims.aud &&
    theirs.requester === claims.iss &&
    theirs.jti === claims.jti &&
    theirs.request === sha256(text) &&
    theirs.answers === undefined &&
    theirs.iat >= claims.iat - REQUEST_CLOCK_TOLERANCE_SECONDS &&
    theirs.iat < claims.exp &&
    now() < claims.exp * 1_000;
  if (!isOfRequest) throw new Refusal('release-broken');
  const isSent = theirs.records.every(
    ({ record, outcome, version }) => outcome === 'permit' && spooled.get(record)?.start.version === version,
  );
  if (!isSent) throw new Refusal('release-broken');
  return theirs;
}

/** What both sign alike. */
function bodyOf(
  theirs: JournalClaims,
): Omit<JournalClaims, 'iss' | 'chain' | 'seq' | 'prev' | 'answers' | 'iat'> {
  const { ledger, custodian, requester, jti, event, request, due, height, records } = theirs;
  return { ledger, custodian, requester, jti, event, request, due, height, records };
}
