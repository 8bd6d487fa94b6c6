import { createHmac, hash, type KeyObject } from 'node:crypto';

/** Kinds of private values that are found under a derived key. */
export const PRIVATE_KINDS = [
  'subject',
  'descriptor',
  'consent',
  'policies',
  'event',
  'details',
  'delivery',
  'review',
  'withdrawal',
  'withdrawn',
  'key',
  'keyend',
  'keycount',
  'delegation',
  'delegationend',
  'slip',
  'erasure',
  'enrolment',
  'terms',
  'participation',
  'stopping',
  'basis',
  'basisproposals',
  'amendment',
  'amendmenttold',
] as const;
export type PrivateKind = (typeof PRIVATE_KINDS)[number];

/** Literal key of the value that holds a custody collection's pepper. */
export const CUSTODY_KEY = 'custody';

/** Literal key of the value that holds a study collection's pepper. */
export const STUDIES_KEY = 'studies';

/** Public keys. */
export const LEDGER_KEY = 'ledger';
export const EPOCH_KEY = 'epoch';
export const MEMBER_PREFIX = 'member/';

export const STUDY_PREFIX = 'study/';

export function studyKey(study: string): string {
  return STUDY_PREFIX + study;
}

export const AGREEMENT_PREFIX = 'agreement/';
export const AGREEMENT_PROPOSAL_PREFIX = 'agreement-proposal/';
export const AGREEMENT_VERSION_PREFIX = 'agreement-version/';
export const LEGAL_BASIS_PREFIX = 'legal-basis/';
export const LEGAL_BASIS_PROPOSAL_PREFIX = 'legal-basis-proposal/';
export const LEGAL_BASIS_VERSION_PREFIX = 'legal-basis-version/';

export const JOURNAL_PREFIX = 'journal/';

/** A member's commitment to one entry of its emergency journal. */
export function journalKey(mspId: string, chain: string, seq: number): string {
  return `${JOURNAL_PREFIX}${mspId}/${chain}/${ordered(seq)}`;
}

/** Which emergency journals a member has begun. */
export function journalChainsKey(mspId: string): string {
  return `journal-chains/${mspId}`;
}

/** Two members in the order of their MSP ids as texts, so that there is one name for the pair. */
export function partiesOf(one: string, other: string): [string, string] {
  return one < other ? [one, other] : [other, one];
}

/** What is in force between two members, or was last. */
export function agreementKey(one: string, other: string): string {
  return AGREEMENT_PREFIX + partiesOf(one, other).join('/');
}

/** What one of two members proposes to the other. */
export function agreementProposalKey(one: string, other: string): string {
  return AGREEMENT_PROPOSAL_PREFIX + partiesOf(one, other).join('/');
}

/** One version, written once. */
export function agreementVersionKey(one: string, other: string, version: number): string {
  return `${AGREEMENT_VERSION_PREFIX}${partiesOf(one, other).join('/')}/${ordered(version)}`;
}

export function legalBasisKey(basis: string): string {
  return LEGAL_BASIS_PREFIX + basis;
}

export function legalBasisProposalKey(basis: string): string {
  return LEGAL_BASIS_PROPOSAL_PREFIX + basis;
}

/** One version, written once. */
export function legalBasisVersionKey(basis: string, version: number): string {
  return `${LEGAL_BASIS_VERSION_PREFIX}${basis}/${ordered(version)}`;
}

/** Sorts as a text like the number sorts. */
function ordered(version: number): string {
  return version.toString().padStart(9, '0');
}

export function memberKey(mspId: string): string {
  return MEMBER_PREFIX + mspId;
}

/** Public key that makes a member's name unique: its value names the MSP that has it. */
export function memberNameKey(name: string): string {
  return `name/${name}`;
}

const SEPARATOR = '\0';

/**
 * Key of a private value: `<kind>/<hex HMAC-SHA256(pepper, kind 0x00 id)>`. Without the pepper nobody can
 * guess it, though anyone on the channel may ask for the hash of any key's value. An id of several parts is
 * joined by 0x00, which no part can contain: `event` takes member and jti, `delivery` the event's key and the
 * record's id, `consent` the version where it is not the first, `slip` consent and member, `erasure` the word `subject` or
 * `record` and the id of what is erased, `enrolment` study and subject, `participation` and `stopping` study and the
 * participant's pseudonym, `basis` subject, the basis's id and version, `amendmenttold` the amendment and the event's key.
 *
 * @param pepper 32 bytes, from the value at {@link CUSTODY_KEY}; the same object, or a KeyObject, where many keys are made
 */
