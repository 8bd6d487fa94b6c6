import { expect } from 'chai';
import fc from 'fast-check';
import { ledger, peer } from '@hyperledger/fabric-protos';
import { encodeMessage, ProtoReader } from '@consent-ledger/network/wire-format';

const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const text = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('protobuf as it is written here', () => {
  it('has the bytes of fabric-protos, nested messages of every length included', () => {
    fc.assert(
      fc.property(
        int32,
        text,
        fc.uint8Array({ maxLength: 40_000 }),
        fc.boolean(),
        (status, message, payload, more) => {
          const response = new peer.Response();
          response.setStatus(status);
          response.setMessage(message);
          response.setPayload(payload);
          const result = new peer.QueryResultBytes();
          result.setResultbytes(response.serializeBinary());
          const expected = new peer.QueryResponse();
          expected.setResultsList([result, result]);
          expected.setHasMore(more);
          const inner = encodeMessage((writer) => {
            writer.int32(1, status).bytes(2, message).bytes(3, payload);
          });
          const written = encodeMessage((writer) => {
            for (let index = 0; index < 2; index += 1) {
              writer.message(1, (element) => {
                element.bytes(1, inner);
              });
            }
            writer.bool(2, more);
          });
          expect(written.equals(expected.serializeBinary())).to.equal(true);

          const reader = new ProtoReader(inner);
          const read = { status: 0, message: '' };
          for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
            if (tag === 0x08) read.status = reader.int32();
            else if (tag === 0x12) read.message = reader.string();
            else reader.skip(tag);
          }
          expect(read).to.deep.equal({ status, message });
        },
      ),
    );
  });

  it('keeps numbers up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (block) => {
        const version = new ledger.rwset.kvrwset.Version();
        version.setBlockNum(block);
        const written = encodeMessage((writer) => {
          writer.number(1, block);
        });
        expect(written.equals(version.serializeBinary())).to.equal(true);
      }),
    );
  });

  it('refuses text that is not UTF-8, and takes the replacement character for what it is', () => {
    const read = (bytes: Uint8Array): string => {
      const reader = new ProtoReader(bytes);
      reader.next();
      return reader.string();
    };
    expect(read(Uint8Array.of(0x0a, 3, 0xef, 0xbf, 0xbd))).to.equal('\uFFFD');
    expect(() => read(Uint8Array.of(0x0a, 1, 0xff))).to.throw('invalid UTF-8');
    expect(() => read(Uint8Array.of(0x0a, 2, 0x61))).to.throw('truncated');
  });
});
