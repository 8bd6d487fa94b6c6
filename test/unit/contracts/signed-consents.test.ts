import type { statementOf } from '@consent-ledger/chaincode/wire';
import { consentDigest, encodeBase64Url } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { CompactSign } from 'jose';
import { newAppKey, newPasskey, type Ceremony, type Passkey, type Signer } from '../../support/signers.js';
import { consentToSign, registerKeyCommand, say, signedBy, type SignedConsent } from './support/evidence.js';
import { EVIDENCE, OTHER_SUBJECT, SUBJECT, consentOf, registerPatient } from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import { LAKESIDE, World, makeCertificates, refusalOf } from './support/world.js';

const KEYS: readonly [string, () => Signer][] = [
  ['a key for ES256', () => newAppKey('ES256')],
  ['a key for EdDSA', () => newAppKey('EdDSA')],
  ['a passkey for ES256', () => newPasskey('ES256')],
  ['a passkey for EdDSA', () => newPasskey('EdDSA')],
];

describe('a consent that its subject signed', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
  });

  async function register<Key extends Signer>(key: Key, subject = SUBJECT): Promise<Key> {
    await world.custody(registerKeyCommand(world, key, subject));
    return key;
  }

  function file(
    { consent, resource }: Pick<SignedConsent, 'consent' | 'resource'>,
    evidence: object,
    subject = SUBJECT,
  ): Promise<Simulation> {
    return world.tryCustody({ command: 'file-consent', consent, subject, resource, evidence });
  }

  for (const [name, make] of KEYS) {
    describe(`with ${name}`, () => {
      let key: Signer;
      let signed: SignedConsent;

      beforeEach(async () => {
        key = await register(make());
        signed = consentToSign(world);
      });

      it('is filed as signed, under the id that derives from what was signed', async () => {
        const evidence = signedBy(signed.statement, key);
        expect((await file(signed, evidence)).message).to.equal('');
        expect(world.value('consent', signed.consent)).to.deep.include({ evidence, subject: SUBJECT });
        const { consents } = world.value('policies', SUBJECT) as { consents: { evidence: string }[] };
        expect(consents.at(-1)).to.deep.include({ consent: signed.consent, evidence: 'signed' });
      });

      it('is filed once, however often it is signed', async () => {
        await file(signed, signedBy(signed.statement, key));
        const again = await file(signed, signedBy(signed.statement, key));
        expect(refusalOf(again)).to.equal('consent-already-filed');
      });

      it('cannot be altered, nor come under another id', async () => {
        const evidence = signedBy(signed.statement, key);
        const altered = { ...signed.resource, dateTime: '2026-02-02T00:00:00Z' };
        expect(refusalOf(await file({ ...signed, resource: altered }, evidence))).to.equal(
          'evidence-signature-refused',
        );
        const renamed = { consent: 'c-3', resource: { ...signed.resource, id: 'c-3' } };
        expect(refusalOf(await file(renamed, evidence))).to.equal('consent-id-refused');
        expect(refusalOf(await file(signed, { ...EVIDENCE }))).to.equal('consent-id-refused');
      });

      it('is bound to ledger, custodian, subject, nonce and date', async () => {
        const { consent: digest } = signed.statement as { consent?: string };
        expect(digest).to.equal(consentDigest(signed.resource));
        const other = '0'.repeat(64);
        for (const binding of [
          { ledger: other },
          { custodian: LAKESIDE },
          { subject: OTHER_SUBJECT },
          { nonce: 'A'.repeat(22) },
          { date: new Date(world.now - 1).toISOString() },
        ]) {
          const meant = say(world, { statement: 'consent', consent: String(digest) }, binding);
          const evidence = {
            ...signedBy(meant, key),
            nonce: signed.statement.nonce,
            date: signed.statement.date,
          };
          const done = await file(signed, evidence);
          expect(refusalOf(done), JSON.stringify(binding)).to.equal('evidence-signature-refused');
        }
      });

      it("is not what the same key signed for something else, or in a delegate's place", async () => {
        const { nonce, date } = signed.statement;
        const digest = consentDigest(signed.resource);
        for (const content of [
          { statement: 'withdrawal', consent: digest },
          { statement: 'key-end', key: digest },
          { statement: 'consent', consent: digest, delegation: 'd-1' },
        ] as const) {
          const evidence = signedBy(say(world, content, { nonce, date }), key);
          expect(refusalOf(await file(signed, evidence))).to.equal('evidence-signature-refused');
        }
      });

      it("needs the subject's own key, and one that has not ended", async () => {
        const { statement } = signed;
        const strange = make();
        expect(refusalOf(await file(signed, signedBy(statement, strange)))).to.equal('evidence-key-unknown');
        await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
        await register(strange, OTHER_SUBJECT);
        expect(refusalOf(await file(signed, signedBy(statement, strange)))).to.equal('evidence-key-unknown');
        await world.custody({ command: 'revoke-key', subject: SUBJECT, key: key.kid, evidence: EVIDENCE });
        expect(refusalOf(await file(signed, signedBy(statement, key)))).to.equal('evidence-key-ended');
      });

      it('is used within seven days, and not before it was signed', async () => {
        const day = 86_400_000;
        for (const [days, code] of [
          [7, undefined],
          [8, 'evidence-date-refused'],
          [-1, 'evidence-date-refused'],
        ] as const) {
          const date = new Date(world.now - days * day).toISOString();
          const dated = consentToSign(world, { binding: { date } });
          const done = await file(dated, signedBy(dated.statement, key));
          expect(done.status === 200 ? undefined : refusalOf(done), `${days} days`).to.equal(code);
        }
        for (const date of ['2026-02-31T25:00:00.000Z', '2026-11-24T10:00:00Z', 'now', '']) {
          const done = await file(signed, { ...signedBy(signed.statement, key), date });
          expect(['command-malformed', 'evidence-date-refused'], date).to.include(refusalOf(done));
        }
      });
    });
  }

  describe('with a JWS', () => {
    it('as jose makes it, with its payload taken out', async () => {
      const key = await register(newAppKey());
      const signed = consentToSign(world);
      const { statement } = signed;
      const whole = await new CompactSign(Buffer.from(canonicalOf(statement)))
        .setProtectedHeader({ kid: key.kid, typ: 'consent-ledger-statement+jws', alg: 'ES256' })
        .sign(key.privateKey);
      const [header = '', , signature = ''] = whole.split('.');
      const proof = { method: 'jws', jws: `${header}..${signature}` };
      const { nonce, date } = statement;
      expect((await file(signed, { kind: 'signed', nonce, date, proof })).message).to.equal('');
    });

    it('has one header and one encoding', async () => {
      const key = await register(newAppKey());
      const { statement, ...signed } = consentToSign(world);
      const { nonce, date } = statement;
      const good = key.prove(statement);
      if (good.method !== 'jws') throw new Error('This key signs JWS.');
      const [header = '', , signature = ''] = good.jws.split('.');
      const encoded = (value: object): string => encodeBase64Url(Buffer.from(JSON.stringify(value)));
      const typ = 'consent-ledger-statement+jws';
      const headers = [
        { alg: 'none', kid: key.kid, typ },
        { alg: 'HS256', kid: key.kid, typ },
        { alg: 'EdDSA', kid: key.kid, typ },
        { alg: 'ES256', kid: key.kid },
        { alg: 'ES256', kid: key.kid, typ: 'JWT' },
        { alg: 'ES256', kid: key.kid, typ, jwk: key.jwk },
        { alg: 'ES256', kid: key.kid, typ, crit: ['b64'], b64: false },
        { alg: 'ES256', kid: 7, typ },
        [],
      ];
      for (const jws of [
        ...headers.map((one) => `${encoded(one)}..${signature}`),
        `${header}..${signature}=`,
        `${header}=..${signature}`,
        `${header}.e30.${signature}`,
        `${header}..${signature.slice(0, -1)}${nextOf(signature.at(-1))}`,
        `${header}.${signature}`,
        `..${signature}`,
        `${header}..${signature.slice(4)}`,
        `${header}..${signature}AAAA`,
      ]) {
        const done = await file(signed, { kind: 'signed', nonce, date, proof: { method: 'jws', jws } });
        expect(['command-malformed', 'evidence-signature-refused', 'evidence-key-unknown'], jws).to.include(
          refusalOf(done),
        );
      }
      expect((await file(signed, { kind: 'signed', nonce, date, proof: good })).status).to.equal(200);
    });

    it('whose other half verifies as well is the same consent', async () => {
      const key = await register(newAppKey());
      const { statement, ...signed } = consentToSign(world);
      const evidence = signedBy(statement, key);
      if (evidence.proof.method !== 'jws') throw new Error('This key signs JWS.');
      const twin = { ...evidence, proof: { method: 'jws', jws: withOtherHalf(evidence.proof.jws) } };
      expect((await file(signed, twin)).message, 'ECDSA permits it').to.equal('');
      expect(refusalOf(await file(signed, evidence))).to.equal('consent-already-filed');
    });

    it('of a passkey is refused, and an assertion of a key that is none', async () => {
      const passkey = await register(newPasskey());
      const { statement, ...signed } = consentToSign(world);
      const asApp = newAppKey('ES256', passkey);
      expect(refusalOf(await file(signed, signedBy(statement, asApp)))).to.equal(
        'evidence-signature-refused',
      );
      const app = await register(newAppKey());
      const proof = { ...passkey.prove(statement), key: app.kid };
      const { nonce, date } = statement;
      expect(refusalOf(await file(signed, { kind: 'signed', nonce, date, proof }))).to.equal(
        'evidence-signature-refused',
      );
    });
  });

  describe('with a passkey', () => {
    let passkey: Passkey;
    let signed: SignedConsent;

    beforeEach(async () => {
      passkey = await register(newPasskey());
      signed = consentToSign(world);
    });

    function fileWith(changes: Partial<Ceremony>): Promise<Simulation> {
      const { nonce, date } = signed.statement;
      const proof = passkey.prove(signed.statement, changes);
      return file(signed, { kind: 'signed', nonce, date, proof });
    }

    const FAULTS: readonly [string, string, Partial<Ceremony>][] = [
      ['another page', 'origin', { origin: 'https://evil.example' }],
      [
        'a page whose name begins alike',
        'origin',
        { origin: 'https://portal.riverside.example.evil.example' },
      ],
      ['a page of the same domain that is not listed', 'origin', { origin: 'https://x.riverside.example' }],
      ['the page without TLS', 'origin', { origin: 'http://portal.riverside.example' }],
      ['a page inside a page of another origin', 'origin', { crossOrigin: true }],
      [
        'a top page',
        'origin',
        { clientData: (text) => text.replace('}', ',"topOrigin":"https://a.example"}') },
      ],
      ['another relying party', 'relyingParty', { relyingParty: 'example' }],
      ['a registration', 'clientData', { type: 'webauthn.create' }],
      ['another challenge', 'clientData', { challenge: () => Buffer.alloc(32) }],
      ['the challenge cut short', 'clientData', { challenge: () => Buffer.alloc(0) }],
      ['nobody present', 'userPresence', { flags: 0x1c }],
      ['nobody verified', 'userVerification', { flags: 0x19 }],
      ['a passkey that is backed up and may not be', 'flags', { flags: 0x15 }],
      ['a reserved flag', 'flags', { flags: 0x1f }],
      ['attested data that is not there', 'flags', { flags: 0x5d }],
      ['extensions that are not there', 'flags', { flags: 0x9d }],
      ['client data in another order', 'clientData', { clientData: reordered }],
      ['client data with blanks', 'clientData', { clientData: (text) => text.replace(':', ': ') }],
      [
        'client data that says two things',
        'clientData',
        { clientData: (text) => text.replace('}', ',"challenge":"AAAA"}') },
      ],
      ['client data that is cut short', 'clientData', { clientData: (text) => text.slice(0, -1) }],
      ['client data with a mark of order', 'clientData', { clientData: (text) => `\ufeff${text}` }],
      ['client data that is no text', 'clientData', { clientData: () => Buffer.from([0xff, 0xfe]) }],
      ['client data that is a list', 'clientData', { clientData: (text) => `[${text}]` }],
    ];

    for (const [what, fault, changes] of FAULTS) {
      it(`refuses ${what}`, async () => {
        const done = await fileWith(changes);
        expect(done.message).to.equal(`evidence-signature-refused ["$.proof.${fault}"]`);
      });
    }

    it('takes client data that goes on, as newer browsers may write it', async () => {
      const done = await fileWith({ clientData: (text) => text.replace('}', ',"more":{"a":1}}') });
      expect(done.message).to.equal('');
    });

    it('takes client data of browsers that do not say whether they were framed', async () => {
      expect((await fileWith({ crossOrigin: undefined })).message).to.equal('');
    });

    it('refuses authenticator data of any other length', async () => {
      for (const authenticatorData of [
        (bytes: Buffer) => bytes.subarray(0, 36),
        (bytes: Buffer) => Buffer.concat([bytes, Buffer.from([0xa0])]),
      ]) {
        expect(refusalOf(await fileWith({ authenticatorData }))).to.equal('command-malformed');
      }
    });

    it('refuses a signature with one bit changed, in another encoding, or over other bytes', async () => {
      const { nonce, date } = signed.statement;
      const good = passkey.prove(signed.statement);
      const der = Buffer.from(good.signature, 'base64url');
      const flipped = Buffer.from(der);
      flipped[20] = (flipped[20] ?? 0) ^ 1;
      const counted = Buffer.from(good.authenticatorData, 'base64url');
      counted[36] = 9;
      for (const changes of [
        { signature: encodeBase64Url(flipped) },
        { signature: encodeBase64Url(Buffer.concat([der, Buffer.alloc(1)])) },
        { signature: encodeBase64Url(longForm(der)) },
        { signature: `${good.signature}=` },
        { authenticatorData: encodeBase64Url(counted) },
        {
          clientData: encodeBase64Url(
            Buffer.concat([Buffer.from(good.clientData, 'base64url'), Buffer.from(' ')]),
          ),
        },
        { key: newPasskey().kid },
      ]) {
        const evidence = { kind: 'signed', nonce, date, proof: { ...good, ...changes } };
        expect(
          ['evidence-signature-refused', 'command-malformed', 'evidence-key-unknown'],
          Object.keys(changes).join(),
        ).to.include(refusalOf(await file(signed, evidence)));
      }
    });

    it('counts, where the authenticator does: a counter that goes back tells of a copy', async () => {
      const sign = async (count: number): Promise<Simulation> => {
        signed = consentToSign(world);
        return fileWith({ count });
      };
      expect((await sign(0)).status).to.equal(200);
      expect((await sign(5)).status).to.equal(200);
      for (const count of [5, 4, 0]) {
        expect(refusalOf(await sign(count)), `${count}`).to.equal('evidence-counter-refused');
      }
      expect((await sign(6)).status).to.equal(200);
    });
  });

  it('opens what only a signed consent opens, and a witnessed one does not', async () => {
    world = await World.open({ signedOnlyPurposes: ['HRESCH'] });
    await registerPatient(world);
    const forResearch = (id: string): ReturnType<typeof consentOf> => ({
      ...consentOf(id),
      provision: {
        type: 'permit',
        purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HRESCH' }],
        securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }],
      },
    });
    const ask = async (): Promise<unknown> => {
      const done = await world.custody({
        command: 'decide',
        requests: [world.request({ purpose: ['HRESCH'] })],
      });
      const { details } = world.value('details', done.transaction) as {
        details: { records: { reason: string; basis: { evidence: string }[] }[] }[];
      };
      const [record] = details[0]?.records ?? [];
      return { reason: record?.reason, evidence: record?.basis.map(({ evidence }) => evidence) };
    };
    const resource = forResearch('c-9');
    await file({ consent: 'c-9', resource }, EVIDENCE);
    expect(await ask()).to.deep.equal({ reason: 'evidence-insufficient', evidence: ['witnessed'] });

    const key = await register(newPasskey());
    const signed = consentToSign(world, { resource: forResearch('unsigned') });
    expect((await file(signed, signedBy(signed.statement, key))).message).to.equal('');
    expect(await ask()).to.deep.include({ reason: 'permitted-by-consent' });
  });
});

function canonicalOf(statement: ReturnType<typeof statementOf>): string {
  // RFC 8785 sorts the names; every value here is a text or a small number.
  return JSON.stringify(Object.fromEntries(Object.entries(statement).sort(([a], [b]) => (a < b ? -1 : 1))));
}

function reordered(text: string): string {
  const { type, ...rest } = JSON.parse(text) as { type: string };
  return JSON.stringify({ ...rest, type });
}

const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** `(r, n - s)` is a signature wherever `(r, s)` is one. */
function withOtherHalf(jws: string): string {
  const at = jws.lastIndexOf('.') + 1;
  const bytes = Buffer.from(jws.slice(at), 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = Buffer.from((P256_ORDER - s).toString(16).padStart(64, '0'), 'hex');
  return jws.slice(0, at) + encodeBase64Url(Buffer.concat([bytes.subarray(0, 32), other]));
}

/** The same DER with its length written in two bytes. */
function longForm(der: Buffer): Buffer {
  return Buffer.concat([der.subarray(0, 1), Buffer.from([0x81]), der.subarray(1)]);
}

/** A last character that stands for the same bytes, with stray bits. */
function nextOf(character: string | undefined): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return alphabet.charAt(alphabet.indexOf(character ?? 'A') ^ 1);
}
