import { expect } from 'chai';
import fc from 'fast-check';
import { generateKeyPairSync, sign, verify } from 'node:crypto';
import { derSignature } from '@consent-ledger/chaincode/wire';

describe('an ECDSA signature as DER', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

  it('verifies what the same signature as r || s verifies', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (content) => {
        const raw = sign('sha256', content, { key: privateKey, dsaEncoding: 'ieee-p1363' });
        expect(verify('sha256', content, publicKey, derSignature(raw))).to.be.true;
        expect(verify('sha256', Uint8Array.of(...content, 0), publicKey, derSignature(raw))).to.be.false;
      }),
      { numRuns: 300 },
    );
  });

  for (const [name, half, encoded] of [
    ['zero', Buffer.alloc(32), '020100'],
    ['one', Buffer.concat([Buffer.alloc(31), Buffer.of(1)]), '020101'],
    ['a set top bit after zeros', Buffer.concat([Buffer.alloc(30), Buffer.of(0x80, 0)]), '0203008000'],
    ['the longest', Buffer.alloc(32, 0xff), `022100${'ff'.repeat(32)}`],
    ['a clear top bit', Buffer.alloc(32, 0x7f), `0220${'7f'.repeat(32)}`],
  ] as const) {
    it(`has the shortest form of ${name}`, () => {
      const der = Buffer.from(derSignature(Buffer.concat([half, half]))).toString('hex');
      const length = encoded.length.toString(16).padStart(2, '0');
      expect(der).to.equal(`30${length}${encoded}${encoded}`);
    });
  }
});
