import { CONSENT_ELEMENTS, reasons, type FhirVersion } from '@consent-ledger/chaincode/domain';
import { published } from './published-examples.js';
import type { Example } from './example-rows.js';
import { registeredExamples } from './registered-examples.js';
import { otherExamples, pcfExamples } from './worked-examples.js';

type Row = readonly string[];

const code = (text: string): string => `\`${text}\``;

function elementRows(): Row[] {
  const versions: readonly FhirVersion[] = ['r4', 'r5'];
  const paths = [
    ...new Set(
      versions.flatMap((version) =>
        Object.entries(CONSENT_ELEMENTS[version]).flatMap(([parent, children]) =>
          Object.keys(children).map((child) => `${parent}.${child}`),
        ),
      ),
    ),
  ].sort();
  const treatment = (version: FhirVersion, path: string): string => {
    const dot = path.lastIndexOf('.');
    return CONSENT_ELEMENTS[version][path.slice(0, dot)]?.[path.slice(dot + 1)]?.treatment ?? '–';
  };
  return [
    ['element', 'R4', 'R5'],
    ...paths.map((path) => [code(path), ...versions.map((version) => treatment(version, path))]),
  ];
}

function exampleRows(examples: readonly Example[]): Row[] {
  return [
    ['consents', 'asked', 'answer'],
    ...examples.map(({ consents, asked, reason }, index) => [
      examples[index - 1]?.consents === consents ? '' : consents,
      asked,
      `${reasons[reason].outcome} ${code(reason)}`,
    ]),
  ];
}

function reasonRows(): Row[] {
  return [
    ['rule', 'reason', 'logged', 'to the requester', 'exception'],
    ...Object.entries(reasons).map(([reason, { rule, logged, requester, exception }]) => [
      String(rule),
      code(reason),
      logged,
      code(requester),
      exception?.cites ?? '–',
    ]),
  ];
}

function publishedRows(): Row[] {
  return [
    ['example', 'its narrative', 'asked', 'answer'],
    ...published.flatMap(({ release, name, narrative, refused = [], remark = '', rows = [] }): Row[] => {
      const title = `${release} ${name}`;
      if (rows.length === 0) return [[title, narrative, '', `refused at ${placesOf(refused)}: ${remark}`]];
      const note = remark === '' ? narrative : `${narrative}; but ${remark}`;
      return rows.map(([asked, , reason], index) => [
        index === 0 ? title : '',
        index === 0 ? note : '',
        asked,
        `${reasons[reason].outcome} ${code(reason)}`,
      ]);
    }),
  ];
}

function placesOf(paths: readonly string[]): string {
  const shown = [...new Set(paths.map((path) => path.replace(/provision\[\d+\]/, 'provision[…]')))];
  return shown.map(code).join(', ');
}

/** The tables of docs/consent.md that the code decides, by the name of their marker. */
export const tables: Readonly<Record<string, readonly Row[]>> = {
  elements: elementRows(),
  'pcf-examples': exampleRows(pcfExamples),
  'other-examples': exampleRows(otherExamples),
  'registered-examples': exampleRows(registeredExamples),
  'published-examples': publishedRows(),
  reasons: reasonRows(),
};

/** A Markdown table, as wide as its text. */
export function render(rows: readonly Row[]): string {
  const [head, ...body] = rows;
  const line = (cells: Row): string => `| ${cells.join(' | ')} |`;
  return [line(head ?? []), line((head ?? []).map(() => '---')), ...body.map(line)].join('\n');
}
