import type { DecisionContext, Evidence, Question, RecordFacts } from '@consent-ledger/chaincode/domain';
import fc from 'fast-check';
import type { FhirCoding, FhirConcept, FhirConsent, FhirPeriod, FhirProvision } from './fhir-consent.js';
import type { Filed } from './reference-evaluator.js';

/*
 * Consents, questions and contexts over a small world, so that they meet: few members, people, records and
 * codes, among them every code that a rule treats apart.
 */

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';

const members = ['Organization/a', 'Organization/b', 'Organization/c'];
const people = ['Practitioner/1', 'CareTeam/2', 'PractitionerRole/3'];
const patients = ['Patient/1', 'Patient/2'];
const records = ['Observation/1', 'Encounter/2', 'DocumentReference/3'];
const localPurpose = { system: 'urn:example:purposes', code: 'QUALREG' };
export const purposeSystems = [localPurpose.system];

const purposeCodes = [
  ...[
    'TREAT',
    'TREAT',
    'TREAT',
    'ETREAT',
    'ETREAT',
    'BTG',
    'BTG',
    'BTG',
    'BTG',
    'ERTREAT',
    'CLINTRL',
    'POPHLTH',
    'COC',
    'HPAYMT',
    'COVERAGE',
    'ENROLLM',
  ],
  ...['HOPERAT', 'HSYSADMIN', 'LABELING', 'HRESCH', 'CLINTRCH', 'CLINTRCHPC', 'PUBHLTH', 'PATRQT'],
];
const sensitivities = [
  ...['HIV', 'SPI', 'SUD', 'ETHUD', 'ETH', '42CFRPart2', 'MH', 'PSY', 'BH', 'COGN', 'PSYTHPN', 'SEX', 'DOB'],
];
const levels = ['U', 'L', 'M', 'N', 'R', 'V'];
const dates = [
  ...['2023', '2024', '2024-03', '2024-12', '2025-02', '2024-02-29', '2024-06-15', '2024-12-31'],
  ...['2024-06-15T12:00:00Z', '2024-06-15T23:30:00-02:00', '2024-06-15T12:00:00.250Z'],
];
const instants = [
  ...['2024-06-15T12:00:00Z', '2024-06-15T12:00:00.250Z', '2024-06-15T12:00:00.999Z'],
  ...[
    '2024-06-16T01:30:00Z',
    '2023-12-31T23:59:59.999Z',
    '2025-01-01T00:00:00Z',
    '2024-03-01T00:00:00+14:00',
  ],
];

const of = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const some = <T>(values: readonly T[], maxLength = 3): fc.Arbitrary<T[]> =>
  fc.uniqueArray(of(...values), { minLength: 1, maxLength });
const few = <T>(values: readonly T[], maxLength = 2): fc.Arbitrary<T[]> =>
  fc.uniqueArray(of(...values), { maxLength });

/** Present with a chance of one in `freq`; absent keys are left out. */
function partial<T extends object>(
  model: { [K in keyof T]: fc.Arbitrary<T[K]> },
  freq: number,
): fc.Arbitrary<Partial<T>> {
  const keys = Object.keys(model) as (keyof T)[];
  return fc
    .record({
      values: fc.record(model),
      keep: fc.array(fc.nat(freq - 1), { minLength: keys.length, maxLength: keys.length }),
    })
    .map(({ values, keep }) => {
      const kept: Partial<T> = {};
      keys.forEach((key, index) => {
        if (keep[index] === 0) kept[key] = values[key];
      });
      return kept;
    });
}

