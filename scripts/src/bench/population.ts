import { randomBytes, createHash } from 'node:crypto';
import type { CustodianLedger } from './custodian-ledger.js';
import { pooled } from './statistics.js';

/** A subject with a consent on file and records registered. */
export interface Person {
  readonly subject: string;
  readonly records: readonly string[];
}

const AT_ONCE = 100;

/**
 * Registers subjects, each with a PCF consent that permits the requester treatment, and with records.
 * @param requester the requesting member's name, as in `Organization/<name>`
 */
export async function populate(
  ledger: CustodianLedger,
  requester: string,
  people: number,
  recordsEach: number,
): Promise<readonly Person[]> {
  const made = Array.from({ length: people }, () => person(recordsEach));
  await pooled(made, AT_ONCE, ({ subject }) => ledger.apply({ command: 'register-subject', subject }));
  await pooled(made, AT_ONCE, ({ subject }) =>
    ledger.apply({
      command: 'file-consent',
      consent: `consent-${subject}`,
      subject,
      resource: consentOf(subject, requester),
      evidence: { kind: 'witnessed', by: token(), form: digest() },
    }),
  );
  const records = made.flatMap(({ subject, records: ids }) => ids.map((record) => ({ subject, record })));
  await pooled(records, AT_ONCE, ({ subject, record }) =>
    ledger.apply({
      command: 'register-record',
      record,
      version: 1,
      subjects: [subject],
      digest: digest(),
      ciphertext: { digest: digest(), bytes: 4_096 },
      mediaType: 'application/fhir+json',
      facts: {
        reference: `Observation/${record}`,
        resourceType: 'Observation',
        classes: [],
        codes: [{ system: 'http://loinc.org', code: '718-7' }],
        labels: ['N'],
        authored: '2024-05-01T08:00:00Z',
        author: ['Practitioner/11'],
        refersTo: [],
        referredToBy: [],
      },
    }),
  );
  return made;
}

function person(records: number): Person {
  const subject = token();
  return { subject, records: Array.from({ length: records }, () => token()) };
}

/** A PCF consent that permits the requester treatment. */
export function consentOf(subject: string, requester: string): Record<string, never> {
  const resource = {
    resourceType: 'Consent',
    id: `consent-${subject}`,
    status: 'active',
    scope: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
    },
    category: [{ coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IDSCL' }] }],
    patient: { reference: `Patient/${subject}` },
    provision: {
      type: 'permit',
      actor: [
        {
          role: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }],
          },
          reference: { reference: `Organization/${requester}` },
        },
      ],
      purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }],
      securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'N' }],
    },
  };
  return resource as unknown as Record<string, never>;
}

/** 128 random bits, as hex: a FHIR id. */
function token(): string {
  return randomBytes(16).toString('hex');
}

function digest(): string {
  return createHash('sha256').update(randomBytes(16)).digest('base64url');
}
