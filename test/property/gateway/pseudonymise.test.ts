import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pseudonymise } from '@consent-ledger/gateway/internal/pseudonymising/pseudonymise';
import { pseudonymsOf } from '@consent-ledger/gateway/internal/pseudonymising/pseudonyms';
import type { Elements, Rule } from '@consent-ledger/gateway/internal/pseudonymising/profile';
import {
  profilesOf,
  RESEARCH_PROFILE,
  researchProfileNamed,
} from '@consent-ledger/gateway/internal/pseudonymising/research-profile';
import { shiftDate } from '@consent-ledger/gateway/internal/pseudonymising/shift-date';
import { expect } from 'chai';
import fc from 'fast-check';

const DAY_MS = 86_400_000;
const AT = Date.parse('2026-06-01T00:00:00Z');
const PEPPER = Buffer.alloc(32, 7);
const PERSON = 'AAAAAAAAAAAAAAAAAAAAAA';

function profile() {
  const found = profilesOf()(researchProfileNamed().digest);
  if (found === undefined) throw new Error('the profile that comes along is not there');
  return found;
}

function howFor(subject: string, study = 'nova-101') {
  const whose = { study, subject, person: PERSON };
  return { ...pseudonymsOf(PEPPER, whose, profile().shiftDays), profile: profile(), at: AT };
}

const HOW = howFor('subject-1');

/** Something that says who somebody is: no code of any system looks so, and nothing that is made here has a Z. */
const identifying = fc
  .string({
    unit: fc.constantFrom('a', 'b', 'e', 'h', 's', '0', '1', '7', '9', ' ', '.', '-'),
    minLength: 6,
    maxLength: 20,
  })
  .map((text) => `Zq${text}Zq`);
const NAMES = [
  'text',
  'display',
  'note',
  'identifier',
  'name',
  'extension',
  'contained',
  'valueString',
  '_status',
  'unit',
  'reference',
  'system',
  'code',
  'value',
];

/** Whatever the rule expects, or something else; identifying text at every place that takes text. */
function valueFor(rule: Rule | undefined): fc.Arbitrary<unknown> {
  const anything = fc.oneof(
    identifying,
    fc.array(identifying, { maxLength: 2 }),
    fc.record({ text: identifying }),
  );
  if (rule === undefined) return anything;
  if (typeof rule === 'object') {
    if ('codes' in rule) return fc.oneof(anything, fc.constantFrom(...rule.codes));
    return fc.oneof(anything, treeOf(rule.elements), fc.array(treeOf(rule.elements), { maxLength: 2 }));
  }
  const systems = fc.oneof(
    identifying,
    fc.constantFrom(...Object.keys(RESEARCH_PROFILE.systems), 'http://unitsofmeasure.org'),
  );
  const concept = fc.record({
    system: systems,
    code: identifying,
    display: identifying,
    value: fc.double({ noNaN: true }),
    unit: identifying,
  });
  const pointing = fc.record({
    reference: identifying.map((id) => `Observation/${id}`),
    display: identifying,
  });
  return fc.oneof(anything, concept, pointing, fc.array(concept, { maxLength: 2 }));
}

function treeOf(elements: Elements): fc.Arbitrary<Record<string, unknown>> {
  const known = fc.record(
    Object.fromEntries(Object.entries(elements).map(([name, rule]) => [name, valueFor(rule)])),
    { requiredKeys: [] },
  );
  const unknown = fc.dictionary(fc.constantFrom(...NAMES), valueFor(undefined), { maxKeys: 4 });
  return fc.tuple(unknown, known).map(([more, own]) => ({ ...more, ...own }));
}

const resources = fc.oneof(
  ...Object.entries(RESEARCH_PROFILE.resources).map(([resourceType, elements]) =>
    fc.tuple(treeOf(elements), identifying).map(([tree, id]) => ({ ...tree, id, resourceType })),
  ),
);

type Json = Record<string, unknown>;
const examplesFolder = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'));
const examples: readonly Json[] = readdirSync(examplesFolder)
  .filter((name) => Object.keys(RESEARCH_PROFILE.resources).some((type) => name.startsWith(`${type}-`)))
  .map((name) => JSON.parse(readFileSync(join(examplesFolder, name), 'utf8')) as Json);

/** Every text in it, with the path where it stands. */
function* textsIn(value: unknown, path = ''): Generator<[string, string]> {
  if (typeof value === 'string') yield [path, value];
  else if (typeof value === 'object' && value !== null)
    for (const [name, one] of Object.entries(value)) yield* textsIn(one, `${path}.${name}`);
}

const WORDS =
  /\.(?:text|div|display|note|identifier|name|telecom|address|contact|photo|conclusion|comment|valueString|reference|contained|extension|presentedForm)\b/;

