import {
  openQualityTable,
  readQualityTable,
} from '@consent-ledger/gateway/internal/adapters/quality/read-quality-table';
import { findDiscrepancies } from '@consent-ledger/gateway/internal/usecases/quality/find-discrepancies';
import {
  knownSubject,
  NOBODY_KNOWN,
  type KnownSubject,
} from '@consent-ledger/gateway/internal/usecases/quality/known-subject';
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const examples = dirname(
  createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/Observation-f202.json'),
);
const NOW = Date.parse('2026-11-24T12:00:00Z');

type Resource = Record<string, unknown>;

describe('discrepancies in records', () => {
  const table = openQualityTable(undefined);

  const findings = (resource: unknown, known: KnownSubject = NOBODY_KNOWN, isDuplicate = false) =>
    findDiscrepancies(resource, { subjects: ['s1'], known, isDuplicate, now: NOW }, table);
  const found = (resource: Resource, known?: KnownSubject, isDuplicate?: boolean): string[] =>
    findings(JSON.parse(JSON.stringify(resource)), known, isDuplicate)
      .filter(({ severity }) => severity !== 'note')
      .map(({ rule, path }) => `${rule} ${path}`);
  const loinc = (code: string): Resource => ({ coding: [{ system: 'http://loinc.org', code }] });
  const observation = (more: Resource = {}): Resource => ({
    resourceType: 'Observation',
    status: 'final',
    code: loinc('29463-7'),
    subject: { reference: 'Patient/p1' },
    effectiveDateTime: '2026-03-01',
    valueQuantity: { value: 70, unit: 'kg', system: 'http://unitsofmeasure.org', code: 'kg' },
    ...more,
  });
  const patient = (more: Resource = {}): Resource => ({
    resourceType: 'Patient',
    id: 'p1',
    name: [{ family: 'Chalmers', given: ['Peter'] }],
    gender: 'male',
    birthDate: '1974-12-25',
    ...more,
  });

  /** One that is sound, what is done to it, and exactly what is to be found; every rule of the table is here at least once. */
  const cases: readonly (readonly [
    string,
    Resource,
    readonly string[],
    (KnownSubject | undefined)?,
    boolean?,
  ])[] = [
    ['sound', observation(), []],
    [
      'no code, unknown status',
      observation({ code: undefined, status: 'done' }),
      ['observation-elements Observation.code', 'observation-status Observation.status'],
    ],
    [
      'an element that says why it is absent',
      observation({ status: undefined, _status: { extension: [] } }),
      [],
    ],
    [
      'a component without code',
      observation({ component: [{ code: loinc('8480-6') }, { valueString: 'x' }] }),
      ['observation-elements Observation.component[1].code'],
    ],
    [
      'an empty list',
      {
        resourceType: 'DocumentReference',
        status: 'current',
        content: [],
        subject: { reference: 'Patient/p1' },
      },
      ['document-elements DocumentReference.content'],
    ],
    ['condition', { resourceType: 'Condition' }, ['condition-elements Condition.subject']],
    ['allergy', { resourceType: 'AllergyIntolerance' }, ['allergy-elements AllergyIntolerance.patient']],
    [
      'prescription',
      {
        resourceType: 'MedicationRequest',
        status: 'active',
        intent: 'order',
        medicationReference: { reference: 'Medication/1' },
      },
      ['medication-request-elements MedicationRequest.subject'],
    ],
    [
      'medicine',
      { resourceType: 'MedicationStatement', status: 'active', subject: { reference: 'Patient/p1' } },
      ['medication-statement-elements MedicationStatement.medication[x]'],
    ],
    [
      'immunisation',
      {
        resourceType: 'Immunization',
        status: 'completed',
        vaccineCode: loinc('1'),
        patient: { reference: 'Patient/p1' },
      },
      ['immunization-elements Immunization.occurrence[x]'],
    ],
    [
      'procedure',
      { resourceType: 'Procedure', subject: { reference: 'Patient/p1' } },
      ['procedure-elements Procedure.status'],
    ],
    [
      'report',
      {
        resourceType: 'DiagnosticReport',
        status: 'ready',
        code: loinc('1'),
        subject: { reference: 'Patient/p1' },
      },
      ['report-status DiagnosticReport.status'],
    ],
    [
      'report without code',
      { resourceType: 'DiagnosticReport', status: 'final', subject: { reference: 'Patient/p1' } },
      ['report-elements DiagnosticReport.code'],
    ],
    [
      'encounter',
      { resourceType: 'Encounter', subject: { reference: 'Patient/p1' } },
      ['encounter-elements Encounter.status'],
    ],
    [
      'order',
      { resourceType: 'ServiceRequest', status: 'active', subject: { reference: 'Patient/p1' } },
      ['order-elements ServiceRequest.intent'],
    ],
    ['nobody', observation({ subject: undefined }), ['subject-named Observation.subject']],
    [
      'a patient without date of birth',
      patient({ birthDate: undefined }),
      ['patient-known Patient.birthDate'],
    ],
    ['a gender that is none', patient({ gender: 'M' }), ['gender-code Patient.gender']],
    ['a day that is none', patient({ birthDate: '1974-02-30' }), ['date-form Patient.birthDate']],
    ['a time for a date', patient({ birthDate: '1974-12-25T00:00:00Z' }), ['date-form Patient.birthDate']],
    [
      'a time without zone',
      observation({ effectiveDateTime: '2026-03-01T10:00:00' }),
      ['time-form Observation.effectiveDateTime'],
    ],
    ['an instant without time', observation({ issued: '2026-03-02' }), ['instant-form Observation.issued']],
    [
      'a number in quotes',
      observation({ valueQuantity: { value: '70', system: 'http://unitsofmeasure.org', code: 'kg' } }),
      ['value-form Observation.valueQuantity.value'],
    ],
    [
      'a reference that is words',
      observation({ performer: [{ reference: 'Doctor Miller' }] }),
      ['reference-form Observation.performer[0]'],
    ],
    [
      'an unknown system',
      observation({ category: [{ coding: [{ system: 'urn:local', code: 'x' }] }] }),
      ['unknown-code-system Observation.category[0].coding[0].system'],
    ],
    [
      'CDA’s name of a known system',
      observation({ category: [{ coding: [{ system: 'urn:oid:2.16.840.1.113883.6.1', code: 'x' }] }] }),
      [],
    ],
    [
      'a code without system',
      observation({ category: [{ coding: [{ code: 'x' }] }] }),
      ['unknown-code-system Observation.category[0].coding[0].system'],
    ],
    [
      'a period the wrong way',
      observation({
        effectiveDateTime: undefined,
        effectivePeriod: { start: '2026-03-02', end: '2026-03-01' },
      }),
      ['period-ends-before-start Observation.effectivePeriod'],
    ],
    [
      'a period within one day',
      observation({
        effectiveDateTime: undefined,
        effectivePeriod: { start: '2026-03-02T10:00:00Z', end: '2026-03-02' },
      }),
      [],
    ],
    [
      'abated first',
      {
        resourceType: 'Condition',
        code: loinc('1'),
        subject: { reference: 'Patient/p1' },
        onsetDateTime: '2020',
        abatementDateTime: '2019-12',
      },
      ['abated-before-onset Condition.abatementDateTime'],
    ],
    [
      'issued first',
      observation({ issued: '2026-02-01T10:00:00Z' }),
      ['issued-before-effective Observation.issued'],
    ],
    ['to come', observation({ effectiveDateTime: '2027' }), ['in-the-future Observation.effectiveDateTime']],
    ['this year', observation({ effectiveDateTime: '2026' }), []],
    [
      'before birth',
      observation({ effectiveDateTime: '1974-12-24' }),
      ['before-birth Observation.effectiveDateTime'],
      knownSubject(undefined, [patient()]),
    ],
    [
      'in the year of birth',
      observation({ effectiveDateTime: '1974' }),
      [],
      knownSubject(undefined, [patient()]),
    ],
    [
      'after death',
      observation(),
      ['after-death Observation.effectiveDateTime'],
      knownSubject(undefined, [patient({ deceasedDateTime: '2026-02-28' })]),
    ],
    [
      'another patient',
      observation({ subject: { reference: 'https://ehr.example/Patient/p2' } }),
      ['other-subject Observation.subject.reference'],
      knownSubject(undefined, [patient()]),
    ],
    [
      'the pseudonym for the patient',
      observation({ subject: { reference: 'Patient/s1/_history/2' } }),
      [],
      knownSubject(undefined, [patient()]),
    ],
    [
      'two patients in one record',
      observation({ patient: { reference: 'Patient/p2' } }),
      ['other-subject Observation.patient.reference'],
    ],
    [
      'another number',
      observation({ subject: { identifier: { system: 'urn:mrn', value: '2' } } }),
      ['other-subject Observation.subject.identifier'],
      knownSubject(undefined, [patient({ identifier: [{ system: 'urn:mrn', value: '1' }] })]),
    ],
    [
      'another person',
      patient({ birthDate: '1975-12-25', gender: 'female', name: [{ family: 'Windsor', given: ['Jenny'] }] }),
      [
        'demographics-differ Patient.birthDate',
        'demographics-differ Patient.gender',
        'name-differs Patient.name',
      ],
      knownSubject(undefined, [patient()]),
    ],
    [
      'the same person in other letters',
      patient({ name: [{ family: 'CHALMERS', given: ['péter', 'James'] }], birthDate: '1974-12' }),
      [],
      knownSubject(undefined, [patient()]),
    ],
    [
      'contained, and another person',
      observation({ contained: [patient({ birthDate: '2001-01-01' })] }),
      ['demographics-differ Observation.contained[0].birthDate'],
      knownSubject(undefined, [patient()]),
    ],
    ['kept twice', observation(), ['kept-twice Observation'], undefined, true],
    [
      'weight in centimetres',
      observation({ valueQuantity: { value: 70, system: 'http://unitsofmeasure.org', code: 'cm' } }),
      ['unit-of-code Observation.valueQuantity.code'],
    ],
    [
      'beats in braces',
      observation({
        code: loinc('8867-4'),
        valueQuantity: { value: 70, system: 'http://unitsofmeasure.org', code: '{beats}/min' },
      }),
      [],
    ],
    [
      'a unit in words',
      observation({ component: [{ code: loinc('8480-6'), valueQuantity: { value: 120, unit: 'mmHg' } }] }),
      ['unit-of-code Observation.component[0].valueQuantity.code'],
    ],
  ];
  for (const [name, resource, expected, known, isDuplicate] of cases)
    it(`finds exactly what there is: ${name}`, () => {
      expect(found(resource, known, isDuplicate)).to.have.members(expected);
    });

  it('has a case for every rule of the table', () => {
    const tried = new Set(cases.flatMap(([, , expected]) => expected.map((one) => one.split(' ')[0])));
    const notes = findings(observation({ code: { text: 'weight' }, effectiveDateTime: undefined }));
    for (const { rule } of notes) tried.add(rule);
    expect(table.rules.map(({ id }) => id).filter((id) => !tried.has(id))).to.deep.equal([]);
  });

  it('finds no missing element, status or form in the examples that HL7 published, which are valid', () => {
    const names = readdirSync(examples).filter((name) =>
      /^(Observation|Condition|AllergyIntolerance|MedicationRequest|Immunization|Procedure|DiagnosticReport|Encounter|DocumentReference|ServiceRequest)-/.test(
        name,
      ),
    );
    expect(names.length).to.be.greaterThan(150);
    const wrong = names.flatMap((name) =>
      findings(JSON.parse(readFileSync(join(examples, name), 'utf8')))
        .filter(({ rule, severity }) => severity === 'error' && rule !== 'unit-of-code')
        .map(({ rule, path }) => `${name} ${rule} ${path}`),
    );
    expect(wrong).to.deep.equal([]);
  });

  it('tells nothing that a resource says: not its values, and not the names that somebody made up', () => {
    const secret = 'Chalmers1974';
    const told = JSON.stringify(
      findings({
        resourceType: 'Observation',
        status: secret,
        [secret]: { coding: [{ system: secret, code: secret }], start: '2026', end: '2025' },
        subject: { reference: secret },
        effectiveDateTime: secret,
        valueQuantity: { value: secret },
      }),
    );
    expect(told).to.include('Observation.*');
    expect(told).not.to.include(secret);
    expect(findings({ resourceType: secret, period: { start: '2026', end: '2025' } })[0]?.path).to.equal(
      'Resource.period',
    );
  });

  it('is as quick about what was made to be slow to read', () => {
    const code = '{'.repeat(1_000_000);
    const dates = Array.from({ length: 20_000 }, () => ({ start: '2026-01-01', end: '2025-01-01' }));
    const resource = observation({
      valueQuantity: { value: 70, system: 'http://unitsofmeasure.org', code },
      effectivePeriod: dates,
      issued: dates,
    });
    expect(findings(resource).length).to.be.greaterThan(0);
  });

  it('tells at most 200 findings, and none of what is no resource', () => {
    const coding = Array.from({ length: 500 }, () => ({ code: 'x' }));
    expect(findings(observation({ code: { coding } }))).to.have.length(200);
    for (const one of [undefined, null, 'text', 4, [observation()]]) expect(findings(one)).to.deep.equal([]);
  });

  it('refuses a mistake in a table, with its line', () => {
    const rule = (check: string): string =>
      `qualityTable: 1\nname: mine\nrules:\n  - id: one\n    severity: error\n    reason: r\n    action: a\n    source: s\n    check: ${check}`;
    expect(readQualityTable(rule('{kind: period-order}'), 'mine.yaml').rules).to.have.length(1);
    for (const [text, said] of [
      [rule('{kind: guess}'), /mine\.yaml:9: .*must be a kind of check/],
      [rule('{kind: required}'), /mine\.yaml:9: rules\[0\]\.check\.elements/],
      [rule('{kind: required, elements: ["a b"]}'), /mine\.yaml:9: .*must be an element of FHIR/],
      [rule('{kind: period-order, more: 1}'), /mine\.yaml:9: rules\[0\]\.check has no key "more"/],
      [
        rule('{kind: period-order}').replace('severity: error', 'severity: bad'),
        /mine\.yaml:5: .*must be one of error, warning, note/,
      ],
      [
        `${rule('{kind: period-order}')}\n${rule('{kind: period-order}').split('rules:\n')[1] ?? ''}`,
        /mine\.yaml:10: rules\[1\]\.id is there twice/,
      ],
    ] as const)
      expect(() => readQualityTable(text, 'mine.yaml')).to.throw(said);
  });
});
