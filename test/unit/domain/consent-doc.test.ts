import { CONSENT_ELEMENTS, type FhirVersion } from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../../property/domain/code-systems.js';
import { reason, refused } from './build.js';
import { render, tables } from './consent-doc.js';
import { published, publishedQuestion, publishedText } from './published-examples.js';
import { registeredExamples } from './registered-examples.js';
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
    ...registeredExamples,
  ]) {
    it(`${consents} – ${asked}: ${expected}`, () => {
      expect(reason(question, given, context)).to.equal(expected);
    });
  }

  it('says of every section of the rules which tests hold it, in words that stand there', () => {
    const [, ...rows] = cells(
      /<!-- proofs -->([^]*?)<!-- \/proofs -->/.exec(readFileSync(docFile, 'utf8'))?.[1] ?? '',
    );
    const wrong = rows.filter(([, , file = '', words = '']) => {
      const path = join(repository, file.replaceAll('`', ''));
      return words === '' || !existsSync(path) || !readFileSync(path, 'utf8').includes(words);
    });
    expect(wrong).to.deep.equal([]);
    const sections = [...new Set(rows.map(([section]) => Number(section)))];
    expect(sections).to.deep.equal(Array.from({ length: 11 }, (_, index) => index + 1));
  });

  describe('the published examples', () => {
    it('are all there', () => {
      const folders = {
        R4: ['node_modules', 'hl7.fhir.r4.examples'],
        R5: ['test', 'vectors', 'fhir-r5-examples'],
      };
      for (const [release, folder] of Object.entries(folders)) {
        const names = readdirSync(join(repository, ...folder))
          .map((file) => /^Consent-consent-example-(.+)\.json$/.exec(file)?.[1])
          .filter((name) => name !== undefined);
        expect(published.filter((one) => one.release === release).map(({ name }) => name)).to.have.members(
          names,
        );
        expect(names).to.have.length(12);
      }
    });

    for (const example of published) {
      const { release, name, refused: where = [], rows = [] } = example;
      it(`${release} ${name}: ${where.length === 0 ? 'taken' : `refused for ${where.join(', ')}`}`, () => {
        const text = publishedText(example);
        expect(refused(text).map(({ path }) => path)).to.deep.equal(where);
        expect(rows.length > 0).to.equal(where.length === 0);
        for (const [asked, question, expected] of rows)
          expect(reason(publishedQuestion(text, question), [text]), asked).to.equal(expected);
      });
    }
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
