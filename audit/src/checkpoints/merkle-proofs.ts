import { hash } from 'node:crypto';

/*
 * The Merkle tree of RFC 9162 section 2.1 (the same as that of RFC 6962), with SHA-256: leaves and inner nodes are hashed with
 * different first bytes, so that neither can pass for the other.
 */

export const HASH_BYTES = 32;

const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

/** Root of a tree without leaves. */
export const EMPTY_ROOT = hash('sha256', '', 'buffer');

export function leafHash(leaf: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([LEAF, leaf]), 'buffer');
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');
}

/** RFC 9162 section 2.1.3.2: whether the leaf with that hash is the one with that index in the tree with that root. */
export function provesInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (index < 0 || index >= size) return false;
  let [node, last] = [index, size - 1];
  let computed: Buffer = Buffer.from(leaf);
  for (const sibling of proof) {
    if (sibling.length !== HASH_BYTES || last === 0) return false;
    if (node % 2 === 1 || node === last) {
      computed = nodeHash(sibling, computed);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      computed = nodeHash(computed, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && computed.equals(root);
}

export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** RFC 9162 section 2.1.4.2: whether the first tree is the beginning of the second. */
export function provesConsistency(before: TreeHead, after: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (before.size > after.size || proof.some((one) => one.length !== HASH_BYTES)) return false;
  if (before.size === after.size) return proof.length === 0 && same(before.root, after.root);
  if (before.size === 0) return proof.length === 0 && same(before.root, EMPTY_ROOT);
  const path = isPowerOfTwo(before.size) ? [before.root, ...proof] : [...proof];
  const [first, ...rest] = path;
  if (first === undefined) return false;
  let [node, last] = [before.size - 1, after.size - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  let old: Buffer = Buffer.from(first);
  let present = old;
  for (const sibling of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      old = nodeHash(sibling, old);
      present = nodeHash(sibling, present);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      present = nodeHash(present, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 && old.equals(before.root) && present.equals(after.root);
}

/** Bit operations end at 32 bits; histories need not. */
function half(count: number): number {
  return Math.floor(count / 2);
}

function isPowerOfTwo(count: number): boolean {
  return Number.isInteger(Math.log2(count)) && 2 ** Math.round(Math.log2(count)) === count;
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.from(one).equals(other);
}
