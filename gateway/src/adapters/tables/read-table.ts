import { locate } from '@consent-ledger/located-yaml';
import type { z } from 'zod';

/** A table of rules says something that is not understood; the message has a line for each mistake. */
export class TableError extends Error {
  override readonly name = 'TableError';
}

const MAX_TOLD = 20;

/** Parses a table of rules, YAML or JSON. `file` and `name` stand in messages. Throws a TableError. */
export function readTable<Table>(text: string, file: string, name: string, schema: z.ZodType<Table>): Table {
  const refusal = (problems: readonly string[]): TableError => {
    const lines = problems.slice(0, MAX_TOLD).map((problem) => `${file}:${problem}`);
    const more = problems.length > MAX_TOLD ? [`and ${problems.length - MAX_TOLD} more`] : [];
    return new TableError([`the ${name} is not valid`, ...lines, ...more].join('\n'));
  };
  const located = locate(text);
  if (located.syntax.length > 0)
    throw refusal(located.syntax.map(({ line, message }) => `${line}: ${message}`));
  const parsed = schema.safeParse(located.value);
  if (parsed.success) return parsed.data;
  throw refusal(
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

function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'the table';
  return path
    .map((step, index) =>
      typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`,
    )
    .join('');
}
