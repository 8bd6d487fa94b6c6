import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KEM_MLKEM768_X25519 } from 'hpke';
import { hybridJwk, publicJwk, thumbprintOf, type EncryptionJwk } from '@consent-ledger/chaincode/wire';
import { loadMemberKeys } from '@consent-ledger/gateway/internal/adapters/keys/member-keys';
import type { MemberKeys } from '@consent-ledger/gateway/internal/ports/member-keys';
import { importHybridKey, openHybridJwe } from '@consent-ledger/gateway/internal/release/hybrid-wrapping';
import { wrapKey } from '@consent-ledger/gateway/internal/release/key-wrapping';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';
import {
  createCurveKey,
  createHybridKey,
} from '@consent-ledger/network/internal/identities/application-keys';

const vectors = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../vectors/${name}.json`, import.meta.url), 'utf8'));

const EVENT = `event/${'a'.repeat(64)}`;
const payload = { event: EVENT, record: 'r1', version: 1, key: Buffer.alloc(32, 7).toString('base64url') };

describe('a record key is wrapped for a hybrid key where one is registered', () => {
  let folder: string;
  let hybrid: MemberKeys;
  let curve: MemberKeys;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-hybrid-'));
    const signing = written('signing', createCurveKey('sig').privateJwk);
    hybrid = await loadMemberKeys({
      signing,
      encryption: written('hybrid', (await createHybridKey()).privateJwk),
    });
    curve = await loadMemberKeys({ signing, encryption: written('curve', createCurveKey('enc').privateJwk) });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function written(name: string, jwk: object): string {
    const path = join(folder, `${name}.json`);
    writeFileSync(path, JSON.stringify(jwk), { mode: 0o600 });
    return path;
  }

  it("decapsulates X-Wing's published vectors", async () => {
    const kem = KEM_MLKEM768_X25519();
    for (const { sk, pk, ct, ss } of vectors('x-wing') as Record<'sk' | 'pk' | 'ct' | 'ss', string>[]) {
      const secret = await kem.Decap(
        Buffer.from(ct, 'hex'),
        await kem.DeserializePrivateKey(Buffer.from(sk, 'hex'), false),
        await kem.DeserializePublicKey(Buffer.from(pk, 'hex')),
      );
      expect(Buffer.from(secret).toString('hex')).to.equal(ss);
    }
  });

  it("opens the JWE that the algorithm's draft publishes", async () => {
    const { jwk, jwe } = vectors('jose-hpke-10') as {
      jwk: { priv: string; pub: string; kid: string };
      jwe: string;
    };
    const key = await importHybridKey(Buffer.from(jwk.priv, 'base64url'));
    const { plaintext, protectedHeader } = await openHybridJwe(jwe, key);
    expect(Buffer.from(plaintext).toString('utf8')).to.match(/^You can trust us to stick with you/);
    expect(protectedHeader).to.deep.equal({ alg: 'HPKE-10', kid: jwk.kid });
    expect(thumbprintOf(hybridJwk.parse({ kty: 'AKP', alg: 'HPKE-10', pub: jwk.pub }))).to.equal(jwk.kid);
  });

  it('opens what was wrapped for it, for that event alone and with no bit changed', async () => {
    const jwe = await wrapKey(payload, hybrid.encryption);
    expect(await hybrid.openKey(jwe, EVENT)).to.deep.equal(payload);
    await refuses(hybrid, jwe, `event/${'b'.repeat(64)}`);
    const parts = jwe.split('.');
    for (const place of [0, 1, 3])
      await refuses(hybrid, parts.map((part, at) => (at === place ? flipped(part) : part)).join('.'));
    for (const other of [`${jwe}.`, parts.slice(0, 4).join('.'), jwe.replace('..', '.AAAA.')])
      await refuses(hybrid, other);
  });

  it('opens nothing that was wrapped in a weaker way, and P-256 nothing that is hybrid', async () => {
    const weaker = await wrapKey(payload, { kid: hybrid.encryption.kid, jwk: curve.encryption.jwk });
    await refuses(hybrid, weaker);
    await refuses(curve, await wrapKey(payload, { kid: curve.encryption.kid, jwk: hybrid.encryption.jwk }));
    expect(await curve.openKey(await wrapKey(payload, curve.encryption), EVENT)).to.deep.equal(payload);
  });

  it('wraps by the kind of the registered key and by nothing else', async () => {
    const algorithmOf = async (jwk: EncryptionJwk): Promise<unknown> => {
      const [header = ''] = (await wrapKey(payload, { kid: thumbprintOf(jwk), jwk })).split('.');
      return (JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as { alg: unknown }).alg;
    };
    expect(await algorithmOf(hybridJwk.parse(hybrid.encryption.jwk))).to.equal('HPKE-10');
    expect(await algorithmOf(publicJwk.parse(curve.encryption.jwk))).to.equal('ECDH-ES+A256KW');
  });
});

async function refuses(keys: MemberKeys, jwe: string, event = EVENT): Promise<void> {
  const outcome: unknown = await keys.openKey(jwe, event).catch((error: unknown) => error);
  expect(outcome).to.be.instanceOf(Refusal).and.include({ code: 'release-broken' });
}

function flipped(part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  const place = Math.floor(bytes.length / 2);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes.toString('base64url');
}