const versioned = (references: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(of(...references), of('', '', '', '/_history/2')).map(([one, version]) => one + version);
const coding = (system: string, codes: readonly string[]): fc.Arbitrary<FhirCoding> =>
  of(...codes).map((code) => ({ system: `${TERMINOLOGY}/${system}`, code }));
const concept = (one: fc.Arbitrary<FhirCoding>): fc.Arbitrary<FhirConcept> =>
  one.map((only) => ({ coding: [only] }));
const between = <T>(one: fc.Arbitrary<T>, minLength: number, maxLength: number): fc.Arbitrary<T[]> =>
  fc.array(one, { minLength, maxLength });

const classCodings: FhirCoding[] = [
  { system: 'http://loinc.org', code: '11502-2' },
  { system: 'http://loinc.org', code: '34133-9' },
  { system: 'urn:example', code: '11502-2' },
];
const typeCodings: FhirCoding[] = [
  { system: 'http://hl7.org/fhir/resource-types', code: 'Observation' },
  { system: 'http://hl7.org/fhir/fhir-types', code: 'Encounter' },
];
const purposeCoding = fc.oneof(
  { weight: 9, arbitrary: coding('v3-ActReason', purposeCodes) },
  { weight: 1, arbitrary: fc.constant(localPurpose) },
);
const labelCoding = fc.oneof(coding('v3-Confidentiality', levels), coding('v3-ActCode', sensitivities));
const endsBeforeStart = ({ start, end }: FhirPeriod): boolean =>
  start !== undefined && end !== undefined && new Date(end).getTime() < new Date(start).getTime();
const period: fc.Arbitrary<FhirPeriod> = fc
  .oneof(
    fc.record({ start: of(...dates) }),
    fc.record({ end: of(...dates) }),
    fc.record({ start: of(...dates), end: of(...dates) }),
  )
  .filter((one) => !endsBeforeStart(one));

const actor = fc.record(
  {
    role: concept(coding('v3-ParticipationType', ['IRCP', 'PRCP', 'CST', 'AUT'])),
    reference: fc.record({ reference: versioned([...members, ...people]) }),
  },
  { requiredKeys: ['reference'] },
);

const elements = {
  actor: between(actor, 1, 2),
  action: between(concept(coding('consentaction', ['access', 'disclose', 'use'])), 1, 2),
  securityLabel: between(labelCoding, 1, 3),
  purpose: between(purposeCoding, 1, 3),
  code: between(concept(of(...classCodings)), 1, 2),
  dataPeriod: period,
  data: between(
    fc.record({
      meaning: of('instance' as const, 'related' as const, 'dependents' as const, 'authoredby' as const),
      reference: fc.record({ reference: versioned([...records, ...people]) }),
    }),
    1,
    2,
  ),
};
const r4Content = { class: between(of(...classCodings, ...typeCodings), 1, 2) };
const r5Content = {
  documentType: between(of(...classCodings), 1, 2),
  resourceType: between(of(...typeCodings), 1, 2),
};
const kind = of('permit' as const, 'deny' as const);

/** A provision constrains about one element in six. */
const r4Stated: fc.Arbitrary<FhirProvision> = partial({ ...elements, ...r4Content }, 6);
const r5Stated: fc.Arbitrary<FhirProvision> = partial({ ...elements, ...r5Content }, 7);
const ownPeriod: fc.Arbitrary<{ period?: FhirPeriod }> = partial({ period }, 5);

function provision(
  stated: fc.Arbitrary<FhirProvision>,
  typed: boolean,
  depth: number,
): fc.Arbitrary<FhirProvision> {
  const inside =
    depth === 0
      ? fc.constant({})
      : partial({ provision: between(provision(stated, typed, depth - 1), 1, 2) }, 2);
  return fc
    .tuple(stated, ownPeriod, typed ? fc.record({ type: kind }) : fc.constant({}), inside)
    .map((parts): FhirProvision => Object.assign({}, ...parts) as FhirProvision)
    .map((one) =>
      Object.keys(one).length > 0
        ? one
        : { purpose: [{ system: `${TERMINOLOGY}/v3-ActReason`, code: 'TREAT' }] },
    );
}

const exceptions = (one: fc.Arbitrary<FhirProvision>): fc.Arbitrary<{ provision?: FhirProvision[] }> =>
  partial({ provision: between(one, 1, 3) }, 2).map((found) => found);

const scope: fc.Arbitrary<FhirConcept> = concept(
  coding('consentscope', ['patient-privacy', 'patient-privacy', 'patient-privacy', 'research']),
);
const subject = of(patients[0] ?? '', patients[0] ?? '', patients[0] ?? '', patients[1] ?? '').map(
  (reference) => ({
    reference,
  }),
);
const status = (others: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant('active') }, { weight: 2, arbitrary: of(...others) });

