import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { member, MEMBER_PREFIX, type PublicJwk } from '@consent-ledger/chaincode/wire';
import type { DeliveredTransaction } from '../../history/delivered-block.js';
import type { BlockContent } from '../block-line.js';
import type { BundleLine } from '../read-bundle.js';
import type { SignedContent } from './find-signatures.js';
import { KnownSignatures, type FoundSignatures } from './known-signatures.js';

export type ToWorker =
  | ({ readonly kind: 'block'; readonly id: number } & SignedContent)
  | { readonly kind: 'keys'; readonly keys: readonly PublicJwk[] };

interface FromWorker {
  readonly id: number;
  readonly found: FoundSignatures;
}

/** Blocks that are looked at before they are verified: enough that the other threads always have one. */
const AHEAD = 6;

/** What else there is to verify keeps one thread busy for as long as two take for the signatures. */
const THREADS = Math.min(2, availableParallelism());

/**
 * Verifies the signatures of a bundle's blocks in threads of its own, some blocks ahead. Nothing rests on it but the time: what it does not find, the
 * verifier verifies.
 */
export class SignaturesAhead {
  readonly #threads: readonly Thread[];
  readonly #found: Promise<FoundSignatures | undefined>[] = [];
  #blocks = 0;

  constructor(threads = THREADS) {
    this.#threads = Array.from({ length: threads }, () => new Thread());
  }

  /** The lines as they are, each block handed to one of the other threads before it is given out. */
  async *watch(lines: AsyncIterable<BundleLine>): AsyncGenerator<BundleLine> {
    const ready: BundleLine[] = [];
    try {
      for await (const next of lines) {
        if (next.kind === 'block') this.#found.push(this.#look(next.line));
        ready.push(next);
        if (ready.length > AHEAD) yield* ready.splice(0, 1);
      }
    } catch (error) {
      // What comes before a line that cannot be read is verified first, as it would be without looking ahead.
      yield* ready.splice(0);
      throw error;
    }
    yield* ready;
  }

  /** What was found of the block that comes next; to be called once for each. */
  async next(): Promise<KnownSignatures | undefined> {
    const found = await this.#found.shift();
    return found === undefined ? undefined : new KnownSignatures(found);
  }

  /** Makes the keys known that members register. */
  learn(transactions: readonly DeliveredTransaction[]): void {
    const keys = transactions.flatMap(({ writes }) =>
      writes
        .filter(({ collection, key }) => collection === '' && key.startsWith(MEMBER_PREFIX))
        .flatMap(({ value }) => keysIn(value)),
    );
    if (keys.length > 0) for (const thread of this.#threads) thread.post({ kind: 'keys', keys });
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  #look({ data, private: secrets }: BlockContent): Promise<FoundSignatures | undefined> {
    const id = this.#blocks;
    this.#blocks += 1;
    const thread = this.#threads[id % this.#threads.length];
    return thread?.look(id, { data, sets: secrets.map(({ set }) => set) }) ?? Promise.resolve(undefined);
  }
}

class Thread {
  readonly #worker = new Worker(new URL('./worker.js', import.meta.url));
  readonly #waiting = new Map<number, (found: FoundSignatures | undefined) => void>();
  #hasFailed = false;

  constructor() {
    this.#worker.on('message', ({ id, found }: FromWorker) => {
      this.#waiting.get(id)?.(found);
      this.#waiting.delete(id);
    });
    // Without it the verification takes longer, and comes to the same.
    this.#worker.on('error', () => {
      this.#fail();
    });
  }

  post(message: ToWorker): void {
    if (!this.#hasFailed) this.#worker.postMessage(message);
  }

  look(id: number, content: SignedContent): Promise<FoundSignatures | undefined> {
    if (this.#hasFailed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.post({ kind: 'block', id, ...content });
    });
  }

  async close(): Promise<void> {
    this.#fail();
    await this.#worker.terminate();
  }

  #fail(): void {
    this.#hasFailed = true;
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}

function keysIn(value: Uint8Array): PublicJwk[] {
  try {
    const stated = member.safeParse(JSON.parse(Buffer.from(value).toString('utf8')));
    return stated.data?.keys.flatMap((key) => (key.use === 'sig' ? [key.jwk] : [])) ?? [];
  } catch {
    return []; // Of another chaincode, and no member.
  }
}
