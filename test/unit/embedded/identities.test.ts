import { MspManager } from '@consent-ledger/network/internal/embedded/msp/msp-manager';
import { satisfies, type Principal } from '@consent-ledger/network/internal/embedded/msp/principal';
import { encodeSerializedIdentity } from '@consent-ledger/network/internal/embedded/msp/serialized-identity';
import type { MspIdentity } from '@consent-ledger/network/internal/embedded/msp/identity';
import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { highS } from './support/high-s.js';
import {
  makeAuthority,
  makeMsp,
  type MspOptions,
  type TestAuthority,
  type TestIdentity,
} from './support/authority.js';

const MSP = 'OrgMSP';
const DAY = 24 * 3_600_000;

const role = (name: Extract<Principal, { kind: 'role' }>['role'], mspId = MSP): Principal => ({
  kind: 'role',
  mspId,
  role: name,
});

describe('an identity of an MSP', () => {
  let root: TestAuthority;
  before(async () => {
    root = await makeAuthority('root');
  });

  const known = (identity: TestIdentity, options: Partial<MspOptions> = {}): MspIdentity =>
    makeMsp(MSP, { roots: [root], ...options }).deserialize(identity.pem);

  for (const unit of ['client', 'peer', 'admin', 'orderer'] as const) {
    it(`with the unit ${unit} is a valid member and has that role alone`, async () => {
      const identity = known(await root.issue({ units: [unit] }));
      expect(identity.isValid).to.equal(true);
      expect(satisfies(identity, role('member'))).to.equal(true);
      for (const other of ['client', 'peer', 'admin', 'orderer'] as const) {
        expect(satisfies(identity, role(other)), other).to.equal(other === unit);
      }
      expect(satisfies(identity, role(unit, 'AnotherMSP'))).to.equal(false);
    });
  }

  for (const [what, units] of [
    ['no unit', []],
    ['no role among its units', ['cardiology']],
    ['two roles', ['client', 'peer']],
    ['a role in capitals', ['Client']],
  ] as const) {
    it(`with ${what} is not even a member`, async () => {
      const identity = known(await root.issue({ units }));
      expect(() => {
        identity.validate();
      }).to.throw(/OU/);
      expect(satisfies(identity, role('member'))).to.equal(false);
    });
  }

  it('may have other units beside its role', async () => {
    const identity = known(await root.issue({ units: ['cardiology', 'client'] }));
    expect(satisfies(identity, role('client'))).to.equal(true);
    const [cardiology] = identity.units;
    const certifiersIdentifier = cardiology?.certifiersIdentifier ?? Buffer.alloc(0);
    const unit = { kind: 'unit', mspId: MSP, unit: 'cardiology' } as const;
    expect(satisfies(identity, { ...unit, certifiersIdentifier })).to.equal(true);
    expect(satisfies(identity, { ...unit, certifiersIdentifier: Buffer.alloc(32) })).to.equal(false);
  });

  it('is refused where its unit counts only below another authority', async () => {
    const below = await root.subordinate('below');
    const options = { intermediates: [below], clientAuthority: below };
    const other = await makeAuthority('other root');
    expect(known(await below.issue({}), options).isValid).to.equal(true);
    const both = { ...options, roots: [root, other] };
    expect(known(await other.issue({}), both).isValid).to.equal(false);
    expect(known(await other.issue({ units: ['peer'] }), both).isValid).to.equal(true);
  });

  it('without role units: members, and admins by list only', async () => {
    const admin = await root.issue({ units: [] });
    const options = { nodeOus: false, admins: [admin] };
    const [listed, other] = [known(admin, options), known(await root.issue({ units: ['client'] }), options)];
    expect(satisfies(listed, role('admin'))).to.equal(true);
    expect(satisfies(other, role('member'))).to.equal(true);
    expect(satisfies(other, role('admin'))).to.equal(false);
    expect(satisfies(other, role('client'))).to.equal(false);
  });

  it('of an authority that the MSP does not know cannot be read at all', async () => {
    const stranger = await makeAuthority('root');
    expect(() =>
      known({
        ...stranger,
        pem: stranger.pem,
        serialNumber: '',
        signer: () => {
          throw new Error();
        },
      }),
    ).to.throw();
    const leaf = await stranger.issue({});
    expect(() => known(leaf)).to.throw(/unknown authority/);
  });

  it('is not issued by an authority that has issued an authority', async () => {
    const below = await root.subordinate('below');
    const direct = await root.issue({});
    expect(known(direct).isValid).to.equal(true);
    expect(known(direct, { intermediates: [below] }).isValid).to.equal(false);
    expect(known(await below.issue({}), { intermediates: [below] }).isValid).to.equal(true);
    expect(() => known(direct, { roots: [below] })).to.throw();
  });

  it('is no authority itself', async () => {
    const identity = known(await root.issue({ isCa: true }));
    expect(identity.isValid).to.equal(false);
  });

  it('stays valid after its end, but has to begin within its authority’s validity', async () => {
    const expired = known(
      await root.issue({ notBefore: new Date(Date.now() - 2 * DAY), notAfter: new Date(Date.now() - DAY) }),
    );
    expect(expired.isValid).to.equal(true);
    expect(expired.notAfter).to.be.lessThan(Date.now());
    const early = await root.issue({ notBefore: new Date(Date.now() - 40 * DAY) });
    expect(() => known(early)).to.throw();
    const future = known(
      await root.issue({ notBefore: new Date(Date.now() + DAY), notAfter: new Date(Date.now() + 2 * DAY) }),
    );
    expect(future.isValid).to.equal(true);
  });

  it('that restricts its key usage must allow server authentication, as Go demands', async () => {
    const [serverAuth, clientAuth] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
    expect(known(await root.issue({ extendedKeyUsage: [clientAuth, serverAuth] })).isValid).to.equal(true);
    const clientOnly = await root.issue({ extendedKeyUsage: [clientAuth] });
    expect(() => known(clientOnly)).to.throw(/key usage/);
  });

  it('is revoked by a list of its own authority, and of no other', async () => {
    const [revoked, other] = [await root.issue({}), await root.issue({})];
    const list = await root.revoke(revoked);
    expect(known(other, { revocations: [list] }).isValid).to.equal(true);
    const identity = known(revoked, { revocations: [list] });
    expect(() => {
      identity.validate();
    }).to.throw(/revoked/);
    expect(satisfies(identity, role('member'))).to.equal(false);
    const impostor = await makeAuthority('root');
    expect(known(revoked, { revocations: [await impostor.revoke(revoked)] }).isValid).to.equal(true);
    // The same key identifier, but another signature.
    const forged = Buffer.from(list);
    forged.writeUInt8(forged.readUInt8(forged.length - 1) ^ 1, forged.length - 1);
    expect(known(revoked, { revocations: [forged] }).isValid).to.equal(true);
  });

  it('signs with a low S; a high one is refused though it verifies', async () => {
    const identity = await root.issue({});
    const [parsed, signer] = [known(identity), identity.signer(MSP)];
    for (let count = 0; count < 20; count++) {
      const message = randomBytes(32);
      expect(parsed.verify(message, signer.sign(message))).to.equal(true);
      expect(parsed.verify(message, highS(signer).sign(message))).to.equal(false);
    }
    expect(parsed.verify(Buffer.from('x'), Buffer.from('no signature'))).to.equal(false);
    expect(parsed.verify(Buffer.from('x'), signer.sign(Buffer.from('y')))).to.equal(false);
  });

  it('is the same one however its certificate was signed', async () => {
    const identity = await root.issue({});
    const one = known(identity);
    const principal = { kind: 'identity', serialized: encodeSerializedIdentity(MSP, identity.pem) } as const;
    expect(satisfies(one, principal)).to.equal(true);
    const other = await root.issue({});
    expect(satisfies(known(other), principal)).to.equal(false);
  });

  it('belongs to the MSP that it names', async () => {
    const manager = new MspManager([makeMsp(MSP, { roots: [root] })]);
    const { pem } = await root.issue({});
    expect(manager.deserialize(encodeSerializedIdentity(MSP, pem)).mspId).to.equal(MSP);
    expect(() => manager.deserialize(encodeSerializedIdentity('NowhereMSP', pem))).to.throw(
      /not defined on channel/,
    );
    expect(() => manager.deserialize(encodeSerializedIdentity(MSP, Buffer.from('no PEM')))).to.throw(/PEM/);
    expect(() => manager.deserialize(Buffer.from([0x0a, 0xff]))).to.throw();
  });
});

describe('an MSP', () => {
  it('needs an authority that is one, and someone who may administer', async () => {
    const root = await makeAuthority('root');
    const leaf = await root.issue({});
    expect(() => makeMsp(MSP, { roots: [] })).to.throw(/at least one CA/);
    expect(() => makeMsp(MSP, { roots: [{ ...root, pem: leaf.pem }] })).to.throw(/CA attribute/);
    expect(() => makeMsp(MSP, { roots: [root], nodeOus: false })).to.throw(/administrators must be declared/);
  });
});
