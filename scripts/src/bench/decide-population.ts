import {
  compileConsent,
  type CompiledPolicy,
  type PolicyInForce,
  type Question,
} from '@consent-ledger/chaincode/domain';
import { pickerFor } from './picker.js';

/** A subject with consents on file, and questions about it of which everything is known. */
export interface BenchSubject {
  readonly held: readonly PolicyInForce[];
  readonly questions: readonly Question[];
}

const V3 = 'http://terminology.hl7.org/CodeSystem';
const MEMBERS = ['Organization/lakeside', 'Organization/riverside', 'Organization/novacure'] as const;
const PRACTITIONERS = Array.from({ length: 8 }, (_, index) => `Practitioner/p${index}`);
const PURPOSES = ['TREAT', 'ETREAT', 'CAREMGT', 'HPAYMT', 'HOPERAT', 'PUBHLTH'] as const;
const CODES = ['718-7', '11502-2', '4548-4', '2093-3'] as const;
const LEVELS = ['L', 'M', 'N', 'R'] as const;
const LOINC = 'http://loinc.org';

type Pick = ReturnType<typeof pickerFor>;

/** Subjects with so many consents of five provisions each (the base and four exceptions); no two runs differ. */
export function benchSubject(seed: number, consents: number, questions: number): BenchSubject {
  const pick = pickerFor(seed);
  const subject = `Patient/s${seed}`;
  return {
    held: Array.from({ length: consents }, (_, index) => ({
      policy: compiled(consentOf(subject, `c${index}`, pick)),
      evidence: 'witnessed',
      version: 1,
    })),
    questions: Array.from({ length: questions }, () => questionOf(subject, pick)),
  };
}

/** Most permit: with many consents of which any denies, everything would be denied. */
function consentOf(subject: string, id: string, pick: Pick): object {
  const denies = pick([true, ...Array<boolean>(11).fill(false)]);
  return {
    resourceType: 'Consent',
    id,
    status: 'active',
    scope: { coding: [{ system: `${V3}/consentscope`, code: 'patient-privacy' }] },
    category: [{ coding: [{ system: LOINC, code: '59284-0' }] }],
    patient: { reference: subject },
    provision: {
      type: denies ? 'deny' : 'permit',
      period: { start: '2025-01-01', end: pick(['2025-06-30', '2027-12-31', '2030-12-31']) },
      ...(denies ? narrow(pick) : { actor: [actor(pick(MEMBERS))] }),
      purpose: [purpose(pick(PURPOSES)), purpose(pick(PURPOSES))],
      securityLabel: [label(denies ? 'R' : pick(['N', 'R']))],
      provision: [
        { type: 'deny', ...narrow(pick) },
        { type: 'deny', ...narrow(pick), period: { end: pick(['2025-12-31', '2028-12-31']) } },
        { type: 'permit', actor: [actor(pick(PRACTITIONERS))], securityLabel: [label('R')] },
        { type: 'permit', purpose: [purpose(pick(PURPOSES))], code: [coded(pick(CODES))] },
      ],
    },
  };
}

/** So narrow that it seldom matches. */
function narrow(pick: Pick): object {
  return {
    actor: [actor(pick(PRACTITIONERS))],
    purpose: [purpose(pick(PURPOSES))],
    code: [coded(pick(CODES))],
  };
}

function actor(reference: string): object {
  return {
    role: { coding: [{ system: `${V3}/v3-ParticipationType`, code: 'IRCP' }] },
    reference: { reference },
  };
}

function purpose(code: string): object {
  return { system: `${V3}/v3-ActReason`, code };
}

function label(code: string): object {
  return { system: `${V3}/v3-Confidentiality`, code };
}

function coded(code: string): object {
  return { coding: [{ system: LOINC, code }] };
}

function questionOf(subject: string, pick: Pick): Question {
  return {
    at: '2026-11-22T10:00:00Z',
    custodian: 'Organization/riverside',
    requester: { member: pick(MEMBERS), references: [pick(PRACTITIONERS)], roles: ['practitioner'] },
    purpose: [pick(PURPOSES)],
    actions: ['access'],
    subjects: [subject],
    record: {
      reference: 'Observation/1',
      resourceType: 'Observation',
      classes: [],
      codes: [{ system: LOINC, code: pick(CODES) }],
      labels: [pick(LEVELS)],
      authored: '2024-05-01T08:00:00Z',
      author: ['Practitioner/author'],
      refersTo: [],
      referredToBy: [],
    },
  };
}

function compiled(consent: object): CompiledPolicy {
  const result = compileConsent(consent);
  if (!result.ok)
    throw new Error(`a consent of the benchmark is refused: ${JSON.stringify(result.problems)}`);
  return result.policy;
}
