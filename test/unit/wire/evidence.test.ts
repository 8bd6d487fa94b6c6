import {
  encodeBase64Url,
  isSignedConsentId,
  personKeyId,
  readCoseKey,
  signedConsentId,
  statementBytes,
  statementOf,
  verifyProof,
  type Proof,
  type Statement,
  type SubjectKey,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { calculateJwkThumbprint } from 'jose';
import { coseOf, newAppKey, newKeyPair, newPasskey, type Signer } from '../../support/signers.js';

const statement = statementOf(
  { statement: 'withdrawal', consent: 'c-1', reason: 'moved' },
  {
    ledger: '0'.repeat(64),
    custodian: 'RiversideMSP',
    subject: 'sub-1',
    nonce: 'A'.repeat(22),
    date: '2026-11-24T10:00:00.000Z',
  },
);

function registered({ kid, jwk, given }: Signer): SubjectKey {
  return {
    v: 1,
    salt: 'A'.repeat(22),
    subject: 'sub-1',
    key: kid,
    jwk,
    ...(given.kind === 'passkey' ? { passkey: given } : {}),
  } as unknown as SubjectKey;
}

/** Every text of a proof with one bit of its bytes changed, one after the other. */
function* mutations(proof: Proof): Generator<Proof> {
  if (proof.method === 'jws') {
    const [header = '', , signature = ''] = proof.jws.split('.');
    for (const changed of flips(header)) yield { ...proof, jws: `${changed}..${signature}` };
    for (const changed of flips(signature)) yield { ...proof, jws: `${header}..${changed}` };
    return;
  }
  for (const name of ['clientData', 'authenticatorData', 'signature'] as const)
    for (const changed of flips(proof[name])) yield { ...proof, [name]: changed };
}

function* flips(text: string): Generator<string> {
  const bytes = Buffer.from(text, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield encodeBase64Url(changed);
  }
}

describe('a signed statement', () => {
  for (const [name, signer] of [
    ['JWS with ES256', newAppKey('ES256')],
    ['JWS with EdDSA', newAppKey('EdDSA')],
    ['passkey with ES256', newPasskey('ES256')],
    ['passkey with EdDSA', newPasskey('EdDSA')],
  ] as const) {
    it(`verifies as it is, and with no bit of the signature changed: ${name}`, function () {
      this.timeout(30_000);
      const proof = signer.prove(statement);
      expect(verifyProof(proof, statement, registered(signer)).ok).to.equal(true);
      let tried = 0;
      for (const mutation of mutations(proof)) {
        tried += 1;
        expect(verifyProof(mutation, statement, registered(signer)).ok, JSON.stringify(mutation)).to.equal(
          false,
        );
      }
      expect(tried).to.be.greaterThan(500);
    });

    it(`verifies for no other statement: ${name}`, () => {
      const proof = signer.prove(statement);
      const others: Statement[] = Object.keys(statement).map((field) => ({ ...statement, [field]: 'other' }));
      for (const field of Object.keys(statement))
        others.push(
          Object.fromEntries(
            Object.entries(statement).filter(([one]) => one !== field),
          ) as unknown as Statement,
        );
      for (const other of others)
        expect(verifyProof(proof, other, registered(signer)).ok, JSON.stringify(other)).to.equal(false);
    });
  }

  it('has one text of bytes, whatever order its fields come in, and one id', () => {
    const reversed = Object.fromEntries(Object.entries(statement).reverse()) as unknown as Statement;
    expect(statementBytes(reversed)).to.deep.equal(statementBytes(statement));
    expect(signedConsentId(reversed)).to.equal(signedConsentId(statement));
    expect(isSignedConsentId(signedConsentId(statement))).to.equal(true);
    for (const id of ['', 'c-1', 'A'.repeat(64), '0'.repeat(63), '0'.repeat(65)])
      expect(isSignedConsentId(id), id).to.equal(false);
  });
});

describe('a COSE key', () => {
  for (const algorithm of ['ES256', 'EdDSA'] as const) {
    it(`is read in its one encoding, as jose names it: ${algorithm}`, async () => {
      const { jwk } = newKeyPair(algorithm);
      const cose = coseOf(jwk);
      expect(readCoseKey(cose)).to.deep.equal(jwk);
      expect(personKeyId(jwk)).to.equal(await calculateJwkThumbprint(jwk));
      // Any other byte of the layout makes it none, and any byte of the key makes it another.
      for (let at = 0; at < cose.length; at += 1) {
        const changed = Buffer.from(cose);
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(readCoseKey(changed), `byte ${at}`).to.not.deep.equal(jwk);
      }
      for (let length = 0; length < cose.length; length += 1)
        expect(readCoseKey(cose.subarray(0, length)), `${length} bytes`).to.equal(undefined);
    });
  }

  it('is read as WebAuthn shows one (section 6.5.1.1, example)', () => {
    const x = '65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d';
    const y = '1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c';
    const cose = Buffer.from(`a5010203262001215820${x}225820${y}`, 'hex');
    expect(readCoseKey(cose)).to.deep.equal({
      kty: 'EC',
      crv: 'P-256',
      x: encodeBase64Url(Buffer.from(x, 'hex')),
      y: encodeBase64Url(Buffer.from(y, 'hex')),
    });
  });
});
