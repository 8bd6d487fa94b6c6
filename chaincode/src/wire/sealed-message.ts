import { z } from 'zod';
import { curveWay, hybridWay } from './jwe-header.js';
import { kid } from './primitives.js';

/** `typ` of the JWEs between gateways that carry what no ledger and no third party may read. */
export const MATCH_ASKED_TYP = 'consent-ledger-match+jwe';
export const MATCH_FOUND_TYP = 'consent-ledger-matched+jwe';

const named = { typ: z.enum([MATCH_ASKED_TYP, MATCH_FOUND_TYP]), kid } as const;

/** Protected header of such a JWE: for one registered key, in the way of that key, and for one use. */
export const sealedHeader = z.discriminatedUnion('alg', [
  z.strictObject({ ...named, ...curveWay }),
  z.strictObject({ ...named, ...hybridWay }),
]);
export type SealedTyp = z.infer<typeof sealedHeader>['typ'];
