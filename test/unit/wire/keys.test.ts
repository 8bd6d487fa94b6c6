import {
  PRIVATE_KINDS,
  memberKey,
  memberNameKey,
  primitives,
  privateKey,
  valueSaltFor,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import fc from 'fast-check';
import { createHmac, createSecretKey } from 'node:crypto';

const PEPPER = Buffer.alloc(32, 7);

describe('private keys', () => {
  it('are an HMAC of kind and id under the pepper', () => {
    const hmac = createHmac('sha256', PEPPER).update(Buffer.from('descriptor\0hb-1')).digest('hex');
    expect(privateKey('descriptor', PEPPER, 'hb-1')).to.equal(`descriptor/${hmac}`);
    expect(privateKey('descriptor', createSecretKey(PEPPER), 'hb-1')).to.equal(`descriptor/${hmac}`);
  });

  it('join an id of several parts by a byte that none of them can hold', () => {
    const hmac = createHmac('sha256', PEPPER).update(Buffer.from('event\0LakesideMSP\0jti')).digest('hex');
    expect(privateKey('event', PEPPER, 'LakesideMSP', 'jti')).to.equal(`event/${hmac}`);
    expect(primitives.mspId.safeParse('Lakeside\0MSP').success).to.be.false;
  });

  it('differ by kind, id and pepper, and look like keys', () => {
    const id = fc.stringMatching(/^[A-Za-z0-9.-]{1,64}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(id, { minLength: 2, maxLength: 2 }),
        fc.constantFrom(...PRIVATE_KINDS),
        (ids, kind) => {
          const [first = '', second = ''] = ids;
          const keys = [
            privateKey(kind, PEPPER, first),
            privateKey(kind, PEPPER, second),
            privateKey(kind, PEPPER, first, second),
            privateKey(kind, Buffer.alloc(32, 8), first),
            ...PRIVATE_KINDS.filter((other) => other !== kind).map((other) =>
              privateKey(other, PEPPER, first),
            ),
          ];
          expect(new Set(keys.map((key) => key.split('/')[1])).size).to.equal(keys.length);
          for (const key of keys) expect(primitives.privateKeyText.safeParse(key).success).to.be.true;
        },
      ),
    );
  });

  it('salt every value differently, from the salt of the command', () => {
    const salt = valueSaltFor(PEPPER, 'event/a');
    expect(primitives.valueSalt.safeParse(salt).success).to.be.true;
    expect(salt).to.equal(
      createHmac('sha256', PEPPER).update('event/a').digest().subarray(0, 16).toString('base64url'),
    );
    expect(valueSaltFor(PEPPER, 'event/b')).to.not.equal(salt);
    expect(valueSaltFor(Buffer.alloc(32, 8), 'event/a')).to.not.equal(salt);
  });

  it('never meet the public ones', () => {
    expect(memberKey('RiversideMSP')).to.equal('member/RiversideMSP');
    expect(memberNameKey('riverside')).to.equal('name/riverside');
  });
});