const pcf = fc.record({
  status: status(['draft', 'proposed', 'rejected', 'inactive', 'inactive', 'entered-in-error']),
  scope,
  patient: subject,
  provision: fc
    .tuple(fc.record({ type: kind }), r4Stated, ownPeriod, exceptions(provision(r4Stated, true, 0)))
    .map((parts): FhirProvision => Object.assign({}, ...parts) as FhirProvision),
});

const core = fc
  .record({
    status: status(['draft', 'inactive', 'inactive', 'entered-in-error']),
    scope,
    patient: subject,
    policyRule: concept(coding('v3-ActCode', ['OPTIN', 'OPTINR', 'OPTOUT', 'OPTOUTE'])),
    root: fc
      .tuple(ownPeriod, exceptions(provision(r4Stated, true, 3)))
      .map((parts): FhirProvision => Object.assign({}, ...parts) as FhirProvision),
  })
  .map(({ root, ...rest }) => (Object.keys(root).length > 0 ? { ...rest, provision: root } : rest));

const r5 = fc
  .tuple(
    fc.record({
      status: status(['draft', 'inactive', 'inactive', 'not-done', 'unknown']),
      subject,
      decision: kind,
    }),
    ownPeriod,
    partial({ category: scope.map((one) => [one]) }, 3),
    exceptions(provision(r5Stated, false, 3)),
  )
  .map((parts) => Object.assign({}, ...parts) as object);

/** A consent of any dialect, without id and without what it supersedes. */
const body: fc.Arbitrary<object> = fc.oneof({ weight: 3, arbitrary: pcf }, core, r5);

/** Up to five filed consents; each may supersede earlier ones. In any order. */
export const filedConsents: fc.Arbitrary<readonly Filed[]> = fc
  .array(
    fc.record({
      body,
      evidence: of<Evidence>('signed', 'witnessed', 'delegated'),
      withdrawnAt: fc.option(of(...instants.map((one) => Date.parse(one))), { nil: undefined, freq: 6 }),
      names: fc.option(fc.nat(4), { nil: undefined, freq: 3 }),
    }),
    { maxLength: 5 },
  )
  .map((all) =>
    all.map(({ body: one, evidence, withdrawnAt, names }, index): Filed => {
      const named = names === undefined || names >= index ? {} : supersedes(`c${names}`);
      return {
        fhir: { resourceType: 'Consent', id: `c${index}`, ...one, ...named } as FhirConsent,
        evidence,
        ...(withdrawnAt === undefined ? {} : { withdrawnAt }),
      };
    }),
  )
  .chain((all) => fc.shuffledSubarray([...all], { minLength: all.length }));

export function supersedes(id: string): object {
  return {
    extension: [
      { url: 'urn:consent-ledger:fhir:supersedes', valueReference: { reference: `Consent/${id}` } },
    ],
  };
}

const purpose = fc.oneof(
  { weight: 9, arbitrary: of(...purposeCodes) },
  { weight: 1, arbitrary: fc.constant(`${localPurpose.system}|${localPurpose.code}`) },
);
const authored = fc.oneof(
  of(...dates),
  period.map((one): { start?: string; end?: string } => one),
);
const recordFacts: fc.Arbitrary<RecordFacts> = partial(
  {
    reference: versioned(records),
    resourceType: of('Observation', 'Encounter', 'DocumentReference'),
    classes: few(classCodings),
    codes: few(classCodings),
    labels: fc.oneof(few([...levels, ...sensitivities], 3), few(['N', 'L', 'R']), some(sensitivities, 2)),
    authored,
    author: few(people),
    refersTo: few(records),
    referredToBy: few(records),
  },
  1,
).chain((full) =>
  fc
    .subarray(Object.keys(full))
    .map((keys) =>
      Object.fromEntries(Object.entries(full).filter(([key]) => !keys.includes(key) || key === 'labels')),
    ),
);

