import { z } from 'zod';
import { BREAK_GLASS } from '../domain/purposes.js';
import { isBreakGlass, isEmergency } from './answer-request.js';
import { sha256 } from './canonical.js';
import { decodeBase64Url } from './base64url.js';
import { isSignedBy, openCompactJws } from './jws.js';
import { privateKey } from './keys.js';
import { base64UrlBytes, digest, eventKey, jti, ledgerId, mspId, numericDate } from './primitives.js';
import { MAX_RECORDS, REQUEST_CLOCK_TOLERANCE_SECONDS, type RequestClaims } from './request-object.js';
import { eventRecord, MAX_JOURNAL_LENGTH, type EventRecord } from './values/events.js';
import type { Custody } from './values/custody.js';
import type { Member } from './values/member.js';
import { verifyRequestObject, type AuthenticRequest, type RequestExpectations } from './verify-request.js';

/** `typ` of a journal entry. */
export const JOURNAL_TYP = 'consent-ledger-journal+jwt';

/**
 * An entry of a gateway's emergency journal (docs/architecture.md "The emergency journal"): what was released while the ledger was out of
 * reach. Custodian and requester each sign one; the requester's names the custodian's by its digest.
 */
export const journalClaims = z.strictObject({
  /** MSP id of who signs: custodian or requester. */
  iss: mspId,
  ledger: ledgerId,
  custodian: mspId,
  requester: mspId,
  /** Of the request. */
  jti,
  /** Key of the request's event. */
  event: eventKey,
  /** SHA-256 of the request object's text. */
  request: digest,
  iat: numericDate,
  /** By when it has to be on the ledger. */
  due: numericDate,
  /** Blocks that the custodian had followed: on what it decided. */
  height: z.int().min(0),
  /** What the custodian lets out, as an event says it. */
  records: z
    .array(eventRecord)
    .min(1)
    .max(MAX_RECORDS)
    .refine((records) => new Set(records.map(({ record }) => record)).size === records.length),
  /** The signer's journal, and the place of the entry in it. */
  chain: base64UrlBytes(16),
  seq: z.int().min(0),
  /** SHA-256 of the entry before; of the chain's name, before the first. */
  prev: digest,
  /** SHA-256 of the custodian's entry, in the requester's. */
  answers: digest.exactOptional(),
});
export type JournalClaims = z.infer<typeof journalClaims>;

/** What is put on the ledger of one release; without the requester's entry no key left. */
export interface JournalTexts {
  readonly request: string;
  readonly custodian: string;
  readonly requester?: string | undefined;
}

export interface JournalExpectations {
  readonly ledgerId: string;
  /** Of the custodian, with the policy that says whether it keeps a journal. */
  readonly custody: Custody;
  readonly members: (mspId: string) => Member | undefined;
  /** No entry is later, epoch milliseconds. */
  readonly at: number;
  /** Of the request, for who has verified signatures beforehand. */
  readonly isSigned?: RequestExpectations['isSigned'];
}

export type JournalRefusal = 'journal-off' | 'journal-refused';

/** A release without the ledger that was what it has to be. */
export interface Journalled {
  readonly kind: 'journalled';
  readonly request: AuthenticRequest;
  readonly custodian: JournalClaims;
  /** Absent: no key left. */
  readonly requester?: JournalClaims;
  /** When it was let out, epoch milliseconds. */
  readonly at: number;
}

export interface RefusedJournal {
  readonly kind: 'refused';
  readonly code: JournalRefusal;
  /** What is wrong; names nobody. */
  readonly why: string;
}

/**
 * Whether these are the entries of one release in an emergency while the ledger was out of reach, that the custodian's policy allows: both
 * signatures, the request's, and that it was an emergency as the policy has it. Endorsers, both gateways and the auditor use this one
 * function. What the custodian knew of consents is not judged again: that was its state at `height`, and its word.
 *
 * A key that was retired since still signs for what was released while it was good.
 */
export function verifyJournal(
  texts: JournalTexts,
  expected: JournalExpectations,
): Journalled | RefusedJournal {
  const { custody, ledgerId } = expected;
  const { custodian: mspId, policy } = custody;
  if (policy.emergencyJournal === undefined)
    return { kind: 'refused', code: 'journal-off', why: 'the custodian’s policy has no emergency journal' };
  const entry = openEntry(texts.custodian, mspId, expected);
  if (entry?.custodian !== mspId || entry.ledger !== ledgerId || entry.answers !== undefined)
    return refused('the custodian’s entry is not its own, or not of this ledger');
  const at = entry.iat * 1_000;
  if (at > expected.at + TOLERANCE_MS) return refused('the custodian’s entry is from the future');
  if (entry.due - entry.iat !== policy.emergencyJournal.withinMinutes * 60)
    return refused('the custodian’s entry has another time to be on the ledger than its policy');

  const request = verifyRequestObject(texts.request, {
    ledgerId,
    custodian: mspId,
    members: (id) => withAllKeys(expected.members(id)),
    purposeSystems: policy.purposeSystems,
    at,
    ...(expected.isSigned !== undefined && { isSigned: expected.isSigned }),
  });
  if (request.kind === 'refused') return refused(`the request is refused as ${request.code}`);
  if (
    request.digest !== entry.request ||
    request.claims.jti !== entry.jti ||
    request.claims.iss !== entry.requester
  )
    return refused('the custodian’s entry is of another request');
  if (entry.event !== eventKeyOf(custody, entry))
    return refused('the custodian’s entry names the event of another request');
  const why = notAnEmergency(request, entry.records, custody, at);
  if (why !== undefined) return refused(why);

  if (texts.requester === undefined) {
    if (expected.at < unansweredAt(entry, request.claims) * 1_000)
      return refused('the requester may still answer the custodian’s entry, and the key leave after it');
    return { kind: 'journalled', request, custodian: entry, at };
  }
  const answer = openAnswer(texts.requester, { text: texts.custodian, claims: entry }, expected);
  if (answer === undefined)
    return refused('the requester’s entry is not its own, or of another release or time');
  return { kind: 'journalled', request, custodian: entry, requester: answer, at };
}

