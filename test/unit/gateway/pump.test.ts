import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import { pump } from '@consent-ledger/gateway/internal/http/operations/ask';

type Response = Parameters<typeof pump>[1];

const PIECES = 2_000;

/** As much of a response as is written to. */
function asResponse(stream: Writable): Response {
  return stream as unknown as Response;
}

async function* pieces(count: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i += 1) yield await Promise.resolve(Buffer.alloc(64, i));
}

describe('what is pumped to a caller', () => {
  it('waits for a slow one thousands of times, and still listens as it did the first time', async () => {
    let most = 0;
    const got: Buffer[] = [];
    const slow = new Writable({
      highWaterMark: 1,
      write(piece: Buffer, _encoding, done) {
        most = Math.max(most, slow.listenerCount('close'), slow.listenerCount('drain'));
        got.push(piece);
        setImmediate(done);
      },
    });
    const before = slow.listenerCount('close');
    const written: Uint8Array[] = [];
    await pump(pieces(PIECES), asResponse(slow), (piece) => written.push(piece));
    slow.end();
    await once(slow, 'finish');
    expect(got.length).to.equal(PIECES);
    expect(written.length, 'told of every piece').to.equal(PIECES);
    expect(most).to.be.at.most(before + 1);
    expect(slow.listenerCount('drain')).to.equal(0);
  });

  it('ends where the caller hangs up while it is waited for, and asks for nothing more', async () => {
    const stuck = new PassThrough({ highWaterMark: 1 });
    let asked = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const piece of pieces(PIECES)) {
        asked += 1;
        yield piece;
      }
    }
    const pumping = pump(counted(), asResponse(stuck));
    while (!stuck.writableNeedDrain) await turn();
    const before = asked;
    stuck.destroy();
    await pumping;
    expect(asked - before).to.be.at.most(1);
  });

  it('ends at once where the caller is gone already', async () => {
    const gone = new PassThrough();
    gone.destroy();
    await pump(pieces(PIECES), asResponse(gone));
    expect(gone.writableLength).to.equal(0);
  });

  it('throws what its source throws, and listens no more', async () => {
    const response = new PassThrough();
    const before = response.listenerCount('close');
    async function* broken(): AsyncGenerator<Buffer> {
      yield* pieces(1);
      throw new RangeError('broken');
    }
    const failed = await pump(broken(), asResponse(response)).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failed).to.be.instanceOf(RangeError);
    expect(response.listenerCount('close')).to.equal(before);
  });
});
