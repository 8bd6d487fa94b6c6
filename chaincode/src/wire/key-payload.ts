import { z } from 'zod';
import { curveWay, hybridWay } from './jwe-header.js';
import { base64UrlBytes, eventKey, fhirId, kid, version } from './primitives.js';

/** `typ` of the JWE that carries a record's key to the requester. */
export const KEY_TYP = 'consent-ledger-key+jwe';

const bound = { typ: z.literal(KEY_TYP), kid, event: eventKey } as const;

/** Protected header of that JWE: the key is bound to one event, and to the key that the request named. */
export const keyHeader = z.discriminatedUnion('alg', [
  z.strictObject({ ...bound, ...curveWay }),
  z.strictObject({ ...bound, ...hybridWay }),
]);
export type KeyHeader = z.infer<typeof keyHeader>;

/** Plaintext of that JWE, canonical JSON. */
export const keyPayload = z.strictObject({
  event: eventKey,
  record: fhirId,
  version,
  /** AES-256 key of that version of the record. */
  key: base64UrlBytes(32),
});
export type KeyPayload = z.infer<typeof keyPayload>;
