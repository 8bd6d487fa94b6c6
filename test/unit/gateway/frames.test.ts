import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeFrames,
  encodeCiphertext,
  encodeControl,
  FrameError,
  type ReleaseFrame,
} from '@consent-ledger/gateway/internal/release/frames';

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield await Promise.resolve(bytes.subarray(at, at + size));
}

async function all(bytes: Uint8Array, size = 1000): Promise<ReleaseFrame[]> {
  const frames: ReleaseFrame[] = [];
  for await (const frame of decodeFrames(cut(bytes, size))) frames.push(frame);
  return frames;
}

const start = {
  frame: 'record',
  record: 'r1',
  version: 1,
  bytes: 10,
  digest: Buffer.alloc(32).toString('base64url'),
  mediaType: 'text/plain',
} as const;

describe('a release is a stream of frames', () => {
  it('comes out as it went in, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 1, max: 700 }),
        async (content, size) => {
          const stream = Buffer.concat([
            encodeControl(start),
            ...encodeCiphertext(content),
            encodeControl({ frame: 'record-end', record: 'r1' }),
          ]);
          const frames = await all(stream, size);
          const ciphertext = frames.flatMap((frame) => (frame.frame === 'ciphertext' ? [frame.bytes] : []));
          expect(Buffer.concat(ciphertext).equals(Buffer.from(content))).to.equal(true);
          expect(frames[0]).to.deep.equal(start);
          expect(frames.at(-1)).to.deep.equal({ frame: 'record-end', record: 'r1' });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('cuts long ciphertexts into frames of at most 1 MiB', () => {
    const pieces = [...encodeCiphertext(Buffer.alloc(2.5 * 1024 * 1024))];
    expect(pieces.map(({ length }) => length)).to.deep.equal([5, 1048576, 5, 1048576, 5, 524288]);
  });

  it('refuses what is no such stream', async () => {
    const control = (value: unknown): Buffer => frame(1, Buffer.from(JSON.stringify(value)));
    const bad: [string, Buffer][] = [
      ['an end inside a length', Buffer.from([0, 0])],
      ['an end inside a frame', encodeControl(start).subarray(0, 20)],
      ['an empty frame', Buffer.from([0, 0, 0, 0])],
      ['a frame without end', Buffer.from([0xff, 0xff, 0xff, 0xff, 2])],
      ['an unknown type', frame(3, Buffer.from('x'))],
      ['no JSON', frame(1, Buffer.from('{'))],
      ['an unknown frame', control({ frame: 'key', key: 'x' })],
      ['more than was agreed', control({ ...start, key: 'x' })],
      ['a record id that is none', control({ ...start, record: '../x' })],
      ['a size that is none', control({ ...start, bytes: -1 })],
      ['a control frame too long', frame(1, Buffer.alloc(300_000, ' '))],
    ];
    for (const [name, bytes] of bad) {
      const failure = await all(bytes).catch((error: unknown) => error);
      expect(failure, name).to.be.instanceOf(FrameError);
    }
  });
});

function frame(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(payload.length + 1);
  head[4] = type;
  return Buffer.concat([head, payload]);
}
