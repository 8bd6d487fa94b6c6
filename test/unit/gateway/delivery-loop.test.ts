import { openLedgerQueue } from '@consent-ledger/gateway/internal/adapters/sqlite/ledger-queue';
import { DeliveryLoop, fromLedger } from '@consent-ledger/gateway/internal/usecases/delivery-loop';
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../support/eventually.js';

interface Thing {
  readonly name: string;
  readonly to: string;
  readonly block: number;
}

const LAYOUT = { table: 'thing', key: ['name'], beside: ['to'] } as const;

describe('what stands in a queue is brought at least once, and none holds up another', () => {
  let folder: string;
  let queue: ReturnType<typeof openLedgerQueue<Thing>>;
  let loop: DeliveryLoop<Thing & { attempts: number; due: number }> | undefined;
  let now = 1_000_000;
  let logged: string[] = [];
  const held: Thing[] = [];
  const chain = { height: 0, pending: [] as { block: number; values: number }[] };
  const projection = {
    get height() {
      return chain.height;
    },
    pending: () => chain.pending,
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-'));
    queue = openLedgerQueue<Thing>(join(folder, 'queue.db'), LAYOUT);
    held.length = 0;
    [chain.height, chain.pending, now, logged] = [0, [], 1_000_000, []];
  });

  afterEach(async () => {
    await loop?.stop();
    queue.close();
    rmSync(folder, { recursive: true });
  });

  function start(bring: (thing: Thing) => Promise<void>, isFinal?: (error: unknown) => boolean): void {
    const write = (event: string): void => {
      logged.push(event);
    };
    loop = new DeliveryLoop({
      queue,
      takeIn: fromLedger(
        projection,
        queue,
        (block) => held.filter((thing) => thing.block >= block),
        () => now,
      ),
      keyOf: ({ name }) => name,
      bring,
      ...(isFinal === undefined ? {} : { isFinal }),
      events: { failed: 'failed', givenUp: 'given-up', interrupted: 'interrupted' },
      atOnce: 2,
      now: () => now,
      log: { info: write, warn: write, error: write },
    });
    loop.start();
  }

  function write(name: string, block: number): void {
    held.push({ name, to: 'somebody', block });
    chain.height = Math.max(chain.height, block + 1);
  }

  it('goes on with others while one hangs, and never has one under way twice', async () => {
    let release: () => void = () => undefined;
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    const brought: string[] = [];
    for (const [index, name] of ['slow', 'b', 'c', 'd'].entries()) write(name, index + 1);
    start(async ({ name, block }) => {
      brought.push(`${name} ${block}`);
      if (name === 'slow') await hanging;
    });
    await eventually(() => {
      expect(brought).to.have.members(['slow 1', 'b 2', 'c 3', 'd 4']);
    });
    write('slow', 7);
    write('e', 8);
    loop?.look();
    await eventually(() => {
      expect(brought).to.include('e 8');
    });
    expect(brought).not.to.include('slow 7');
    release();
    await eventually(() => {
      expect(brought).to.include('slow 7');
    });
    await loop?.stop();
    expect(queue.next(10)).to.deep.equal([]);
  });

  it('waits twice as long after each failure, and begins anew with what is newer', async () => {
    write('a', 1);
    start(() => Promise.reject(new Error('not now')));
    const waits: number[] = [];
    for (const attempts of [1, 2, 3]) {
      await eventually(() => {
        expect(queue.next(1)[0]?.attempts).to.equal(attempts);
      });
      const [next] = queue.next(1);
      if (next === undefined) throw new Error('it is no more in the queue');
      waits.push(next.due - now);
      now = next.due;
      loop?.look();
    }
    expect(waits).to.deep.equal([1_000, 2_000, 4_000]);
    await loop?.stop();
    queue.enqueue([{ name: 'a', to: 'somebody', block: 9 }], 10, now);
    expect(queue.next(10)).to.deep.equal([{ name: 'a', to: 'somebody', block: 9, attempts: 0, due: now }]);
  });

  it('gives up what is refused for good', async () => {
    write('a', 1);
    start(
      () => Promise.reject(new Error('never')),
      () => true,
    );
    await eventually(() => {
      expect(logged).to.deep.equal(['given-up']);
    });
    expect(queue.next(1)).to.deep.equal([]);
  });

  it('goes on where it was after a stop, and reads again from a block that is not all there', async () => {
    write('late', 5);
    chain.pending = [{ block: 3, values: 1 }];
    start(() => Promise.reject(new Error('not now')));
    await eventually(() => {
      expect(queue.next(1)[0]?.attempts).to.equal(1);
    });
    expect(queue.scanned).to.equal(3);
    await loop?.stop();
    queue.close();
    queue = openLedgerQueue<Thing>(join(folder, 'queue.db'), LAYOUT);
    expect(queue.scanned).to.equal(3);
    chain.pending = [];
    write('missing', 3);
    const brought: string[] = [];
    now += 60_000;
    start(({ name }) => {
      brought.push(name);
      return Promise.resolve();
    });
    await eventually(() => {
      expect(brought).to.have.members(['late', 'missing']);
    });
    expect(queue.scanned).to.equal(6);
  });

  it('is not stopped by a queue that cannot be written to', async () => {
    write('a', 1);
    let isFull = true;
    const settle = queue.settle.bind(queue);
    queue.settle = (waiting, at) => {
      if (isFull) throw new Error('database or disk is full');
      settle(waiting, at);
    };
    let brought = 0;
    start(() => {
      brought += 1;
      return Promise.resolve();
    });
    await eventually(() => {
      expect(logged).to.deep.equal(['interrupted']);
    });
    isFull = false;
    await eventually(() => {
      expect(brought).to.equal(2);
    });
    await loop?.stop();
    expect(queue.next(1)).to.deep.equal([]);
  });
});