/** Mostly one purpose and one action; sometimes several, sometimes several subjects. */
export const question: fc.Arbitrary<Question> = fc
  .tuple(
    fc.record({
      at: of(...instants),
      requester: fc
        .tuple(
          fc.record({ member: of(...members) }),
          partial(
            {
              references: few([...people, ...people, 'Organization/b']),
              roles: few(['er-physician', 'er-physician', 'clerk']),
            },
            2,
          ),
        )
        .map(([a, b]) => ({ ...a, ...b })),
      purpose: fc.oneof(
        { weight: 5, arbitrary: some(purposeCodes, 1) },
        fc.array(purpose, { minLength: 1, maxLength: 2 }),
      ),
    }),
    partial({ custodian: of(...members) }, 2),
    partial(
      {
        actions: fc.oneof(
          some(['access', 'use', 'disclose', 'collect'] as const, 1),
          some(['access', 'disclose'] as const, 2),
        ),
      },
      2,
    ),
    fc.oneof(
      { weight: 3, arbitrary: fc.constant({ subjects: ['Patient/1'] }) },
      fc.constant({ subjects: ['Patient/1', 'Patient/2'] }),
      fc.constant({}),
    ),
    partial({ record: recordFacts }, 1),
    partial({ emergency: fc.constant({ reason: 'unconscious on arrival' }) }, 1),
    partial({ legalBasis: of('lb-1', 'lb-2', 'lb-none') }, 3),
  )
  .map((parts) => Object.assign({}, ...parts) as Question);

const standing = <T extends string>(
  references: readonly string[],
  other: T,
): fc.Arbitrary<{ reference: string; status: 'active' | T }[]> =>
  fc
    .tuple(fc.subarray([...references], { minLength: Math.max(0, references.length - 1) }), fc.nat(9))
    .map(([kept, chance]) =>
      kept.map((reference, index) => ({ reference, status: index === chance ? other : ('active' as const) })),
    );
const running = of('active' as const, 'active' as const, 'active' as const, 'ended' as const);

const wide = fc.oneof({ weight: 3, arbitrary: fc.constant({ start: '2020' }) }, period);

const common = partial<
  Required<Omit<DecisionContext, 'members' | 'subjects' | 'records' | 'agreementPurposes' | 'studies'>>
>(
  {
    impliedPolicy: of(...(['deny', 'basic-normal', 'all-normal', 'all-normal', 'break-glass-only'] as const)),
    evidence: fc.constant({}),
    agreements: fc.array(
      fc.record({
        parties: some(members, 3),
        purposes: some(purposeCodes, 3),
        period: wide,
        status: running,
      }),
      { minLength: 1, maxLength: 3 },
    ),
    legalBases: fc
      .array(
        fc
          .tuple(
            fc.record({
              requester: of(...members),
              purposes: some(['TREAT', 'BTG', 'HRESCH', 'HPAYMT', 'HOPERAT', 'PATRQT'], 5),
              period: wide,
              status: running,
            }),
            partial(
              {
                subject: of(...patients),
                labels: fc.oneof(some(sensitivities, 4), fc.constant(['SPI', 'HIV'])),
                cites: few(['42 CFR 2.51', '42 CFR 2.64', '42 CFR 2.52', '45 CFR 164.512']),
              },
              2,
            ),
          )
          .map(([a, b]) => ({ ...a, ...b })),
        { minLength: 1, maxLength: 2 },
      )
      .map((all) => all.map((one, index) => ({ id: `lb-${index + 1}`, ...one }))),
    emergencyRoles: fc.constant(['er-physician']),
    reviewHours: of(24, 72),
    signedOnlyPurposes: some(purposeCodes, 2),
    purposeSystems: fc.constant(purposeSystems),
  },
  2,
);

/** What ends most questions early is there less often. */
const rare = partial<
  Required<Pick<DecisionContext, 'members' | 'subjects' | 'records' | 'agreementPurposes'>>
>(
  {
    members: standing(members, 'suspended' as const),
    subjects: standing(patients, 'erased' as const),
    records: standing(records, 'erased' as const),
    agreementPurposes: some(purposeCodes, 2),
  },
  8,
);

export const context: fc.Arbitrary<DecisionContext> = fc
  .tuple(common, rare)
  .map(([some_, others]) => ({ ...some_, ...others }));
