import { z } from 'zod';
import { MAX_JWS_LENGTH } from './request-object.js';
import { isSignedBy, openCompactJws } from './jws.js';
import { fhirId, instant, ledgerId, mspId, numericDate } from './primitives.js';
import type { Member } from './values/member.js';
import { person, STOPS } from './values/studies.js';

/** `typ` of a sponsor's word that it stopped. */
export const STOP_TYP = 'consent-ledger-stop+jwt';

export const stopClaims = z.strictObject({
  /** Sponsor's MSP id. */
  iss: mspId,
  /** Site's MSP id. */
  aud: mspId,
  ledger: ledgerId,
  iat: numericDate,
  study: fhirId,
  person,
  action: z.enum(STOPS),
  on: instant,
});
export type StopClaims = z.infer<typeof stopClaims>;

/** The claims of a statement that the sponsor signed for this site, ledger, study and person; undefined for any other text. */
export function verifyStop(
  statement: string,
  expected: Pick<StopClaims, 'aud' | 'ledger' | 'study' | 'person'> & { readonly sponsor: Member },
): StopClaims | undefined {
  const jws = openCompactJws(statement, STOP_TYP, MAX_JWS_LENGTH);
  const claims = stopClaims.safeParse(jws?.claims);
  if (jws === undefined || !claims.success) return undefined;
  const { sponsor, aud, ledger, study, person: whom } = expected;
  const { data } = claims;
  const isMeant =
    data.iss === sponsor.mspId &&
    data.aud === aud &&
    data.ledger === ledger &&
    data.study === study &&
    data.person === whom;
  const key = sponsor.keys.find(({ kid, use }) => kid === jws.kid && use === 'sig');
  return isMeant && key?.use === 'sig' && isSignedBy(jws, key.jwk) ? data : undefined;
}
