import { createHash } from 'node:crypto';
import type { z } from '@consent-ledger/chaincode/wire';
import { readBlockLine, type BlockContent } from './block-line.js';
import { blockLine, encodeBlockLine, encodeLine, endLine, headerLine, type HeaderLine } from './format.js';
import { EvidenceRefused } from './refusal.js';

export type BundleLine =
  | { readonly kind: 'header'; readonly line: HeaderLine }
  | { readonly kind: 'block'; readonly line: BlockContent };

/**
 * The lines of a bundle in their order, each in its one encoding; ends only where the bundle is whole.
 * @param lines without their line feeds
 * @throws EvidenceRefused `format`
 */
export async function* readBundle(
  lines: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<BundleLine> {
  const digest = createHash('sha256');
  let blocks = -1;
  let ended = false;
  for await (const text of lines) {
    if (ended) throw refused(blocks, 'something follows its end');
    if (blocks < 0) {
      yield { kind: 'header', line: parse(text, headerLine, undefined) };
      blocks = 0;
    } else if (text.startsWith('{"end":')) {
      const { end, sha256 } = parse(text, endLine, blocks);
      if (end !== blocks) throw refused(blocks, `it says that it has ${end} blocks, and has ${blocks}`);
      if (sha256 !== digest.digest('base64url')) throw refused(undefined, 'it was altered after it was made');
      ended = true;
      continue;
    } else {
      const line = readBlockLine(text) ?? refuseBlockLine(text, blocks);
      if (line.block !== blocks)
        throw refused(blocks, `block ${line.block} is in the place of block ${blocks}`);
      yield { kind: 'block', line };
      blocks += 1;
    }
    digest.update(`${text}\n`);
  }
  if (!ended) throw refused(blocks < 0 ? undefined : blocks, 'it is cut short: its last line is missing');
}

/** Says what is wrong with a line of a block. */
function refuseBlockLine(text: string, block: number): never {
  parse(text, blockLine, block, encodeBlockLine);
  throw refused(block, 'a line is not in its one encoding');
}

function parse<Line extends object>(
  text: string,
  schema: z.ZodType<Line>,
  block: number | undefined,
  encode: (line: Line) => string = encodeLine,
): Line {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused(block, 'a line is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refused(block, `a line is not of its kind: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
  }
  if (encode(parsed.data) !== `${text}\n`) throw refused(block, 'a line is not in its one encoding');
  return parsed.data;
}

function refused(block: number | undefined, what: string): EvidenceRefused {
  return new EvidenceRefused('format', block === undefined ? {} : { block }, what);
}
