import { encodeBase64Url, keyEnd, subjectKey } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { coseOf, newAppKey, newKeyPair, newPasskey, RELYING_PARTY } from '../../support/signers.js';
import {
  consentToSign,
  keyStatement,
  registerKeyCommand,
  say,
  signatureOf,
  signedBy,
} from './support/evidence.js';
import { EVIDENCE, OTHER_SUBJECT, SUBJECT, registerPatient } from './support/fixtures.js';
import { NOW_INSTANT, RIVERSIDE, World, makeCertificates, refusalOf } from './support/world.js';

describe("keys in a subject's name", () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
  });

  for (const make of [newAppKey, newPasskey]) {
    for (const algorithm of ['ES256', 'EdDSA'] as const) {
      it(`are registered by a witness, under their thumbprint: ${make.name} ${algorithm}`, async () => {
        const key = make(algorithm);
        await world.custody(registerKeyCommand(world, key));
        const value = subjectKey.parse(world.value('key', SUBJECT, key.kid));
        expect(value).to.deep.include({
          key: key.kid,
          jwk: key.jwk,
          evidence: EVIDENCE,
          registeredAt: NOW_INSTANT,
          registeredBy: RIVERSIDE,
        });
        expect(value.passkey !== undefined).to.equal(key.given.kind === 'passkey');
      });
    }
  }

  it('are registered by one that the subject has already, and by no stranger', async () => {
    const [first, second, stranger] = [newAppKey(), newPasskey('EdDSA'), newAppKey()];
    await world.custody(registerKeyCommand(world, first));
    const command = registerKeyCommand(world, second);
    const statement = keyStatement(world, second);
    for (const [signer, code] of [
      [stranger, 'evidence-key-unknown'],
      [second, 'evidence-key-unknown'],
    ] as const) {
      const done = await world.tryCustody({ ...command, evidence: signedBy(statement, signer) });
      expect(refusalOf(done)).to.equal(code);
    }
    await world.custody({ ...command, evidence: signedBy(statement, first) });
    const consent = consentToSign(world);
    await world.custody({
      command: 'file-consent',
      ...consentCommand(consent),
      evidence: signedBy(consent.statement, second),
    });
  });

  it('must be able to sign: nobody registers the key of somebody else', async () => {
    const [key, other] = [newAppKey(), newAppKey()];
    const command = registerKeyCommand(world, key);
    for (const possession of [
      signatureOf(keyStatement(world, key), { ...other, kid: key.kid }),
      signatureOf(keyStatement(world, key), newAppKey('ES256', { ...other, jwk: key.jwk })),
      signatureOf(keyStatement(world, key, OTHER_SUBJECT), key),
      signatureOf(say(world, { statement: 'key-end', key: key.kid }), key),
      signatureOf(keyStatement(world, key, SUBJECT, other.kid), key),
    ]) {
      expect(refusalOf(await world.tryCustody({ ...command, possession }))).to.equal(
        'evidence-signature-refused',
      );
    }
  });

  it('of an authenticator are bound to the relying party that was signed', async () => {
    const passkey = newPasskey();
    const command = registerKeyCommand(world, passkey);
    const relyingParty = {
      ...RELYING_PARTY,
      origins: ['https://a.riverside.example', ...RELYING_PARTY.origins],
    };
    const done = await world.tryCustody({ ...command, key: { ...command.key, relyingParty } });
    expect(refusalOf(done)).to.equal('evidence-signature-refused');
    for (const wrong of [
      { id: 'riverside.example', origins: ['https://evil.example'] },
      { id: 'riverside.example', origins: ['https://evilriverside.example'] },
      { id: 'riverside.example', origins: ['http://portal.riverside.example'] },
      { id: 'riverside.example', origins: ['https://portal.riverside.example/'] },
      { id: 'riverside.example', origins: ['https://u@portal.riverside.example'] },
      { id: 'riverside.example', origins: [] },
      { id: 'https://riverside.example', origins: RELYING_PARTY.origins },
      { id: '', origins: RELYING_PARTY.origins },
    ]) {
      const refused = await world.tryCustody({ ...command, key: { ...command.key, relyingParty: wrong } });
      expect(refusalOf(refused), JSON.stringify(wrong)).to.equal('command-malformed');
    }
  });

  it('are of P-256 or Ed25519, in one encoding, and no point under which everything verifies', async () => {
    const passkey = newPasskey();
    const cose = coseOf(passkey.jwk);
    const without = (at: number, count: number): Buffer =>
      Buffer.concat([cose.subarray(0, at), cose.subarray(at + count)]);
    const offCurve = Buffer.from(cose);
    offCurve[76] = (offCurve[76] ?? 0) ^ 1;
    for (const bytes of [
      without(76, 1),
      Buffer.concat([cose, Buffer.from([0])]),
      Buffer.concat([Buffer.from([0xa4]), without(0, 1).subarray(0, 40)]),
      Buffer.concat([Buffer.from([0xbf]), cose.subarray(1), Buffer.from([0xff])]),
      Buffer.concat([cose.subarray(0, 3), Buffer.from([0x38, 0x06]), cose.subarray(5)]),
      offCurve,
      Buffer.from('a0', 'hex'),
      coseOf(newKeyPair('EdDSA').jwk).fill(0, 10),
    ]) {
      const given = { ...passkey.given, cose: encodeBase64Url(bytes) };
      const done = await world.tryCustody({ ...registerKeyCommand(world, passkey), key: given });
      expect(refusalOf(done), bytes.toString('hex')).to.equal('subject-key-unusable');
    }
    for (const small of [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      `01${'00'.repeat(30)}80`,
      '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
      'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
      `ec${'ff'.repeat(30)}7f`,
    ]) {
      const app = newAppKey('EdDSA');
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: encodeBase64Url(Buffer.from(small, 'hex')) };
      const done = await world.tryCustody({ ...registerKeyCommand(world, app), key: { kind: 'jwk', jwk } });
      expect(refusalOf(done), small).to.equal('subject-key-unusable');
    }
    const { jwk } = newAppKey();
    for (const wrong of [
      { ...jwk, d: 'A'.repeat(43) },
      { ...jwk, crv: 'P-384' },
      { ...jwk, kty: 'OKP' },
    ]) {
      const done = await world.tryCustody({
        ...registerKeyCommand(world, newAppKey()),
        key: { kind: 'jwk', jwk: wrong },
      });
      expect(refusalOf(done)).to.equal('command-malformed');
    }
  });

  it('are replaced: the old one signs for the new one, and nothing more', async () => {
    const [old, third, next] = [newPasskey(), newAppKey(), newAppKey()];
    for (const key of [old, third]) await world.custody(registerKeyCommand(world, key));
    const statement = keyStatement(world, next, SUBJECT, old.kid);
    const command = {
      ...registerKeyCommand(world, next),
      replaces: old.kid,
      possession: signatureOf(statement, next),
    };
    const byThird = { ...command, evidence: signedBy(statement, third) };
    expect(refusalOf(await world.tryCustody(byThird))).to.equal('evidence-not-accepted');
    const byOld = { ...command, evidence: signedBy(statement, old) };
    await world.custody(byOld);
    expect(keyEnd.parse(world.value('keyend', SUBJECT, old.kid))).to.deep.include({ reason: 'replaced' });
    expect(world.value('key', SUBJECT, next.kid)).to.deep.include({ replaces: old.kid });
    expect(world.value('key', SUBJECT, old.kid), 'history is kept').to.deep.include({ key: old.kid });

    const more = newAppKey();
    const another = {
      ...registerKeyCommand(world, more),
      evidence: signedBy(keyStatement(world, more), old),
    };
    expect(refusalOf(await world.tryCustody(another))).to.equal('evidence-key-ended');
    expect(refusalOf(await world.tryCustody(byOld))).to.equal('subject-key-already-registered');
    expect(refusalOf(await world.tryCustody(registerKeyCommand(world, old)))).to.equal(
      'subject-key-already-registered',
    );
  });

  it('are replaced by a witness where the old one is lost, but only what is there and has not ended', async () => {
    const [old, next] = [newAppKey(), newAppKey()];
    await world.custody(registerKeyCommand(world, old));
    const replacing = (replaces: string): object => ({
      ...registerKeyCommand(world, next),
      replaces,
      possession: signatureOf(keyStatement(world, next, SUBJECT, replaces), next),
    });
    expect(refusalOf(await world.tryCustody(replacing(newAppKey().kid)))).to.equal('evidence-key-unknown');
    expect((await world.tryCustody(replacing(old.kid))).message).to.equal('');
    const again = newAppKey();
    const late = {
      ...registerKeyCommand(world, again),
      replaces: old.kid,
      possession: signatureOf(keyStatement(world, again, SUBJECT, old.kid), again),
    };
    expect(refusalOf(await world.tryCustody(late))).to.equal('evidence-key-ended');
  });

  it('are revoked by a witness, or by any key of the subject; again changes nothing', async () => {
    const [lost, other, third] = [newAppKey(), newPasskey(), newAppKey()];
    for (const key of [lost, other, third]) await world.custody(registerKeyCommand(world, key));
    const revoke = (key: string, evidence: object): ReturnType<World['tryCustody']> =>
      world.tryCustody({ command: 'revoke-key', subject: SUBJECT, key, evidence });
    const statement = say(world, { statement: 'key-end', key: lost.kid });
    expect(refusalOf(await revoke(third.kid, signedBy(statement, other)))).to.equal(
      'evidence-signature-refused',
    );
    expect(refusalOf(await revoke('A'.repeat(43), EVIDENCE))).to.equal('subject-key-unknown');
    expect((await revoke(lost.kid, signedBy(statement, other))).message).to.equal('');
    const again = await revoke(lost.kid, EVIDENCE);
    expect([again.message, again.writes.size]).to.deep.equal(['', 0]);
    expect((await revoke(third.kid, EVIDENCE)).message).to.equal('');
    expect(keyEnd.parse(world.value('keyend', SUBJECT, third.kid))).to.deep.include({
      reason: 'revoked',
      evidence: EVIDENCE,
    });
  });

  it('are taken from nobody but the subject: no delegate registers one', async () => {
    const key = newAppKey();
    const evidence = { kind: 'delegated', delegation: 'd-1', act: EVIDENCE };
    expect(refusalOf(await world.tryCustody({ ...registerKeyCommand(world, key), evidence }))).to.equal(
      'evidence-not-accepted',
    );
    const unknown = registerKeyCommand(world, key, 'sub-9');
    expect(refusalOf(await world.tryCustody(unknown))).to.equal('subject-unknown');
  });
});

function consentCommand({ consent, resource }: ReturnType<typeof consentToSign>): {
  consent: string;
  subject: string;
  resource: ReturnType<typeof consentToSign>['resource'];
} {
  return { consent, subject: SUBJECT, resource };
}
