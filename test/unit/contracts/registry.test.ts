import { member as memberSchema, thumbprintOf } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { entryOf, newKey } from './support/identities.js';
import {
  LAKESIDE,
  LEDGER_ID,
  NOVACURE,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
  payloadOf,
  refusalOf,
} from './support/world.js';

describe('registry', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
  });

  describe('found-ledger', () => {
    it('writes the id once, and the same id again changes nothing', async () => {
      const again = await world.register({ command: 'found-ledger', id: LEDGER_ID });
      expect(again.writes.size).to.equal(0);
      expect(payloadOf(await world.queryRegistry({ query: 'ledger' }))).to.deep.equal({
        v: 1,
        id: LEDGER_ID,
      });
    });

    it('refuses another id', async () => {
      const command = { command: 'found-ledger', id: 'f'.repeat(64) };
      const refused = await world.tryRegister(command, { mspId: LAKESIDE, role: 'admin' });
      expect(refusalOf(refused)).to.equal('ledger-already-founded');
    });
  });

  describe('register-member', () => {
    it('needs a founded ledger', async () => {
      const fresh = new World();
      const command = { command: 'register-member', member: fresh.statementOf(RIVERSIDE) };
      const refused = await fresh.tryRegister(command, { mspId: RIVERSIDE, role: 'admin' });
      expect(refusalOf(refused)).to.equal('ledger-not-founded');
    });

    async function reRegister(changes: object): Promise<string> {
      const member = { ...world.statementOf(LAKESIDE), ...changes };
      const done = await world.tryRegister(
        { command: 'register-member', member },
        { mspId: LAKESIDE, role: 'admin' },
      );
      return done.status === 200 ? 'registered' : refusalOf(done);
    }

    it('answers with what was registered, active', async () => {
      const stored = memberSchema.parse(
        payloadOf(await world.queryRegistry({ query: 'member', mspId: LAKESIDE })),
      );
      expect(stored).to.deep.equal({ v: 1, ...world.statementOf(LAKESIDE), status: 'active' });
      const all = payloadOf(await world.queryRegistry({ query: 'members' })) as {
        members: { mspId: string }[];
      };
      expect(all.members.map(({ mspId }) => mspId)).to.deep.equal([LAKESIDE, NOVACURE, RIVERSIDE, SENTINEL]);
      expect((await world.queryRegistry({ query: 'member', mspId: 'NobodyMSP' })).payload).to.have.length(0);
    });

    it('lets a member change its address and add keys', async () => {
      const keys = [...world.statementOf(LAKESIDE).keys, entryOf(newKey(), 'sig')];
      expect(await reRegister({ gateway: 'https://new.example', keys })).to.equal('registered');
    });

    it('lets nobody take the name of another member, which consents name it by', async () => {
      expect(await reRegister({ name: 'riverside' })).to.equal('member-name-taken');
    });

    it('lets no member change its name or kind: oversight could be had for the asking', async () => {
      expect(await reRegister({ name: 'lakeview' })).to.equal('member-identity-fixed');
      expect(await reRegister({ kind: 'auditor' })).to.equal('member-identity-fixed');
    });

    it('keeps every key: none is removed, turned to another use, or brought back', async () => {
      const [sig, enc] = world.statementOf(LAKESIDE).keys;
      expect(await reRegister({ keys: [sig] })).to.equal('member-key-fixed');
      expect(await reRegister({ keys: [sig, { ...enc, use: 'sig' }] })).to.equal('member-key-fixed');
      expect(await reRegister({ keys: [{ ...sig, status: 'retired' }, enc] })).to.equal('registered');
      expect(await reRegister({ keys: [sig, enc] })).to.equal('member-key-fixed');
    });

    it('refuses a private key, a key under a false name, and one that is no point of the curve', async () => {
      const key = newKey();
      const { d } = key.privateKey.export({ format: 'jwk' });
      const entry = entryOf(key, 'sig');
      const { keys } = world.statementOf(LAKESIDE);
      expect(await reRegister({ keys: [...keys, { ...entry, jwk: { ...key.jwk, d } }] })).to.equal(
        'command-malformed',
      );
      expect(await reRegister({ keys: [...keys, { ...entry, kid: newKey().kid }] })).to.equal(
        'command-malformed',
      );
      const astray = { ...key.jwk, y: newKey().jwk.y };
      const bent = { ...entry, jwk: astray, kid: thumbprintOf(astray) };
      expect(await reRegister({ keys: [...keys, bent] })).to.equal('member-key-unusable');
    });

    it('takes a hybrid encryption key, and lets nobody who has had one go back to P-256 alone', async () => {
      const [sig, enc] = world.statementOf(LAKESIDE).keys;
      const hybrid = hybridEntry(Buffer.alloc(1_216, 1));
      expect(await reRegister({ keys: [sig, enc, hybrid] })).to.equal('member-key-weaker');
      const retired = { ...enc, status: 'retired' };
      expect(await reRegister({ keys: [sig, retired, hybrid] })).to.equal('registered');
      const gone = { ...hybrid, status: 'retired' };
      const weaker = entryOf(newKey(), 'enc');
      expect(await reRegister({ keys: [sig, retired, gone, weaker] })).to.equal('member-key-weaker');
      const next = hybridEntry(Buffer.alloc(1_216, 2));
      expect(await reRegister({ keys: [sig, retired, gone, next] })).to.equal('registered');
    });

    it('refuses a hybrid key that nothing can be encapsulated to, that is cut short, or that is to sign with', async () => {
      const { keys } = world.statementOf(LAKESIDE);
      const others = keys.map((key) => (key.use === 'enc' ? { ...key, status: 'retired' } : key));
      const outOfRange = hybridEntry(Buffer.alloc(1_216, 0xff));
      expect(await reRegister({ keys: [...others, outOfRange] })).to.equal('member-key-unusable');
      const short = hybridEntry(Buffer.alloc(1_184, 1));
      expect(await reRegister({ keys: [...others, short] })).to.equal('command-malformed');
      const signing = { ...hybridEntry(Buffer.alloc(1_216, 1)), use: 'sig' };
      expect(await reRegister({ keys: [...others, signing] })).to.equal('command-malformed');
    });

    for (const gateway of [
      'http://lakeside.example',
      'https://user@lakeside.example',
      'https://lakeside.example/?a',
      'https://lakeside.example/#a',
      'javascript:alert(1)',
      'lakeside.example',
      '',
    ]) {
      it(`refuses ${gateway || 'nothing'} as an address`, async () => {
        expect(await reRegister({ gateway })).to.equal('command-malformed');
      });
    }

    it('takes an issuer over plain http on loopback alone', async () => {
      expect(await reRegister({ issuers: ['http://127.0.0.1:4000'] })).to.equal('registered');
      expect(await reRegister({ issuers: ['http://id.lakeside.example'] })).to.equal('command-malformed');
    });
  });

  it('leaves nothing private in public state', () => {
    const keys = [...world.ledger.state.keys()].filter((key) => key.startsWith('/'));
    expect(keys.every((key) => /^\/(?:ledger|member\/[A-Za-z]+|name\/[a-z]+)$/.test(key))).to.be.true;
  });
});

function hybridEntry(pub: Buffer): object {
  const jwk = { kty: 'AKP', alg: 'HPKE-10', pub: pub.toString('base64url') } as const;
  return { kid: thumbprintOf(jwk), use: 'enc', jwk, status: 'active' };
}
