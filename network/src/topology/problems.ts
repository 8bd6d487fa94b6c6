/** One mistake in a topology file. Lines and columns count from 1. */
export interface TopologyProblem {
  readonly line: number;
  readonly column: number;
  /** Such as `organisations[1].kind`; empty for the file as a whole. */
  readonly path: string;
  /** What stands there. */
  readonly found: string;
  /** What should stand there. */
  readonly expected: string;
}

/** A topology file that is refused. `problems` holds every mistake that was found, in the file's order. */
export class TopologyError extends Error {
  override readonly name = 'TopologyError';
  readonly file: string;
  readonly problems: readonly TopologyProblem[];

  constructor(file: string, problems: readonly TopologyProblem[]) {
    super(problems.map((problem) => renderProblem(file, problem)).join('\n'));
    this.file = file;
    this.problems = problems;
  }
}

function renderProblem(file: string, { line, column, path, found, expected }: TopologyProblem): string {
  const place = path === '' ? '' : ` ${path}:`;
  return `${file}:${line}:${column}:${place} found ${found}; expected ${expected}`;
}

/** A path of keys and indexes the way people write it. */
export function renderPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? String(step) : `.${String(step)}`;
  }
  return text;
}

/** A value as it is shown in a message: short, on one line. */
export function renderFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'an empty value';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`;
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}
