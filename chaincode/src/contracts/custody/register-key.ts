import type { OpenCustody } from '../../state/index.js';
import type { CommandOf, GivenKey, PersonJwk, SubjectKey } from '../../wire/index.js';
import { decodeBase64Url } from '../../wire/base64url.js';
import { SCHEMA_VERSION } from '../../wire/canonical.js';
import { keyContent } from '../../wire/evidence/contents.js';
import { readCoseKey } from '../../wire/evidence/cose-key.js';
import { isUsablePersonKey } from '../../wire/evidence/person-key.js';
import { MAX_SIGNATURE_AGE, keyInForce, verifySignature } from '../../wire/evidence/verify-evidence.js';
import { instantOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import { personKeyId } from '../../wire/values/subject-keys.js';
import type { Call } from '../call.js';
import { checkEvidence, count, evidenceState } from '../evidence/check-evidence.js';
import { requireSubject } from './register-subject.js';

/**
 * Registers a key in a subject's name: witnessed, or signed by a key that the subject has already. The new key
 * signs the same statement, so that nobody registers a key that is another's. A replacement ends the key whose
 * place it takes; where it is signed, it is by that one.
 */
export async function registerKey(
  call: Call,
  open: OpenCustody,
  { subject, key: given, replaces, evidence, possession }: CommandOf<'register-key'>,
): Promise<void> {
  const { values } = open;
  const jwk = jwkOf(given);
  const key = personKeyId(jwk);
  await requireSubject(open, subject);
  if ((await values.get('key', subject, key)) !== undefined) {
    throw new Refusal('subject-key-already-registered');
  }
  const state = await evidenceState(call, open);
  if (replaces !== undefined) await keyInForce(state, subject, replaces);

  const relyingParty = given.kind === 'passkey' ? given.relyingParty : undefined;
  const content = keyContent({ key, replaces, relyingParty });
  const act = { subject, content, maxAge: MAX_SIGNATURE_AGE } as const;
  const signature = await checkEvidence(call, open, evidence, act);
  if (replaces !== undefined && signature !== undefined && signature.key.key !== replaces) {
    throw new Refusal('evidence-not-accepted', ['$.evidence.proof']);
  }

  const at = instantOf(call.at);
  const value: Omit<SubjectKey, 'v' | 'salt'> = {
    subject,
    key,
    jwk,
    ...(given.kind === 'passkey' && {
      passkey: { credential: given.credential, relyingParty: given.relyingParty },
    }),
    ...(replaces !== undefined && { replaces }),
    evidence,
    possession,
    registeredAt: at,
    registeredBy: call.caller.mspId,
  };
  const holder = { ...value, v: SCHEMA_VERSION, salt: '' } as const;
  const own = verifySignature(state, possession, holder, { ...act, at: call.at });
  await count(open, holder, own.count);
  values.put('key', [subject, key], value);
  if (replaces !== undefined) {
    values.put('keyend', [subject, replaces], {
      subject,
      key: replaces,
      reason: 'replaced',
      evidence,
      endedAt: at,
      endedBy: call.caller.mspId,
    });
  }
}

/** @throws Refusal `subject-key-unusable` */
function jwkOf(given: GivenKey): PersonJwk {
  const cose = given.kind === 'passkey' ? decodeBase64Url(given.cose) : undefined;
  const jwk = given.kind === 'jwk' ? given.jwk : cose && readCoseKey(cose);
  if (jwk === undefined || !isUsablePersonKey(jwk)) {
    throw new Refusal('subject-key-unusable', [given.kind === 'jwk' ? '$.key.jwk' : '$.key.cose']);
  }
  return jwk;
}
