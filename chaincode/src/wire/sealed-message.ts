import { z } from 'zod';
import { base64UrlBytes, kid } from './primitives.js';

/** `typ` of the JWEs between gateways that carry what no ledger and no third party may read. */
export const MATCH_ASKED_TYP = 'consent-ledger-match+jwe';
export const MATCH_FOUND_TYP = 'consent-ledger-matched+jwe';

const named = { typ: z.enum([MATCH_ASKED_TYP, MATCH_FOUND_TYP]), kid } as const;

/** Protected header of such a JWE: for one registered key, in the way of that key, and for one use. */
export const sealedHeader = z.discriminatedUnion('alg', [
  z.strictObject({
    ...named,
    alg: z.literal('ECDH-ES+A256KW'),
    enc: z.literal('A256GCM'),
    epk: z.strictObject({
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      x: base64UrlBytes(32),
      y: base64UrlBytes(32),
    }),
  }),
  z.strictObject({ ...named, alg: z.literal('HPKE-10') }),
]);
export type SealedTyp = z.infer<typeof sealedHeader>['typ'];
