import { readBlockLine } from '@consent-ledger/audit/internal/evidence/block-line';
import { blockLine, encodeBlockLine } from '@consent-ledger/audit/internal/evidence/format';
import { expect } from 'chai';
import fc from 'fast-check';

const bytes = fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some).toString('base64url'));
const line = fc
  .record({
    block: fc.nat(),
    codes: bytes,
    data: fc.array(bytes, { maxLength: 3 }),
    private: fc.array(fc.record({ set: bytes, tx: fc.nat() }), { maxLength: 3 }),
    signatures: bytes,
  })
  .map((content) => encodeBlockLine(content).slice(0, -1));

/** What the schema and the encoder make of a line: the same by the long way. */
function isInItsEncoding(text: string): boolean {
  try {
    const parsed = blockLine.safeParse(JSON.parse(text));
    return parsed.success && encodeBlockLine(parsed.data) === `${text}\n`;
  } catch {
    return false;
  }
}

describe('a line of a block that is read by its places', () => {
  it('gives what was encoded', () => {
    fc.assert(
      fc.property(line, (text) => {
        const read = readBlockLine(text);
        const encoded =
          read &&
          encodeBlockLine({
            block: read.block,
            codes: read.codes.toString('base64url'),
            data: read.data.map((one) => one.toString('base64url')),
            private: read.private.map(({ set, tx }) => ({ set: set.toString('base64url'), tx })),
            signatures: read.signatures.toString('base64url'),
          });
        expect(encoded).to.equal(`${text}\n`);
      }),
    );
  });

  it('is taken where schema and encoder take it, whatever was changed, added or left out', () => {
    const change = fc.record({
      at: fc.nat(),
      removed: fc.nat({ max: 2 }),
      added: fc.constantFrom(
        '',
        '"',
        ',',
        'A',
        '=',
        '0',
        ' ',
        '{}',
        '\\u0041',
        '-1',
        '1e3',
        '"A"',
        'null',
        'é',
      ),
    });
    fc.assert(
      fc.property(line, change, (text, { at, removed, added }) => {
        const place = at % (text.length + 1);
        const changed = text.slice(0, place) + added + text.slice(place + removed);
        expect(readBlockLine(changed) !== undefined, changed).to.equal(isInItsEncoding(changed));
      }),
      { numRuns: 2_000 },
    );
  });
});
