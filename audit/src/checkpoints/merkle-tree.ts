import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './merkle-proofs.js';

/** Root of a tree that only grows, in memory for one hash a level: for whoever needs roots and no proofs. */
export class GrowingRoot {
  /** Roots of the complete subtrees, the largest first: one for each bit of the size. */
  readonly #subtrees: Buffer[];

  constructor(
    private count = 0,
    subtrees: readonly Buffer[] = [],
  ) {
    this.#subtrees = [...subtrees];
  }

  get size(): number {
    return this.count;
  }

  get subtrees(): readonly Buffer[] {
    return this.#subtrees;
  }

  append(leaf: Buffer): void {
    let node = leaf;
    for (let rest = this.count; rest % 2 === 1; rest = Math.floor(rest / 2))
      node = nodeHash(this.#subtrees.pop() ?? node, node);
    this.#subtrees.push(node);
    this.count += 1;
  }

  root(): Buffer {
    if (this.#subtrees.length === 0) return EMPTY_ROOT;
    return this.#subtrees.reduceRight((right, left) => nodeHash(left, right));
  }
}

/** The same with all hashes of complete subtrees, 64 bytes a leaf: for whoever proves something. */
export class MerkleTree {
  readonly #levels: HashList[] = [new HashList()];

  get size(): number {
    return this.#level(0).length;
  }

  append(leaf: Uint8Array): void {
    this.#level(0).push(leaf);
    for (let level = 0; this.#level(level).length % 2 === 0; level += 1) {
      const nodes = this.#level(level);
      this.#level(level + 1).push(nodeHash(nodes.at(nodes.length - 2), nodes.at(nodes.length - 1)));
    }
  }

  /** @param size number of its first leaves */
  root(size = this.size): Buffer {
    return size === 0 ? EMPTY_ROOT : this.#range(0, size);
  }

  /** RFC 9162 section 2.1.3.1: from the leaf's sibling up. */
  inclusionProof(index: number, size: number): Buffer[] {
    this.#guard(index + 1, size);
    const proof: Buffer[] = [];
    let [start, end] = [0, size];
    while (end - start > 1) {
      const middle = start + splitOf(end - start);
      if (index < middle) {
        proof.unshift(this.#range(middle, end));
        end = middle;
      } else {
        proof.unshift(this.#range(start, middle));
        start = middle;
      }
    }
    return proof;
  }

  /** RFC 9162 section 2.1.4.1 */
  consistencyProof(before: number, size: number): Buffer[] {
    this.#guard(before, size);
    if (before === 0 || before === size) return [];
    const proof: Buffer[] = [];
    let [start, end, isWhole] = [0, size, true];
    while (before !== end) {
      const middle = start + splitOf(end - start);
      if (before <= middle) {
        proof.unshift(this.#range(middle, end));
        end = middle;
      } else {
        proof.unshift(this.#range(start, middle));
        start = middle;
        isWhole = false;
      }
    }
    return isWhole ? proof : [this.#range(start, end), ...proof];
  }

  /** Root over leaves that begin where a complete subtree of that size can. */
  #range(start: number, end: number): Buffer {
    const count = end - start;
    const level = Math.log2(count);
    if (Number.isInteger(level) && start % count === 0) return this.#level(level).at(start / count);
    const middle = start + splitOf(count);
    return nodeHash(this.#range(start, middle), this.#range(middle, end));
  }

  #level(level: number): HashList {
    let list = this.#levels[level];
    if (list === undefined) this.#levels[level] = list = new HashList();
    return list;
  }

  #guard(least: number, size: number): void {
    if (least > size || size > this.size) throw new RangeError(`there is no such leaf in ${this.size}`);
  }
}

/** The largest power of two that is less. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

const IN_A_CHUNK = 4_096;

/** Hashes one after the other, without an object for each. */
export class HashList {
  readonly #chunks: Buffer[] = [];
  length = 0;

  push(hash: Uint8Array): void {
    const place = this.length % IN_A_CHUNK;
    if (place === 0) this.#chunks.push(Buffer.alloc(IN_A_CHUNK * HASH_BYTES));
    this.#chunks.at(-1)?.set(hash, place * HASH_BYTES);
    this.length += 1;
  }

  at(index: number): Buffer {
    const place = (index % IN_A_CHUNK) * HASH_BYTES;
    const chunk = this.#chunks[Math.floor(index / IN_A_CHUNK)];
    if (chunk === undefined || index >= this.length) throw new RangeError(`there is no hash ${index}`);
    return chunk.subarray(place, place + HASH_BYTES);
  }
}
