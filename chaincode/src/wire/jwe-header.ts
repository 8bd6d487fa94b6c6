import { z } from 'zod';
import { base64UrlBytes } from './primitives.js';

/*
 * The two ways of a JWE for one registered key, in its protected header, beside what binds it to its use. Which of the two it is follows from
 * that key as the ledger has it, and from nothing that anybody sends.
 */

/** RFC 7518, sections 4.6 and 5.3. */
export const curveWay = {
  alg: z.literal('ECDH-ES+A256KW'),
  enc: z.literal('A256GCM'),
  epk: z.strictObject({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: base64UrlBytes(32),
    y: base64UrlBytes(32),
  }),
} as const;

/** draft-skokan-jose-hpke-pq-pqt. */
export const hybridWay = { alg: z.literal('HPKE-10') } as const;