/** The entry and who signed it; undefined where it is none, or that member's key did not sign it. */
export function openEntry(
  text: string,
  mspId: string,
  { members }: Pick<JournalExpectations, 'members'>,
): JournalClaims | undefined {
  const jws = openCompactJws(text, JOURNAL_TYP, MAX_JOURNAL_LENGTH);
  const claims = journalClaims.safeParse(jws?.claims);
  if (jws === undefined || !claims.success || claims.data.iss !== mspId) return undefined;
  const key = members(mspId)?.keys.find(({ kid, use }) => kid === jws.kid && use === 'sig');
  return key?.use === 'sig' && isSignedBy(jws, key.jwk) ? claims.data : undefined;
}

/** What the event of a release says of each record: without the requester's entry the request ran out, and no key left. */
export function journalledRecords({ custodian, requester }: Journalled): EventRecord[] {
  if (requester !== undefined) return [...custodian.records];
  return custodian.records.map(({ record }) => ({
    record,
    outcome: 'deny',
    code: 'request-expired',
    obligations: [],
  }));
}

/** The same, as it is logged. */
export function journalledReason({ requester }: Journalled): string {
  return requester === undefined ? 'request-expired' : 'break-glass';
}

/** The requester's entry that answers a custodian's: of the same release, at the same time; undefined where it does not. */
export function openAnswer(
  text: string,
  { text: answered, claims }: { readonly text: string; readonly claims: JournalClaims },
  expected: Pick<JournalExpectations, 'members'>,
): JournalClaims | undefined {
  const answer = openEntry(text, claims.requester, expected);
  const isAnswer = answer?.answers === sha256(answered) && isSameRelease(claims, answer);
  return isAnswer && Math.abs(answer.iat - claims.iat) <= MAX_APART_SECONDS ? answer : undefined;
}

/**
 * From when on no answer to a custodian's entry counts, epoch seconds: the request has run out by anybody's clock, and an answer would be too
 * far apart. Before, nothing may be on the ledger that says that no key left.
 */
export function unansweredAt(
  { iat }: Pick<JournalClaims, 'iat'>,
  { exp }: Pick<RequestClaims, 'exp'>,
): number {
  return Math.max(exp + REQUEST_CLOCK_TOLERANCE_SECONDS, iat + MAX_APART_SECONDS);
}

/** What is `prev` in the first entry of a chain. */
export function beginningOf(chain: string): string {
  return sha256(chain);
}

const TOLERANCE_MS = REQUEST_CLOCK_TOLERANCE_SECONDS * 1_000;
/** A request lives for five minutes, and so does what waits for the requester's entry. */
const MAX_APART_SECONDS = 300 + REQUEST_CLOCK_TOLERANCE_SECONDS;

function refused(why: string): RefusedJournal {
  return { kind: 'refused', code: 'journal-refused', why };
}

function eventKeyOf({ pepper }: Custody, { requester, jti: id }: JournalClaims): string {
  return privateKey('event', decodeBase64Url(pepper) ?? new Uint8Array(0), requester, id);
}

function withAllKeys(member: Member | undefined): Member | undefined {
  return member && { ...member, keys: member.keys.map((key) => ({ ...key, status: 'active' as const })) };
}

function isSameRelease(one: JournalClaims, other: JournalClaims): boolean {
  const digestOf = ({
    ledger,
    custodian,
    requester,
    jti,
    event,
    request,
    due,
    height,
    records,
  }: JournalClaims): string =>
    JSON.stringify([ledger, custodian, requester, jti, event, request, due, height, records]);
  return digestOf(one) === digestOf(other);
}

/** The emergency that the policy asks for, and what follows from it: the time of its review, and the end of the access. */
function notAnEmergency(
  { claims, standing }: AuthenticRequest,
  records: readonly EventRecord[],
  { policy }: Custody,
  at: number,
): string | undefined {
  if (standing !== 'current') return `the request was not in force (${standing})`;
  if (!claims.purpose.includes(BREAK_GLASS) || !isEmergency(claims, policy, at))
    return 'the request declares no emergency that the policy believes';
  if (!claims.roles.some((role) => policy.emergencyRoles.includes(role)))
    return 'the request is of nobody who may break the glass';
  if (claims.search !== undefined || records.some(({ record }) => !claims.records.includes(record)))
    return 'the custodian let out what was not asked for';
  const { emergencyAccess, reviewHours } = policy;
  const owed = (record: EventRecord, code: 'review-by' | 'expires-at', hours: number): boolean =>
    record.obligations.some((one) => one.code === code && Date.parse(one.at) === at + hours * HOUR_MS);
  const isOwed = records.every(
    (record) =>
      record.version !== undefined &&
      isBreakGlass(record) &&
      owed(record, 'review-by', reviewHours) &&
      (emergencyAccess === undefined || owed(record, 'expires-at', emergencyAccess.accessHours)),
  );
  return isOwed ? undefined : 'the custodian let it out without what a broken glass owes';
}

const HOUR_MS = 3_600_000;
