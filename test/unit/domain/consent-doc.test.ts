import { CONSENT_ELEMENTS, type FhirVersion } from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../property/domain/code-systems.js';
import { reason, refused } from './build.js';
import { render, tables } from './consent-doc.js';
import { otherExamples, pcfExamples } from './worked-examples.js';

const docFile = join(repository, 'docs', 'consent.md');
const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(repository, ...path), 'utf8'));

interface PublishedElement {
  readonly path: string;
  readonly max: string;
  readonly type?: readonly { readonly code: string }[];
}

/** `Consent.source[x]` as `Consent.sourceAttachment` and so on; data types are not followed. */
function expand({ path, max, type = [] }: PublishedElement): { path: string; max: string }[] {
  if (!path.endsWith('[x]')) return [{ path, max }];
  const capital = (code: string): string => code.charAt(0).toUpperCase() + code.slice(1);
  return type.map(({ code }) => ({ path: path.replace('[x]', capital(code)), max }));
}

function publishedElements(version: FhirVersion): readonly PublishedElement[] {
  if (version === 'r5') {
    const { elements } = readJson('test', 'vectors', 'fhir-r5-consent-elements.json') as {
      elements: readonly PublishedElement[];
    };
    return elements;
  }
  const definition = readJson('node_modules', 'hl7.fhir.r4.examples', 'StructureDefinition-Consent.json') as {
    snapshot: { element: readonly PublishedElement[] };
  };
  return definition.snapshot.element;
}

describe('docs/consent.md', () => {
  for (const version of ['r4', 'r5'] as const) {
    it(`has every element of Consent in ${version.toUpperCase()}, and knows which repeat`, () => {
      const published = publishedElements(version)
        .filter(({ path }) => path !== 'Consent')
        .flatMap(expand)
        .map(({ path, max }) => `${path} ${max}`);
      const ours = Object.entries(CONSENT_ELEMENTS[version]).flatMap(([parent, children]) =>
        Object.entries(children).map(([child, { repeats }]) => `${parent}.${child} ${repeats ? '*' : '1'}`),
      );
      expect(ours).to.have.members([...published, 'Consent.resourceType 1']);
    });
  }

  for (const [name, rows] of Object.entries(tables)) {
    it(`has the table of ${name} as the code has it (UPDATE_DOCS=1 writes it)`, () => {
      const doc = readFileSync(docFile, 'utf8');
      const marked = new RegExp(`(<!-- ${name} -->\n)([^]*?)(\n<!-- /${name} -->)`);
      if (process.env['UPDATE_DOCS'] !== undefined) {
        writeFileSync(docFile, doc.replace(marked, `$1\n${render(rows)}\n$3`));
        return;
      }
      expect(cells(marked.exec(doc)?.[2] ?? '')).to.deep.equal(cells(render(rows)));
    });
  }

  for (const { consents, asked, reason: expected, given, question, context } of [
    ...pcfExamples,
    ...otherExamples,
  ]) {
    it(`${consents} – ${asked}: ${expected}`, () => {
      expect(reason(question, given, context)).to.equal(expected);
    });
  }

  describe('the published R4 examples', () => {
    /** The element that each is refused for; none where it is taken as its text says. */
    const published: Readonly<Record<string, readonly string[]>> = {
      basic: [],
      Emergency: ['Consent.provision.actor', 'Consent.provision.purpose'],
      Out: ['Consent.provision.actor'],
      grantor: ['Consent.provision.actor', 'Consent.provision.action'],
      notAuthor: ['Consent.provision.actor'],
      notOrg: ['Consent.policyRule.coding[0]'],
      notThem: ['Consent.provision.actor', 'Consent.provision.action'],
      notThis: ['Consent.provision.data'],
      notTime: [],
      signature: ['Consent.provision.actor'],
      smartonfhir: [],
    };
    for (const [name, where] of Object.entries(published)) {
      it(`${name}: ${where.length === 0 ? 'taken' : `refused for ${where.join(', ')}`}`, () => {
        const fhir = readJson('node_modules', 'hl7.fhir.r4.examples', `Consent-consent-example-${name}.json`);
        expect(refused(fhir).map(({ path }) => path)).to.deep.equal(where);
      });
    }

    it('pkb: refused for its root and for exceptions without type', () => {
      const fhir = readJson('node_modules', 'hl7.fhir.r4.examples', 'Consent-consent-example-pkb.json');
      expect(refused(fhir).map(({ path }) => path)).to.include.members([
        'Consent.provision.securityLabel',
        'Consent.provision.provision[0].type',
      ]);
    });
  });
});

/** The cells of a Markdown table, without what only aligns it. */
function cells(table: string): string[][] {
  return table
    .split('\n')
    .filter((line) => line.startsWith('|') && !/^[|\s-]+$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}
