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

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A YAML text with the places where its values stand. */
export interface LocatedDocument {
  readonly value: unknown;
  readonly syntax: readonly (Position & { readonly message: string })[];
  /** Where the value at a path stands; for a missing one, the nearest value around it. */
  positionOf(path: readonly PropertyKey[]): Position;
  /** Where a key of the mapping at a path stands. */
  positionOfKey(path: readonly PropertyKey[], key: string): Position;
  valueAt(path: readonly PropertyKey[]): unknown;
}

/** Reads YAML 1.2 without aliases, keeping positions. Never throws: mistakes are in `syntax`. */
export function locate(text: string): LocatedDocument {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, version: '1.2' });
  const syntax = [...document.errors, ...document.warnings].map((error) => ({
    ...positionAt(counter, error.pos[0]),
    message: error.message,
  }));
  visit(document, {
    // An alias would let one line stand for many, and a mistake in it have no line of its own.
    Alias: (_, alias) => {
      syntax.push({
        ...positionAt(counter, alias.range?.[0] ?? 0),
        message: 'an alias; write the value out',
      });
    },
  });
  const value = syntax.length === 0 ? (document.toJS() as unknown) : undefined;
  return {
    value,
    syntax,
    positionOf: (path) => positionAt(counter, offsetOf(document, path)),
    positionOfKey: (path, key) => positionAt(counter, offsetOfKey(document, path, key)),
    valueAt: (path) => path.reduce<unknown>(step, value),
  };
}

function positionAt(counter: LineCounter, offset: number): Position {
  const { line, col } = counter.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

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
  if (isMap(parent)) {
    for (const pair of parent.items) {
      if (isScalar(pair.key) && String(pair.key.value) === key) return pair.key.range?.[0] ?? 0;
    }
  }
  return offsetOf(document, path);
}

function step(value: unknown, key: PropertyKey): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}
