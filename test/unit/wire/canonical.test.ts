import {
  canonicalBytes,
  canonicalText,
  decodeBase64Url,
  digestOf,
  encodeBase64Url,
  sha256,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import fc from 'fast-check';
import { createHash } from 'node:crypto';

describe('canonical JSON', () => {
  it('is that of RFC 8785 section 3.2.3', () => {
    const value = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
        '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    ) as object;
    expect(canonicalText(value)).to.equal(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('sorts names by UTF-16 code units, whatever the order they came in', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6'];
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33'];
    const value = Object.fromEntries(names.map((name) => [name, 0]));
    expect(
      Object.keys(JSON.parse(canonicalText(value)) as object).filter((name) => name !== '1'),
    ).to.deep.equal(
      sorted.filter((name) => name !== '1'), // JavaScript puts integer-like names first when it parses
    );
    expect(canonicalText(value)).to.equal(`{${sorted.map((name) => `${JSON.stringify(name)}:0`).join(',')}}`);
  });

  it('is the same for the same value, and hashes to what SHA-256 says of its bytes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (value) => {
        const again = JSON.parse(JSON.stringify(value)) as object;
        const reversed = Object.fromEntries(Object.entries(again).reverse());
        expect(canonicalText(reversed)).to.equal(canonicalText(value));
        const hash = createHash('sha256').update(canonicalBytes(value)).digest('base64url');
        expect(digestOf(value)).to.equal(hash);
        expect(sha256(canonicalText(value))).to.equal(hash);
      }),
    );
  });

  it('leaves out what is absent and refuses what JSON cannot say', () => {
    expect(canonicalText({ a: undefined, b: 1 })).to.equal('{"b":1}');
    for (const impossible of [Number.NaN, Number.POSITIVE_INFINITY, '\ud800', 'x\udc00']) {
      expect(() => canonicalText({ impossible })).to.throw(TypeError, 'canonical JSON cannot say');
    }
  });
});

describe('base64url', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect([...(decodeBase64Url(encodeBase64Url(bytes)) ?? [])]).to.deep.equal([...bytes]);
      }),
    );
  });

  it('takes one text for each content and no other', () => {
    expect(decodeBase64Url('AA')).to.deep.equal(Buffer.from([0]));
    for (const other of ['AB', 'AA=', 'AA==', 'A', 'A A', 'AA\n', '+A', '/A', 'Ä']) {
      expect(decodeBase64Url(other), JSON.stringify(other)).to.equal(undefined);
    }
  });
});
