import { expect } from 'chai';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { Batcher } from '@consent-ledger/gateway/internal/usecases/batcher';

const overflow = (): Error => new Error('full');

describe('calls wait for each other only as long as they were told to', () => {
  it('gives every call its own result, in whatever batches they went', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer(), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 4 }),
        async (items, size, inFlight) => {
          const sizes: number[] = [];
          let running = 0;
          let most = 0;
          const batcher = new Batcher<number, string>({
            size,
            inFlight,
            waitMs: 0,
            waiting: 1000,
            overflow,
            run: async (batch) => {
              sizes.push(batch.length);
              most = Math.max(most, (running += 1));
              await sleep(0);
              running -= 1;
              return batch.map(String);
            },
          });
          const results = await Promise.all(items.map((item) => batcher.add(item)));
          expect(results).to.deep.equal(items.map(String));
          expect(Math.max(...sizes)).to.be.at.most(size);
          expect(most).to.be.at.most(inFlight);
          expect(sizes.reduce((sum, one) => sum + one, 0)).to.equal(items.length);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes undefined for a result, and only what has none for a failure', async () => {
    const batcher = new Batcher<number, undefined>({
      size: 2,
      inFlight: 1,
      waitMs: 0,
      waiting: 10,
      overflow,
      run: (batch) => Promise.resolve(batch.includes(3) ? [undefined] : batch.map(() => undefined)),
    });
    const results = await Promise.allSettled([1, 2, 3, 4].map((item) => batcher.add(item)));
    expect(results.map(({ status }) => status)).to.deep.equal([
      'fulfilled',
      'fulfilled',
      'fulfilled',
      'rejected',
    ]);
  });

  it('fails the calls of a batch that fails, and no others', async () => {
    const batcher = new Batcher<number, number>({
      size: 2,
      inFlight: 1,
      waitMs: 0,
      waiting: 10,
      overflow,
      run: (batch) => (batch.includes(3) ? Promise.reject(new Error('three')) : Promise.resolve(batch)),
    });
    const results = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => batcher.add(item)));
    expect(results.map(({ status }) => status)).to.deep.equal([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
  });

  it('refuses more than may wait, at once', async () => {
    const never = Promise.withResolvers<number[]>();
    const batcher = new Batcher<number, number>({
      size: 1,
      inFlight: 1,
      waitMs: 0,
      waiting: 2,
      overflow,
      run: () => never.promise,
    });
    const waiting = [1, 2, 3].map((item) => batcher.add(item));
    const refused = await batcher.add(4).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);
    expect(batcher.waiting).to.equal(2);
    never.resolve([1]);
    await Promise.all(waiting);
  });

  it('begins at once while nothing is under way, and waits for company while much is', async () => {
    const sizes: number[] = [];
    const open: (() => void)[] = [];
    const batcher = new Batcher<number, number>({
      size: 100,
      inFlight: 8,
      waitMs: 5,
      waitsLonger: true,
      waiting: 1000,
      overflow,
      run: async (batch) => {
        sizes.push(batch.length);
        await new Promise<void>((resolve) => open.push(resolve));
        return batch;
      },
    });
    const calls: Promise<number>[] = [];
    // None of them ends meanwhile: the first four begin 5, 10, 20 and 40 ms after their first call, the next 80 ms after.
    for (let call = 0; call < 30; call += 1) {
      calls.push(batcher.add(call));
      await sleep(5);
    }
    expect(sizes[0]).to.be.at.most(10);
    expect(sizes.length).to.be.within(2, 8);
    expect(Math.max(...sizes)).to.be.above(3);
    while (open.length > 0 || batcher.waiting > 0) {
      open.splice(0).forEach((end) => {
        end();
      });
      await sleep(1);
    }
    expect(await Promise.all(calls)).to.deep.equal(Array.from({ length: 30 }, (_, call) => call));
  });
});
