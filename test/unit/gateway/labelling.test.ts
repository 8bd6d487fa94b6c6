import { openLabelTables } from '@consent-ledger/gateway/internal/adapters/labels/label-tables';
import { readLabelTable } from '@consent-ledger/gateway/internal/adapters/labels/read-label-table';
import { describeRecord } from '@consent-ledger/gateway/internal/usecases/labelling/describe-record';
import { overruleLabels } from '@consent-ledger/gateway/internal/usecases/labelling/label-record';
import type { LabelTable } from '@consent-ledger/gateway/internal/usecases/labelling/label-table';
import { expect } from 'chai';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { temporaryFolder } from '../../support/temporary.js';

const examples = dirname(
  createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/Observation-f202.json'),
);
const ICD = 'http://hl7.org/fhir/sid/icd-10-cm';
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';

type Resource = Record<string, unknown>;

describe('labels from clinical codes', () => {
  const folder = temporaryFolder();
  let table: LabelTable;

  before(() => {
    table = openLabelTables(undefined, folder.path).current;
  });

  const described = (resource: Resource, stated: object = {}, by = table) =>
    describeRecord({ record: 'r', resource, stated }, by);
  const coded = (system: string, code: string, security: Resource[] = []): Resource => ({
    resourceType: 'Condition',
    ...(security.length === 0 ? {} : { meta: { security } }),
    code: { coding: [{ system, code }] },
  });
  const labelsOf = (system: string, code: string) => described(coded(system, code)).facts.labels;
  const example = (name: string): Resource =>
    JSON.parse(readFileSync(join(examples, `${name}.json`), 'utf8')) as Resource;

  it('takes a subtree of ICD-10-CM with or without its dot, to its edges and no further', () => {
    for (const code of ['F12', 'F12.10', 'F1210', 'f19.99', 'F18'])
      expect(labelsOf(ICD, code), code).to.deep.equal(['SUD', 'R']);
    expect(labelsOf(ICD, 'F10.20')).to.deep.equal(['ETHUD', 'R']);
    expect(labelsOf('urn:oid:2.16.840.1.113883.6.90', 'F11.20')).to.deep.equal(['OPIOIDUD', 'R']);
    for (const code of ['F17.210', 'F09', 'E10', 'F1', 'XF12', 'F100'])
      expect(labelsOf(ICD, code) ?? [], code).not.to.include('SUD');
    expect(labelsOf('http://example.org/codes', 'F12.10')).to.equal(undefined);
  });

  it('finds a code wherever it stands in a published resource, and says by which rule', () => {
    for (const [name, label, rule] of [
      ['ServiceRequest-physiotherapy', 'GDIS', 'genetic-diagnosis'],
      ['Observation-example-genetics-2', 'GDIS', 'genetic-test'],
      ['HealthcareService-example', 'PSY', 'psychiatric-diagnosis'],
      ['Questionnaire-phq-9-questionnaire', 'PSY', 'psychiatric-screening'],
    ] as const) {
      const { facts, labelling } = described(example(name));
      expect(facts.labels, name).to.deep.equal([label, 'R']);
      expect(
        labelling.found.map((one) => one.rule),
        name,
      ).to.deep.equal([rule]);
      expect(labelling.table).to.equal(table.digest);
    }
    const nested = {
      resourceType: 'Observation',
      code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
      contained: [
        {
          resourceType: 'Medication',
          code: { coding: [{ system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '1819' }] },
        },
      ],
      extension: [{ url: 'urn:x', valueCoding: { system: 'http://loinc.org', code: '7918-6' } }],
    };
    expect(described(nested).facts.labels).to.have.members(['SUD', 'HIV', 'R']);
  });

  it('takes no label away: not from the record, not from whoever brings it', () => {
    const normal = [{ system: CONFIDENTIALITY, code: 'N' }];
    expect(described(coded(ICD, 'B20', normal)).facts.labels).to.have.members(['N', 'HIV', 'R']);
    const secret = [
      { system: CONFIDENTIALITY, code: 'V' },
      { system: ACT_CODE, code: 'TBOO' },
    ];
    expect(described(coded(ICD, 'B20', secret)).facts.labels).to.have.members(['V', 'TBOO', 'HIV']);
    const { facts, labelling } = described(coded(ICD, 'B20', normal), { labels: [] });
    expect(facts.labels).to.have.members(['N', 'HIV', 'R']);
    expect(labelling).to.deep.include({ own: ['N'], stated: [] });
    expect(described(coded(ICD, 'J06.9'), { labels: ['SEX'] }).facts.labels).to.deep.equal(['SEX']);
  });

  it('holds for every kind of published resource: what it says of itself stays, what is found is restricted', () => {
    const seen = new Map<string, string>();
    for (const file of readdirSync(examples).filter((name) => /^[A-Z].*\.json$/.test(name))) {
      const type = file.split('-', 1)[0] ?? '';
      if (!seen.has(type)) seen.set(type, file);
    }
    expect(seen.size).to.be.greaterThan(100);
    for (const file of seen.values()) {
      const resource = example(file.replace(/\.json$/, ''));
      const before = described(resource, {}, { ...table, rules: [] }).facts.labels ?? [];
      const { facts, labelling } = described(resource);
      expect(facts.labels ?? [], file).to.include.members(before);
      if (labelling.found.length > 0) expect(facts.labels, file).to.satisfy(isRestricted);
      else expect(facts.labels ?? [], file).to.deep.equal(before);
      const told = JSON.stringify({ facts, labelling });
      for (const text of textsOf(resource)) expect(told, file).not.to.include(text);
    }
  });

  it('leaves what no rule speaks of unassessed, unless the table says that it is normal', () => {
    expect(labelsOf(ICD, 'J06.9')).to.equal(undefined);
    const normal = readLabelTable('labelTable: 1\nname: mine\notherwise: normal\nrules: []', 'mine.yaml');
    expect(described(coded(ICD, 'J06.9'), {}, normal).facts.labels).to.deep.equal(['N']);
    const inWords = { resourceType: 'Condition', code: { text: 'a cold' } };
    expect(described(inWords, {}, normal).facts.labels, 'said only in words').to.equal(undefined);
  });

  it('lets staff overrule a rule, on the record, and nothing that the record says of itself', () => {
    const labelled = described(coded(ICD, 'E84.0', [{ system: ACT_CODE, code: 'TBOO' }]));
    const by = { labels: labelled.facts.labels, labelling: labelled.labelling };
    const { labelling, left } = overruleLabels(['TBOO', 'N'], by);
    expect(left).to.deep.equal([]);
    expect(labelling).to.deep.include({
      decided: ['TBOO', 'N'],
      overruled: ['genetic-diagnosis'],
      found: [],
    });
    expect(overruleLabels(['N'], by).left).to.deep.equal(['TBOO']);
  });

  it('refuses a mistake in a table, with its line', () => {
    const text = (rule: string): string => `labelTable: 1\nname: mine\nrules:\n${rule}`;
    const rule = (match: string, more = ''): string =>
      text(
        `  - id: one\n    labels: [HIV]\n    reason: words\n    source: somewhere\n${more}    match:\n      - ${match}`,
      );
    const refused = (content: string): string => {
      try {
        readLabelTable(content, 'mine.yaml');
      } catch (error) {
        return (error as Error).message;
      }
      throw new Error(`taken: ${content}`);
    };
    readLabelTable(rule('{system: LOINC, codes: [7918-6]}'), 'mine.yaml');
    for (const [content, said] of [
      ['labelTable: 2\nname: mine\nrules: []', /mine\.yaml:1: labelTable must be 1/],
      ['labelTable: 1\nname: mine\nrules: []\nmore: 1', /mine\.yaml:4: the table has no key "more"/],
      [
        rule('{system: LOINC, codes: [7918-6]}', '    lables: [SUD]\n'),
        /mine\.yaml:8: rules\[0\] has no key "lables"/,
      ],
      [
        rule('{system: LOINC, within: [F10-F19]}'),
        /mine\.yaml:9: rules\[0\]\.match\[0\]\.within is for ICD-10/,
      ],
      [rule('{system: ICD-10-CM, within: [F19-F10]}'), /mine\.yaml:9: .*must not end before it begins/],
      [rule('{system: ICD-10-CM, within: [F10..F19]}'), /mine\.yaml:9: .*must be a category/],
      [rule('{system: RxNorm, codes: [1819]}'), /mine\.yaml:9: .*put a code of digits into quotes/],
      [rule('{system: Rxnorm, codes: ["1819"]}'), /mine\.yaml:9: .*must be one of LOINC/],
      [rule('{system: LOINC}'), /mine\.yaml:9: .*needs `codes` or `within`/],
      [
        rule('{system: LOINC, codes: [7918-6]}').replace('HIV', 'HIVE'),
        /mine\.yaml:5: rules\[0\]\.labels\[0\] must be a code of/,
      ],
      [`labelTable: 1\nname: mine\nrules:\n  - &a {}\n  - *a`, /mine\.yaml:5: an alias/],
      ['labelTable: 1\nname: [', /mine\.yaml:2: /],
    ] as const)
      expect(refused(content)).to.match(said);
    const twice = `${rule('{system: LOINC, codes: [7918-6]}')}\n${rule('{system: LOINC, codes: [7918-6]}').split('rules:\n')[1] ?? ''}`;
    expect(refused(twice)).to.match(/mine\.yaml:10: rules\[1\]\.id is there twice/);
  });

  it('keeps each table that was used, and takes none that is not what its name says', () => {
    const file = join(folder.path, 'own.yaml');
    writeFileSync(file, 'labelTable: 1\nname: mine\nrules: []');
    const later = openLabelTables(file, folder.path);
    expect(later.current.name).to.equal('mine');
    expect(later.earlier(table.digest)?.rules.length).to.equal(table.rules.length);
    expect(later.earlier('x'.repeat(43))).to.equal(undefined);
    const copy = join(folder.path, `${table.digest}.json`);
    writeFileSync(copy, readFileSync(copy, 'utf8').replace('opioids', 'sweets'));
    expect(openLabelTables(file, folder.path).earlier(table.digest)).to.equal(undefined);
  });
});

function isRestricted(labels: readonly string[]): boolean {
  return labels.includes('R') || labels.includes('V');
}

/** Names of people, as they stand in the resource. */
function textsOf(resource: Resource): string[] {
  const found: string[] = [];
  const walk = (value: unknown, name: string): void => {
    if (typeof value === 'string') {
      if (['family', 'text', 'div', 'display'].includes(name) && value.length > 12) found.push(value);
    } else if (typeof value === 'object' && value !== null)
      for (const [key, inner] of Object.entries(value)) walk(inner, Array.isArray(value) ? name : key);
  };
  walk(resource, '');
  return found;
}