export function privateKey(
  kind: PrivateKind,
  pepper: Uint8Array | KeyObject,
  ...id: readonly [string, ...string[]]
): string {
  const text = kind + SEPARATOR + id.join(SEPARATOR);
  const hmac = isBytes(pepper)
    ? hmacOfText(pepper, text)
    : createHmac('sha256', pepper).update(text).digest('hex');
  return `${kind}/${hmac}`;
}

function isBytes(key: Uint8Array | KeyObject): key is Uint8Array {
  return key instanceof Uint8Array;
}

const BLOCK_BYTES = 64;

/** Beginnings of the two hashes of an HMAC under a key that is used again and again. */
const pads = new WeakMap<Uint8Array, { readonly inner: Buffer; readonly outer: Buffer }>();

/**
 * HMAC-SHA256 (RFC 2104) as hex. Two hashes of a few bytes cost a tenth of what Node takes to set an HMAC up, and a replay makes millions.
 */
function hmacOfText(key: Uint8Array, text: string): string {
  let known = pads.get(key);
  if (known === undefined) {
    const short = key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key;
    const pad = (byte: number): Buffer =>
      Buffer.alloc(BLOCK_BYTES, byte).map((each, at) => each ^ (short[at] ?? 0)) as Buffer;
    known = { inner: pad(0x36), outer: pad(0x5c) };
    pads.set(key, known);
  }
  const inner = hash('sha256', Buffer.concat([known.inner, Buffer.from(text)]), 'buffer');
  return hash('sha256', Buffer.concat([known.outer, inner]), 'hex');
}

const PERSON_BYTES = 16;

/**
 * A subject's pseudonym in the slips of one member, so that what two members were handed does not tell them that it is one
 * person: HMAC-SHA256(pepper, "slip-person" 0x00 subject 0x00 member), cut to 16 bytes, as base64url.
 */
export function slipPerson(pepper: Uint8Array | KeyObject, subject: string, member: string): string {
  const text = ['slip-person', subject, member].join(SEPARATOR);
  return createHmac('sha256', pepper).update(text).digest().subarray(0, PERSON_BYTES).toString('base64url');
}

/**
 * The secret of one study at one site: HMAC-SHA256(pepper of the site's custody, "study-secret" 0x00 study). Whoever has that of one
 * study can tell nothing of another.
 */
function studySecret(pepper: Uint8Array | KeyObject, study: string): Buffer {
  return createHmac('sha256', pepper).update(['study-secret', study].join(SEPARATOR)).digest();
}

/**
 * 32 bytes that only the site and its oversight can tell, for one use in one study: HMAC-SHA256(the study's secret, use 0x00 text).
 * No subject's id contains 0x00, so that these are never a pseudonym.
 */
export function studySecretFor(
  pepper: Uint8Array | KeyObject,
  study: string,
  use: string,
  text: string,
): Buffer {
  return createHmac('sha256', studySecret(pepper, study)).update([use, text].join(SEPARATOR)).digest();
}

/** A participant's pseudonym in one study: HMAC-SHA256(the study's secret, subject), cut to 16 bytes, as base64url. */
export function studyPerson(pepper: Uint8Array | KeyObject, study: string, subject: string): string {
  const hmac = createHmac('sha256', studySecret(pepper, study)).update(subject);
  return hmac.digest().subarray(0, PERSON_BYTES).toString('base64url');
}

/** The pseudonym that a slip has: a study's consent knows its participant by that study's, so that none joins two studies. */
export function personInSlip(
  pepper: Uint8Array | KeyObject,
  subject: string,
  { member, study }: { readonly member: string; readonly study?: string | undefined },
): string {
  return study === undefined ? slipPerson(pepper, subject, member) : studyPerson(pepper, study, subject);
}

const SALT_BYTES = 16;

/** Salt of one private value: HMAC-SHA256(command's salt, key), cut to 16 bytes, as base64url. */
export function valueSaltFor(commandSalt: Uint8Array | KeyObject, key: string): string {
  return createHmac('sha256', commandSalt).update(key).digest().subarray(0, SALT_BYTES).toString('base64url');
}
