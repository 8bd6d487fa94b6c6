import { EvidenceRefused } from './refusal.js';

/**
 * The lines of a bundle from its bytes: UTF-8, and nothing but a line feed ends a line, so that no byte can be another and mean the same.
 * @returns lines without their line feeds
 * @throws EvidenceRefused `format`
 */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const parts: string[] = [];
  let line = 0;
  const decoded = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
    } catch {
      throw new EvidenceRefused('format', { line }, 'it is not UTF-8');
    }
  };
  for await (const chunk of chunks) {
    const pieces = decoded(chunk).split('\n');
    const last = pieces.pop() ?? '';
    for (const piece of pieces) {
      parts.push(piece);
      yield parts.join('');
      parts.length = 0;
      line += 1;
    }
    parts.push(last);
  }
  parts.push(decoded());
  if (parts.join('') !== '')
    throw new EvidenceRefused('format', { line }, 'it is cut short: its last line does not end');
}
