import type { CommandOf, FhirResource } from '@consent-ledger/chaincode/wire';
import { createHash } from 'node:crypto';
import type { World } from './world.js';

export const SUBJECT = 'sub-0123456789abcdef';
export const OTHER_SUBJECT = 'sub-fedcba9876543210';

export const EVIDENCE = { kind: 'witnessed', by: 'clerk-0123456789', form: sha('signed form') } as const;

export function sha(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** A permit to Lakeside for treatment, up to label R, with the PCF shape. */
export function consentOf(id: string, subject = SUBJECT, changes: FhirResource = {}): FhirResource {
  return {
    resourceType: 'Consent',
    id,
    status: 'active',
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${subject}` },
    dateTime: '2026-01-01T00:00:00Z',
    provision: {
      type: 'permit',
      period: { start: '2026-01-01', end: '2027-12-31' },
      actor: [
        {
          role: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }],
          },
          reference: { reference: 'Organization/lakeside' },
        },
      ],
      purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }],
      securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }],
    },
    ...changes,
  };
}

export function recordOf(
  record: string,
  subjects: readonly string[] = [SUBJECT],
): {
  command: 'register-record';
  record: string;
  version: number;
  subjects: string[];
  digest: string;
  ciphertext: { digest: string; bytes: number };
  mediaType: string;
  facts: { reference: string; resourceType: string; labels: string[] };
} {
  return {
    command: 'register-record',
    record,
    version: 1,
    subjects: [...subjects],
    digest: sha(`plain ${record}`),
    ciphertext: { digest: sha(`cipher ${record}`), bytes: 1_234 },
    mediaType: 'application/fhir+json',
    facts: { reference: `Observation/${record}`, resourceType: 'Observation', labels: ['N'] },
  };
}

/** What {@link recordOf} says of a record, as one of several. */
export function fieldsOf(record: string, subjects?: readonly string[]): object {
  const fields: Record<string, unknown> = { ...recordOf(record, subjects) };
  delete fields['command'];
  return fields;
}

/** A subject with one record, `hb-1`, and one consent, `c-1`, that permits Lakeside to see it. */
export async function registerPatient(world: World): Promise<void> {
  await world.custody({ command: 'register-subject', subject: SUBJECT });
  await world.custody(recordOf('hb-1'));
  await world.custody({
    command: 'file-consent',
    consent: 'c-1',
    subject: SUBJECT,
    resource: consentOf('c-1'),
    evidence: EVIDENCE,
  });
}

/** A request to amend the first record's first version; what it says is somewhere else. */
export function amendmentOf(
  amendment: string,
  changes: Partial<CommandOf<'request-amendment'>> = {},
): Omit<CommandOf<'request-amendment'>, 'v' | 'salt'> {
  return {
    command: 'request-amendment',
    amendment,
    subject: SUBJECT,
    record: 'hb-1',
    version: 1,
    requestedBy: 'subject',
    request: sha('what is asked, sealed'),
    takenBy: 'clerk-0123456789',
    ...changes,
  };
}
