import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml';
import { labelTableOf, labelTableSchema, type LabelTable } from '../../usecases/labelling/label-table.js';

/** A label table says something that is not understood; the message has a line for each mistake. */
export class LabelTableError extends Error {
  override readonly name = 'LabelTableError';
}

const MAX_TOLD = 20;

/** Parses a label table, YAML or JSON. `file` stands in messages. Throws a LabelTableError. */
export function readLabelTable(text: string, file: string): LabelTable {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, version: '1.2' });
  const lineAt = (offset: number): number => Math.max(counter.linePos(offset).line, 1);
  const problems = [...document.errors, ...document.warnings].map(
    (error) => `${lineAt(error.pos[0])}: ${error.message}`,
  );
  visit(document, {
    Alias: (_, alias) => {
      problems.push(`${lineAt(alias.range?.[0] ?? 0)}: an alias; write the value out`);
    },
  });
  if (problems.length > 0) throw refusal(file, problems);
  const parsed = labelTableSchema.safeParse(document.toJS());
  if (parsed.success) return labelTableOf(parsed.data);
  throw refusal(
    file,
    parsed.error.issues.flatMap((issue) => {
      const place = pathOf(issue.path);
      if (issue.code !== 'unrecognized_keys')
        return [`${lineAt(offsetOf(document, issue.path))}: ${place} ${issue.message}`];
      return issue.keys.map(
        (key) =>
          `${lineAt(offsetOfKey(document, issue.path, key))}: ${place} has no key ${JSON.stringify(key)}`,
      );
    }),
  );
}

function refusal(file: string, problems: readonly string[]): LabelTableError {
  const lines = problems.slice(0, MAX_TOLD).map((problem) => `${file}:${problem}`);
  const more = problems.length > MAX_TOLD ? [`and ${problems.length - MAX_TOLD} more`] : [];
  return new LabelTableError(['the label table is not valid', ...lines, ...more].join('\n'));
}

function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the table';
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`,
    )
    .join('');
}

/** Where the value at a path stands; for a missing one, the nearest value around it. */
function offsetOf(document: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: Node | null = document.contents;
  for (const key of path) {
    const child: unknown = isMap(node) || isSeq(node) ? node.get(key, true) : undefined;
    if (!isNode(child)) break;
    node = child;
  }
  return node?.range?.[0] ?? 0;
}

function offsetOfKey(document: Document.Parsed, path: readonly PropertyKey[], key: string): number {
  const parent = path.length === 0 ? document.contents : document.getIn(path, true);
  const pair = isMap(parent)
    ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
    : undefined;
  return isScalar(pair?.key) ? (pair.key.range?.[0] ?? 0) : offsetOf(document, path);
}
