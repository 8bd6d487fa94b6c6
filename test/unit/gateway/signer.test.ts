import { expect } from 'chai';
import { generateKeyPairSync, verify } from 'node:crypto';
import { createSigner } from '@consent-ledger/gateway/internal/adapters/ledger/signer';

const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

describe('what this gateway signs, Fabric takes', () => {
  it('is a valid signature in DER with the smaller s, a thousand times', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const sign = createSigner(privateKey);
    for (let count = 0; count < 1000; count += 1) {
      const message = Buffer.from(`message ${count}`);
      const signature = Buffer.from(await sign(message));
      expect(verify('sha256', message, publicKey, signature)).to.equal(true);
      const rLength = signature[3] ?? 0;
      const s = BigInt(`0x${signature.subarray(4 + rLength + 2).toString('hex')}`);
      expect(s <= ORDER / 2n).to.equal(true);
    }
  });

  it('is nothing where the key is another than Fabric takes', () => {
    const { privateKey: ofAnotherCurve } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const { privateKey: ofAnotherKind } = generateKeyPairSync('ed25519');
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (const key of [ofAnotherCurve, ofAnotherKind, publicKey]) {
      expect(() => createSigner(key)).to.throw(TypeError, 'P-256');
    }
  });
});
