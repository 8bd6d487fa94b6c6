import { hash } from 'node:crypto';
import { decodeBase64Url, encodeBase64Url } from '../base64url.js';
import type { PasskeyProof } from '../values/evidence.js';
import type { SubjectKey } from '../values/subject-keys.js';
import { isSignedByPerson } from './person-key.js';
import { statementChallenge, type Statement } from './statement.js';

/** What is wrong with an assertion, by its part. */
export type AssertionFault =
  | 'key'
  | 'clientData'
  | 'origin'
  | 'relyingParty'
  | 'flags'
  | 'userPresence'
  | 'userVerification'
  | 'signature';

export type AssertionVerdict =
  | {
      readonly ok: true;
      /** Sign counter; 0 where the authenticator counts nothing. */ readonly count: number;
    }
  | { readonly ok: false; readonly fault: AssertionFault };

/** Layout of authenticator data without attested credential and extensions (WebAuthn section 6.1). */
const RP_ID_HASH_BYTES = 32;
const FLAGS_AT = 32;
const COUNT_AT = 33;
const AUTHENTICATOR_DATA_BYTES = 37;

const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
const BACKUP_ELIGIBLE = 0x08;
const BACKED_UP = 0x10;
/** Everything else is reserved, or says that something follows, which was not asked for. */
const KNOWN_FLAGS = USER_PRESENT | USER_VERIFIED | BACKUP_ELIGIBLE | BACKED_UP;

/**
 * Verifies an assertion (WebAuthn section 7.2) of a registered passkey over a statement: the challenge is the
 * statement's hash. Beyond the standard, a person must have been verified, the page must not have been framed by
 * another origin, and authenticator data has one layout.
 */
export function verifyAssertion(
  proof: PasskeyProof,
  statement: Statement,
  { key, jwk, passkey }: SubjectKey,
): AssertionVerdict {
  if (passkey === undefined || proof.key !== key) return refused('key');
  const clientData = decodeBase64Url(proof.clientData);
  const authenticatorData = decodeBase64Url(proof.authenticatorData);
  const signature = decodeBase64Url(proof.signature);
  if (clientData === undefined || signature === undefined) return refused('signature');
  if (authenticatorData?.length !== AUTHENTICATOR_DATA_BYTES) return refused('flags');

  const { id, origins } = passkey.relyingParty;
  const challenge = encodeBase64Url(statementChallenge(statement));
  const faultOfClient = clientDataFault(clientData, challenge, origins);
  if (faultOfClient !== undefined) return refused(faultOfClient);

  const rpIdHash = hash('sha256', id, 'buffer');
  if (!authenticatorData.subarray(0, RP_ID_HASH_BYTES).equals(rpIdHash)) return refused('relyingParty');
  const flags = authenticatorData.readUInt8(FLAGS_AT);
  if ((flags & ~KNOWN_FLAGS) !== 0) return refused('flags');
  if ((flags & BACKED_UP) !== 0 && (flags & BACKUP_ELIGIBLE) === 0) return refused('flags');
  if ((flags & USER_PRESENT) === 0) return refused('userPresence');
  if ((flags & USER_VERIFIED) === 0) return refused('userVerification');

  const signed = Buffer.concat([authenticatorData, hash('sha256', clientData, 'buffer')]);
  if (!isSignedByPerson(jwk, signed, signature)) return refused('signature');
  return { ok: true, count: authenticatorData.readUInt32BE(COUNT_AT) };
}

/**
 * Section 6.1.1: a counter that does not grow tells of a second authenticator with the same key. Passkeys that are
 * kept in step between devices count nothing and always say 0.
 */
export function isCounterPlausible(count: number, highest: number): boolean {
  return count > highest || (count === 0 && highest === 0);
}

/**
 * Client data must begin as browsers write it (section 5.8.1.1, and 5.8.1.2 "limited verification"), and as JSON say
 * the same: so no two readers can understand it differently.
 */
function clientDataFault(
  bytes: Buffer,
  challenge: string,
  origins: readonly string[],
): 'clientData' | 'origin' | undefined {
  const text = utf8Of(bytes);
  const parsed = text === undefined ? undefined : parseObject(text);
  if (text === undefined || parsed === undefined) return 'clientData';
  const origin = parsed.get('origin');
  if (typeof origin !== 'string' || !origins.includes(origin)) return 'origin';
  const head = `{"type":"webauthn.get","challenge":"${challenge}","origin":"${origin}"`;
  const says = parsed.get('type') === 'webauthn.get' && parsed.get('challenge') === challenge;
  if (!says || !text.startsWith(head) || !/^[,}]/.test(text.slice(head.length))) return 'clientData';
  const isFramed = parsed.has('topOrigin') || (parsed.get('crossOrigin') ?? false) !== false;
  return isFramed ? 'origin' : undefined;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8Of(bytes: Buffer): string | undefined {
  try {
    return UTF8.decode(bytes);
  } catch {
    return undefined; // Not UTF-8.
  }
}

function parseObject(text: string): ReadonlyMap<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    return new Map(Object.entries(value));
  } catch {
    return undefined; // Not JSON.
  }
}

function refused(fault: AssertionFault): AssertionVerdict {
  return { ok: false, fault };
}
