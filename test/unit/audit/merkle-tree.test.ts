import {
  GrowingRoot,
  leafHash,
  MerkleTree,
  nodeHash,
  provesConsistency,
  provesInclusion,
} from '@consent-ledger/audit';
import { expect } from 'chai';
import fc from 'fast-check';
import { createHash } from 'node:crypto';

/** Leaves and roots that the implementations of Certificate Transparency are tested with. */
const KNOWN_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const KNOWN_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** RFC 9162 section 2.1.1, word for word. */
function rootByDefinition(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return leafHash(first);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(rootByDefinition(leaves.slice(0, split)), rootByDefinition(leaves.slice(split)));
}

function treeOf(leaves: readonly Buffer[]): MerkleTree {
  const tree = new MerkleTree();
  for (const leaf of leaves) tree.append(leafHash(leaf));
  return tree;
}

const someLeaves = fc.array(
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
  { minLength: 1, maxLength: 70 },
);

/** A place in a list of that length. */
function placeIn(length: number, fraction: number): number {
  return Math.min(length - 1, Math.floor(length * fraction));
}

const fraction = fc.double({ min: 0, max: 1, noNaN: true });

describe('a tree of history', () => {
  it('has the roots that Certificate Transparency has', () => {
    const leaves = KNOWN_LEAVES.map((hex) => Buffer.from(hex, 'hex'));
    const roots = leaves.map((_, at) =>
      treeOf(leaves.slice(0, at + 1))
        .root()
        .toString('hex'),
    );
    expect(roots).to.deep.equal(KNOWN_ROOTS);
  });

  it('has the root of the definition at every size, however it is worked out', () => {
    fc.assert(
      fc.property(someLeaves, (leaves) => {
        const tree = treeOf(leaves);
        const growing = new GrowingRoot();
        leaves.forEach((leaf, at) => {
          growing.append(leafHash(leaf));
          const expected = rootByDefinition(leaves.slice(0, at + 1));
          expect(tree.root(at + 1).equals(expected)).to.equal(true);
          expect(growing.root().equals(expected)).to.equal(true);
          expect(new GrowingRoot(growing.size, growing.subtrees).root().equals(expected)).to.equal(true);
        });
        expect(tree.root(0).equals(rootByDefinition([]))).to.equal(true);
      }),
      { numRuns: 30 },
    );
  });

  it('proves each leaf in its place at every size, and in no other place, tree or form', () => {
    fc.assert(
      fc.property(someLeaves, fraction, fraction, (leaves, ofSize, ofIndex) => {
        const tree = treeOf(leaves);
        const size = placeIn(leaves.length, ofSize) + 1;
        const index = placeIn(size, ofIndex);
        const [root, proof] = [tree.root(size), tree.inclusionProof(index, size)];
        const leaf = leafHash(leaves[index] ?? Buffer.alloc(0));
        expect(provesInclusion(leaf, index, size, proof, root)).to.equal(true);
        expect(provesInclusion(nodeHash(leaf, leaf), index, size, proof, root)).to.equal(false);
        expect(provesInclusion(leaf, size, size, proof, root)).to.equal(false);
        expect(provesInclusion(leaf, index, size, [...proof, leaf], root)).to.equal(false);
        if (proof.length > 0) {
          expect(provesInclusion(leaf, index, size, proof.slice(1), root)).to.equal(false);
          expect(provesInclusion(leaf, index, size, [...proof.slice(1), Buffer.alloc(32)], root)).to.equal(
            false,
          );
        }
        if (proof.length > 1 && !(proof[0] ?? leaf).equals(proof.at(-1) ?? leaf))
          expect(provesInclusion(leaf, index, size, [...proof].reverse(), root)).to.equal(false);
      }),
      { numRuns: 200 },
    );
  });

  it('is proved to go on from what it was, and not from anything else', () => {
    fc.assert(
      fc.property(someLeaves, fraction, fraction, (leaves, ofAfter, ofBefore) => {
        const tree = treeOf(leaves);
        const after = placeIn(leaves.length, ofAfter) + 1;
        const before = placeIn(after + 1, ofBefore);
        const head = (size: number) => ({ size, root: tree.root(size) });
        const proof = tree.consistencyProof(before, after);
        expect(provesConsistency(head(before), head(after), proof)).to.equal(true);
        const forked = { size: before, root: leafHash(tree.root(before)) };
        expect(provesConsistency(forked, head(after), proof)).to.equal(false);
        const other = { size: after, root: leafHash(tree.root(after)) };
        if (before > 0) expect(provesConsistency(head(before), other, proof)).to.equal(false);
        expect(provesConsistency(head(before), head(after), [...proof, Buffer.alloc(32)])).to.equal(false);
        if (proof.length > 0)
          expect(provesConsistency(head(before), head(after), proof.slice(1))).to.equal(false);
      }),
      { numRuns: 200 },
    );
  });
});
