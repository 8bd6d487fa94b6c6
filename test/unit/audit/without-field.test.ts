import { withoutField } from '@consent-ledger/audit/internal/without-field';
import { ledger } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import fc from 'fast-check';

const { HashedRWSet, KVReadHash, KVWriteHash } = ledger.rwset.kvrwset;
const hash = fc.uint8Array({ minLength: 0, maxLength: 300 });

describe('a message without one of its fields', () => {
  it('has all the others, as they were', () => {
    fc.assert(
      fc.property(fc.array(hash, { maxLength: 4 }), fc.array(hash, { maxLength: 4 }), (reads, writes) => {
        const set = new HashedRWSet();
        set.setHashedWritesList(
          writes.map((value) => {
            const write = new KVWriteHash();
            write.setValueHash(value);
            return write;
          }),
        );
        const alone = set.serializeBinary();
        set.setHashedReadsList(
          reads.map((key) => {
            const read = new KVReadHash();
            read.setKeyHash(key);
            return read;
          }),
        );
        expect(Buffer.from(withoutField(set.serializeBinary(), 1))).to.deep.equal(Buffer.from(alone));
      }),
    );
  });

  it('is given back as it is where it cannot be walked', () => {
    const written = new HashedRWSet();
    written.setHashedReadsList([new KVReadHash()]);
    const whole = written.serializeBinary();
    for (const broken of [
      Buffer.concat([whole, Buffer.from([0x0a])]),
      Buffer.concat([whole, Buffer.from([0x12, 5, 1])]),
      Buffer.concat([whole, Buffer.from([0x13])]),
      Buffer.concat([whole, Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])]),
    ])
      expect(withoutField(broken, 1)).to.equal(broken);
  });
});
