import { z } from 'zod';
import { base64UrlBytes, fhirId, instant, mspId, valueSalt, version, withdrawnKey } from '../primitives.js';
import { compiledPolicy } from './compiled-policy.js';

/**
 * Private value `slip`: what one member may know of a consent that names it. The custodian hands the bytes over, and the
 * member compares their hash with its own peer's.
 */
export const slip = z.strictObject({
  v: z.literal(1),
  salt: valueSalt,
  consent: fhirId,
  /** The newest version that changed anything for the member. */
  version,
  /** MSP id. */
  custodian: mspId,
  /** MSP id of the member that it is for. */
  member: mspId,
  /** The study that the consent is for. */
  study: fhirId.exactOptional(),
  /** The subject's pseudonym towards this member and nobody else; of a study's consent that in the study. */
  person: base64UrlBytes(16),
  /** `ended`: that version names the member no more. */
  status: z.enum(['current', 'ended']),
  /** What of the consent concerns the member; none where it ended. */
  policy: compiledPolicy.exactOptional(),
  /** Key in the custodian's withdrawal collection under which a withdrawal of this consent lies. */
  withdrawn: withdrawnKey,
  at: instant,
});
export type Slip = z.infer<typeof slip>;