describe('what leaves for a study', () => {
  it('has nothing in it of what says who somebody is, wherever that stands', () => {
    fc.assert(
      fc.property(resources, (resource) => {
        const made = pseudonymise(resource, HOW);
        expect(JSON.stringify(made ?? null)).to.not.include('Z');
      }),
      { numRuns: 400 },
    );
  });

  it('has of every example of FHIR no words, names, identifiers or references as they were', () => {
    let left = 0;
    for (const example of examples) {
      const made = pseudonymise(example, HOW);
      if (made === undefined) continue;
      left += 1;
      const kept = new Set([...textsIn(made)].map(([, text]) => text));
      for (const [path, text] of textsIn(example))
        if (WORDS.test(path) && !/\.(?:system|code|status|resourceType)$/.test(path) && text !== 'Patient')
          expect(kept.has(text), `${String(example['id'])}${path}`).to.equal(false);
      expect(made['id']).to.not.equal(example['id']);
    }
    expect(left).to.be.greaterThan(100);
  });

  it('keeps the time between any two dates of a participant, in all their data', () => {
    const pairs: [number, number][] = [];
    for (const example of examples) {
      const made = new Map(textsIn(pseudonymise(example, HOW) ?? {}));
      for (const [path, text] of textsIn(example)) {
        if (!/^\d{4}-\d{2}-\d{2}/.test(text) || path.endsWith('.birthDate')) continue;
        const moved = made.get(path);
        if (moved === undefined) continue;
        expect(moved.slice(10)).to.equal(text.slice(10));
        pairs.push([Date.parse(text), Date.parse(moved)]);
      }
    }
    expect(pairs.length).to.be.greaterThan(50);
    expect(new Set(pairs.map(([was, is]) => is - was))).to.deep.equal(new Set([HOW.days * DAY_MS]));
  });

  it('moves whole and partial dates as one would by hand', () => {
    expect(shiftDate('2024-02-28', 2)).to.equal('2024-03-01');
    expect(shiftDate('2024-03-31T23:59:59.123+02:00', -31)).to.equal('2024-02-29T23:59:59.123+02:00');
    expect(shiftDate('2024', 182)).to.equal('2024');
    expect(shiftDate('2024-01', -20)).to.equal('2023-12');
    for (const none of ['2024-02-30', '24-01-01', 'yesterday', '2024-1-1', '2024-01-01T10:00', '9999-12-31'])
      expect(shiftDate(none, 10), none).to.equal(undefined);
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1900-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }),
        fc.integer({ min: -3_650, max: 3_650 }),
        (date, days) => {
          const moved = shiftDate(date.toISOString(), days);
          expect(Date.parse(moved ?? '') - date.getTime()).to.equal(days * DAY_MS);
        },
      ),
    );
  });

  it('has dates moved by days that are never none, always the same for one participant, and others in another study', () => {
    const days = new Set<number>();
    let differ = 0;
    for (let index = 0; index < 2_000; index += 1) {
      const one = howFor(`subject-${index}`);
      expect(one.days).to.not.equal(0);
      expect(Math.abs(one.days)).to.be.at.most(RESEARCH_PROFILE.shiftDays);
      expect(howFor(`subject-${index}`).days).to.equal(one.days);
      days.add(one.days);
      if (howFor(`subject-${index}`, 'nova-102').days !== one.days) differ += 1;
    }
    expect(days.size).to.be.greaterThan(300);
    expect(differ).to.be.greaterThan(1_900);
    expect(howFor('subject-1', 'nova-102').idOf('Encounter/1')).to.not.equal(HOW.idOf('Encounter/1'));
  });

  it('does not leave at all where it says that it means something else than its elements', () => {
    const observation = { resourceType: 'Observation', status: 'final' };
    expect(pseudonymise(observation, HOW)).to.deep.include({ status: 'final' });
    expect(pseudonymise({ ...observation, modifierExtension: [] }, HOW)).to.equal(undefined);
    expect(pseudonymise({ ...observation, component: [{ modifierExtension: [] }] }, HOW)).to.equal(undefined);
    expect(pseudonymise({ ...observation, implicitRules: 'http://a' }, HOW)).to.equal(undefined);
    for (const none of [
      { resourceType: 'Binary' },
      { resourceType: 'toString' },
      [],
      'text',
      null,
      undefined,
    ])
      expect(pseudonymise(none, HOW)).to.equal(undefined);
  });

  it('says whose it is by the pseudonym alone, and of the old not even the year of birth', () => {
    const patient = (birthDate: string) => ({
      resourceType: 'Patient',
      id: 'p1',
      birthDate,
      gender: 'female',
    });
    expect(pseudonymise(patient('1980-05-17'), HOW)).to.deep.include({ birthDate: '1980', gender: 'female' });
    expect(pseudonymise(patient('1936-05-17'), HOW)).to.not.have.property('birthDate');
    expect(pseudonymise(patient('1937'), HOW)).to.deep.include({ birthDate: '1937' });
    const observation = {
      resourceType: 'Observation',
      status: 'final',
      subject: { reference: 'Patient/p1', display: 'A Name' },
    };
    expect(pseudonymise(observation, HOW)).to.deep.include({
      subject: { type: 'Patient', identifier: { system: 'urn:consent-ledger:participant', value: PERSON } },
      meta: {
        security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'PSEUDED' }],
      },
    });
  });

  it('has no number whose unit could not leave with it', () => {
    const measured = (valueQuantity: object): unknown =>
      pseudonymise({ resourceType: 'Observation', status: 'final', valueQuantity }, HOW)?.['valueQuantity'];
    const system = 'http://unitsofmeasure.org';
    for (const code of ['mm[Hg]', 'mg/dL', '10*3/uL', 'mmol/L', '/min', '%', 'kg/m2', '{score}', 'Smith'])
      expect(measured({ value: 1, unit: 'words', system, code }) !== undefined, code).to.equal(
        !/[{S]/.test(code),
      );
    expect(measured({ value: 1, unit: 'mmHg' })).to.equal(undefined);
    expect(measured({ value: 1 })).to.deep.equal({ value: 1 });
  });
});
