import { locate } from '@consent-ledger/located-yaml';
import { labelTableOf, labelTableSchema, type LabelTable } from '../../usecases/labelling/label-table.js';

/** A label table says something that is not understood; the message has a line for each mistake. */
export class LabelTableError extends Error {
  override readonly name = 'LabelTableError';
}

const MAX_TOLD = 20;

/** Parses a label table, YAML or JSON. `file` stands in messages. Throws a LabelTableError. */
export function readLabelTable(text: string, file: string): LabelTable {
  const located = locate(text);
  if (located.syntax.length > 0)
    throw refusal(
      file,
      located.syntax.map(({ line, message }) => `${line}: ${message}`),
    );
  const parsed = labelTableSchema.safeParse(located.value);
  if (parsed.success) return labelTableOf(parsed.data);
  throw refusal(
    file,
    parsed.error.issues.flatMap((issue) => {
      const place = pathOf(issue.path);
      if (issue.code !== 'unrecognized_keys')
        return [`${located.positionOf(issue.path).line}: ${place} ${issue.message}`];
      return issue.keys.map(
        (key) => `${located.positionOfKey(issue.path, key).line}: ${place} has no key ${JSON.stringify(key)}`,
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
