import { createHash } from 'node:crypto';
import type { z } from '@consent-ledger/chaincode/wire';
import { encodeLine, endLine } from '../evidence/format.js';
import { EvidenceRefused } from '../evidence/refusal.js';

/** Lines with their line feeds, and at the end the one that seals them. */
export function* sealedLines(lines: Iterable<object>): Generator<string> {
  const digest = createHash('sha256');
  let count = 0;
  for (const line of lines) {
    const text = encodeLine(line);
    digest.update(text);
    yield text;
    count += 1;
  }
  yield encodeLine({ end: count, sha256: digest.digest('base64url') });
}

/** The lines of a bundle that fits into memory, one after the other; each is asked for by its shape. */
export class SealedReader {
  #place = 0;

  private constructor(private readonly lines: readonly string[]) {}

  /**
   * @param lines without their line feeds
   * @throws EvidenceRefused `format` where it is not whole
   */
  static open(lines: readonly string[]): SealedReader {
    const reader = new SealedReader(lines);
    const last = lines.length - 1;
    const { end, sha256 } = reader.#parse(last, endLine, 'it is cut short: its last line is missing');
    if (end !== last) throw refused(last, `it says that it has ${end} lines, and has ${last}`);
    const digest = createHash('sha256');
    for (const line of lines.slice(0, -1)) digest.update(`${line}\n`);
    if (digest.digest('base64url') !== sha256) throw refused(undefined, 'it was altered after it was made');
    return reader;
  }

  /** Number of the line that comes next, from 0. */
  get place(): number {
    return this.#place;
  }

  get isAtEnd(): boolean {
    return this.#place >= this.lines.length - 1;
  }

  startsWith(text: string): boolean {
    return this.lines[this.#place]?.startsWith(text) === true;
  }

  /** @throws EvidenceRefused `format` */
  next<Line extends object>(schema: z.ZodType<Line>): Line {
    if (this.isAtEnd) throw refused(this.#place, 'it ends where more has to come');
    const line = this.#parse(this.#place, schema, 'a line is not JSON');
    this.#place += 1;
    return line;
  }

  #parse<Line extends object>(place: number, schema: z.ZodType<Line>, otherwise: string): Line {
    const text = this.lines[place] ?? '';
    const parsed = schema.safeParse(jsonOf(text) ?? null);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const path = issue?.path.join('.') ?? '';
      throw refused(
        place,
        path === '' ? otherwise : `it is not of its kind: ${path} ${issue?.message ?? ''}`,
      );
    }
    if (encodeLine(parsed.data) !== `${text}\n`) throw refused(place, 'it is not in its one encoding');
    return parsed.data;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // No schema takes it.
  }
}

function refused(line: number | undefined, what: string): EvidenceRefused {
  return new EvidenceRefused('format', line === undefined ? {} : { line }, what);
}
