import type { RecordStore, StoredCiphertext } from '@consent-ledger/gateway/internal/ports/record-store';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';
import { expect } from 'chai';
import { createHash } from 'node:crypto';

/** What a store has, whatever it was asked for: names of all that is finished, and of all that is not. */
export interface Inventory {
  readonly finished: readonly string[];
  readonly unfinished: readonly string[];
}

export interface StoreOfTest {
  readonly store: RecordStore;
  readonly inventory: () => Promise<Inventory>;
}

const MIB = 1024 ** 2;
const nothing = (): void => undefined;

/** Bytes that are the same in every run and compress to nothing. */
export function* bytesOf(size: number, chunk = 300_000): Generator<Buffer> {
  for (let at = 0; at < size; at += chunk) yield Buffer.alloc(Math.min(chunk, size - at), `${at} of ${size}`);
}

export async function* streamOf(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

export function digestOf(chunks: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('base64url');
}

async function read(store: RecordStore, digest: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of await store.open(digest)) hash.update(chunk);
  return hash.digest('base64url');
}

async function refusalOf(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.then(
    () => 'no refusal',
    (error: unknown) => error,
  );
  expect(outcome).to.be.instanceOf(Refusal);
  return (outcome as Refusal).code;
}

/** What every store of records does. */
export function keeping(open: () => Promise<StoreOfTest>): void {
  let store: RecordStore;
  let inventory: StoreOfTest['inventory'];
  beforeEach(async () => {
    ({ store, inventory } = await open());
  });

  for (const size of [0, 1, 65_536, 5 * MIB, 5 * MIB + 1, 17 * MIB]) {
    it(`gives back ${size} bytes as they came, under their digest`, async () => {
      const digest = digestOf(bytesOf(size));
      const told: StoredCiphertext[] = [];
      const kept = await store.keep(streamOf(bytesOf(size)), (stored) => told.push(stored));
      expect(kept).to.deep.equal({ digest, bytes: size });
      expect(told).to.deep.equal([kept]);
      expect(await read(store, digest)).to.equal(digest);
      expect((await inventory()).unfinished).to.deep.equal([]);
    });
  }

  for (const size of [100_000, 12 * MIB]) {
    it(`has nothing of ${size} bytes whose source fails, or that nobody wants in the end`, async () => {
      const failing = (async function* () {
        yield* streamOf(bytesOf(size));
        throw new Error('the sender hung up');
      })();
      const failed = await store.keep(failing, nothing).catch((error: unknown) => error);
      expect(failed).to.be.an('error').with.property('message', 'the sender hung up');
      const unwanted = await store
        .keep(streamOf(bytesOf(size)), () => {
          throw new Error('not kept');
        })
        .catch((error: unknown) => error);
      expect(unwanted).to.be.an('error').with.property('message', 'not kept');
      expect(await inventory()).to.deep.equal({ finished: [], unfinished: [] });
    });
  }

  it('says that a record is damaged where it is not there', async () => {
    expect(await refusalOf(store.open(digestOf(bytesOf(3))))).to.equal('record-damaged');
  });

  it('drops, also what is not there, and the same can be kept again', async () => {
    const { digest } = await store.keep(streamOf(bytesOf(10)), nothing);
    await store.drop(digest);
    await store.drop(digest);
    expect(await refusalOf(store.open(digest))).to.equal('record-damaged');
    await store.keep(streamOf(bytesOf(10)), nothing);
    expect(await read(store, digest)).to.equal(digest);
  });

  it('takes many at once, the same among them', async () => {
    const sizes = [1, 1, 1, 200_000, 200_000, 6 * MIB, 6 * MIB, 7 * MIB];
    const kept = await Promise.all(sizes.map((size) => store.keep(streamOf(bytesOf(size)), nothing)));
    for (const { digest } of kept) expect(await read(store, digest)).to.equal(digest);
    const { finished, unfinished } = await inventory();
    expect(finished).to.have.length(new Set(sizes).size);
    expect(unfinished).to.deep.equal([]);
  });
}
