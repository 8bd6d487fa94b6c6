import type { FhirRelease } from '../../ports/consent-index.js';

export interface ReleaseFacts {
  /** As a CapabilityStatement names it. */
  readonly fhirVersion: string;
  /** As the parameter `fhirVersion` of a media type names it. */
  readonly mediaVersion: string;
  /** Element that names the patient. */
  readonly subject: 'patient' | 'subject';
}

export const RELEASES: Readonly<Record<FhirRelease, ReleaseFacts>> = {
  r4: { fhirVersion: '4.0.1', mediaVersion: '4.0', subject: 'patient' },
  r5: { fhirVersion: '5.0.0', mediaVersion: '5.0', subject: 'subject' },
};
