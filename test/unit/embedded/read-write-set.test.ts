import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { ledger } from '@hyperledger/fabric-protos';
import { compareBytewise } from '@consent-ledger/network/embedded/state/byte-order';
import { encodeReadWriteSet } from '@consent-ledger/network/embedded/simulator/read-write-set-encoding';
import { RangeReads } from '@consent-ledger/network/embedded/simulator/range-query-info';
import { ReadWriteSet } from '@consent-ledger/network/embedded/simulator/read-write-set';
import { sha256 } from '@consent-ledger/network/wire-format';

const { rwset } = ledger;
const { kvrwset } = rwset;

const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 6 });

describe('read and write sets', () => {
  it('are in the order of UTF-8 bytes', () => {
    fc.assert(
      fc.property(key, key, (left, right) => {
        const bytes = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareBytewise(left, right))).to.equal(bytes);
      }),
    );
    expect(compareBytewise('a\uFFFD', 'a\u{1F600}')).to.be.below(0);
  });

  it('serialise to the bytes of fabric-protos', () => {
    const version = fc.option(fc.record({ block: fc.nat(), tx: fc.nat() }), { nil: undefined });
    const value = fc.option(
      fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      {
        nil: undefined,
      },
    );
    fc.assert(
      fc.property(
        fc.dictionary(key, version, { maxKeys: 4 }),
        fc.dictionary(key, value, { maxKeys: 4 }),
        fc.dictionary(key, version, { maxKeys: 4 }),
        fc.dictionary(key, value, { maxKeys: 4 }),
        (reads, writes, hashedReads, hashedWrites) => {
          const set = new ReadWriteSet();
          const namespace = set.namespace('cc');
          Object.entries(reads).forEach(([name, at]) => namespace.reads.set(name, at));
          Object.entries(writes).forEach(([name, written]) => namespace.writes.set(name, written));
          const collection = namespace.collection('secret');
          for (const [name, at] of Object.entries(hashedReads)) {
            collection.reads.set(name, { keyHash: collection.keyHash(name), version: at });
          }
          for (const [name, written] of Object.entries(hashedWrites)) {
            collection.writes.set(name, {
              keyHash: collection.keyHash(name),
              value: written,
              isPurge: false,
            });
          }
          const encoded = encodeReadWriteSet(set);

          const decoded = rwset.TxReadWriteSet.deserializeBinary(encoded.publicSet);
          expect(Buffer.from(decoded.serializeBinary()).equals(encoded.publicSet)).to.equal(true);
          const [decodedNamespace] = decoded.getNsRwsetList();
          const publicPart = kvrwset.KVRWSet.deserializeBinary(
            decodedNamespace?.getRwset_asU8() ?? new Uint8Array(),
          );
          const inOrder = (record: object): string[] =>
            Object.keys(record).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
          expect(publicPart.getReadsList().map((read) => read.getKey())).to.deep.equal(inOrder(reads));
          expect(publicPart.getReadsList().map((read) => read.hasVersion())).to.deep.equal(
            inOrder(reads).map((name) => reads[name] !== undefined),
          );
          expect(
            publicPart.getWritesList().map((write) => [write.getKey(), write.getIsDelete()]),
          ).to.deep.equal(inOrder(writes).map((name) => [name, writes[name] === undefined]));
          const [decodedCollection] = decodedNamespace?.getCollectionHashedRwsetList() ?? [];
          const hashed = kvrwset.HashedRWSet.deserializeBinary(
            decodedCollection?.getHashedRwset_asU8() ?? new Uint8Array(),
          );
          // By the clear key, not by its hash.
          expect(
            hashed.getHashedWritesList().map((write) => Buffer.from(write.getKeyHash_asU8()).toString('hex')),
          ).to.deep.equal(inOrder(hashedWrites).map((name) => sha256(Buffer.from(name)).toString('hex')));
          const [secret] = encoded.privateSets;
          expect(secret === undefined).to.equal(inOrder(hashedWrites).length === 0);
          expect(Buffer.from(decodedCollection?.getPvtRwsetHash_asU8() ?? []).toString('hex')).to.equal(
            secret === undefined ? '' : createHash('sha256').update(secret.rwset).digest('hex'),
          );
        },
      ),
      { numRuns: 200 },
    );
  });

  it('summarise range queries beyond fifty reads', () => {
    const summary = (count: number): ReturnType<RangeReads['result']> => {
      const reads = new RangeReads();
      for (let index = 0; index < count; index += 1) {
        reads.add({ key: `k${String(index).padStart(4, '0')}`, version: { block: 1, tx: index } });
      }
      return reads.result();
    };
    const shape = (count: number): string => {
      const result = summary(count);
      if (result === undefined) {
        return 'nothing';
      }
      return 'hashes' in result
        ? `level ${result.maxLevel}: ${result.hashes.length}`
        : `raw ${result.length}`;
    };
    expect([0, 1, 50, 51, 100, 101, 102, 103].map(shape)).to.deep.equal([
      'nothing',
      'raw 1',
      'raw 50',
      'level 1: 1',
      'level 1: 2',
      'level 1: 2',
      'level 1: 2',
      'level 1: 3',
    ]);
    // 50 leaf hashes of 51 reads, and the 51st that makes the next level.
    expect([50 * 51, 50 * 51 + 1, 51 * 51 + 1].map(shape)).to.deep.equal([
      'level 1: 50',
      'level 2: 1',
      'level 2: 2',
    ]);
  });

  it('hash the reads of a range as kvrwset.QueryReads', () => {
    const reads = new RangeReads();
    const expected = new kvrwset.QueryReads();
    for (let index = 0; index < 51; index += 1) {
      reads.add({ key: `k${index}`, version: { block: 3, tx: 0 } });
      const read = new kvrwset.KVRead();
      const version = new kvrwset.Version();
      version.setBlockNum(3);
      read.setKey(`k${index}`);
      read.setVersion(version);
      expected.addKvReads(read);
    }
    const result = reads.result();
    if (result === undefined || !('hashes' in result)) {
      throw new Error('no summary');
    }
    expect(result.hashes[0]?.toString('hex')).to.equal(
      createHash('sha256').update(expected.serializeBinary()).digest('hex'),
    );
  });
});
