import type { FhirRelease } from '../../ports/consent-index.js';
import { Refusal } from '../../usecases/refusal.js';
import { RELEASES } from './releases.js';

/** Media types that mean FHIR in JSON (R4 and R5, 3.1.0.1.11). */
const JSON_TYPES = new Set([
  'application/fhir+json',
  'application/json',
  'application/json+fhir',
  'text/json',
]);
const WILDCARDS = new Set(['*/*', 'application/*']);

/** Throws a Refusal `not-acceptable` where neither `_format` nor `Accept` can be answered: JSON is all that is spoken. */
export function requireJson(
  release: FhirRelease,
  format: string | undefined,
  accept: string | undefined,
): void {
  // A plus that nobody escaped arrives as a space.
  const asked =
    format === undefined ? (accept ?? '*/*') : format.replaceAll(' +', '+').replace(/ (?=json$)/, '+');
  const isSpoken = asked.split(',').some((one) => {
    const [type = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase());
    if (type === 'json' && format !== undefined) return true;
    return (JSON_TYPES.has(type) || WILDCARDS.has(type)) && speaks(release, parameters);
  });
  if (!isSpoken) throw new Refusal('not-acceptable');
}

/** Throws a Refusal `media-type-unsupported` where a body says that it is of another FHIR version than its address. */
export function requireVersionOf(release: FhirRelease, contentType: string | undefined): void {
  const parameters = (contentType ?? '').split(';').slice(1);
  if (!speaks(release, parameters)) throw new Refusal('media-type-unsupported');
}

export function contentTypeOf(release: FhirRelease): string {
  return `application/fhir+json; fhirVersion=${RELEASES[release].mediaVersion}; charset=utf-8`;
}

function speaks(release: FhirRelease, parameters: readonly string[]): boolean {
  return parameters.every((parameter) => {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim().toLowerCase());
    return name !== 'fhirversion' || value.replaceAll('"', '') === RELEASES[release].mediaVersion;
  });
}
