import { Worker } from 'node:worker_threads';
import { member, MEMBER_PREFIX, type PublicJwk } from '@consent-ledger/chaincode/wire';
import type { DeliveredTransaction } from '../../history/delivered-block.js';
import { KnownSignatures, type FoundSignatures } from './known-signatures.js';

export type ToWorker =
  | { readonly kind: 'line'; readonly id: number; readonly text: string }
  | { readonly kind: 'keys'; readonly keys: readonly PublicJwk[] };

interface FromWorker {
  readonly id: number;
  readonly found: FoundSignatures;
}

/** Lines that are looked at before they are verified: enough that the other thread always has one. */
const AHEAD = 6;

/**
 * Verifies the signatures of a bundle's lines in a thread of its own, some lines ahead. Nothing rests on it but the time: what it does not find, the
 * verifier verifies.
 */
export class SignaturesAhead {
  readonly #worker = new Worker(new URL('./worker.js', import.meta.url));
  readonly #waiting = new Map<number, (found: FoundSignatures | undefined) => void>();
  readonly #found: Promise<FoundSignatures | undefined>[] = [];
  #ids = 0;
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

  /** The lines as they are, each handed to the other thread before it is given out. */
  async *watch(lines: AsyncIterable<string> | Iterable<string>): AsyncGenerator<string> {
    const ready: string[] = [];
    for await (const text of lines) {
      this.#found.push(this.#look(text));
      ready.push(text);
      if (ready.length > AHEAD) yield ready.shift() ?? '';
    }
    yield* ready;
  }

  /** What was found of the line that comes next; to be called once for each. */
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
    if (keys.length > 0) this.#post({ kind: 'keys', keys });
  }

  async close(): Promise<void> {
    this.#fail();
    await this.#worker.terminate();
  }

  #look(text: string): Promise<FoundSignatures | undefined> {
    if (this.#hasFailed) return Promise.resolve(undefined);
    this.#ids += 1;
    const id = this.#ids;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#post({ kind: 'line', id, text });
    });
  }

  #post(message: ToWorker): void {
    if (!this.#hasFailed) this.#worker.postMessage(message);
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
