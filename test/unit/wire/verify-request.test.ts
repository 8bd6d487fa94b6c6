import {
  REQUEST_TYP,
  encodeBase64Url,
  sha256,
  verifyRequestObject,
  type AuthenticRequest,
  type Member,
  type RefusedRequestObject,
  type RequestClaims,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import fc from 'fast-check';
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { entryOf, newKey, segment, signJws } from '../contracts/support/identities.js';
import { LAKESIDE, LEDGER_ID, NOVACURE, NOW, RIVERSIDE, World } from '../contracts/support/world.js';

describe('a request object', () => {
  const world = new World();
  const members = new Map<string, Member>();

  before(() => {
    for (const mspId of [RIVERSIDE, LAKESIDE, NOVACURE]) {
      members.set(mspId, { v: 1, ...world.statementOf(mspId), status: 'active' });
    }
  });

  function verify(request: string, at = NOW): AuthenticRequest | RefusedRequestObject {
    return verifyRequestObject(request, {
      ledgerId: LEDGER_ID,
      custodian: RIVERSIDE,
      members: (mspId) => members.get(mspId),
      purposeSystems: undefined,
      at,
    });
  }

  function refusalOf(request: string, at = NOW): string {
    const verdict = verify(request, at);
    expect(verdict.digest).to.equal(sha256(request));
    return verdict.kind === 'refused' ? verdict.code : 'authentic';
  }

  it('is authentic when its issuer signed it for this custodian on this ledger', () => {
    const claims = world.claims();
    const request = world.request(claims);
    expect(verify(request)).to.deep.equal({
      kind: 'authentic',
      digest: sha256(request),
      claims,
      requester: members.get(LAKESIDE),
      standing: 'current',
    });
  });

  describe('is refused with a header that is not exactly the one', () => {
    const { jwk, privateKey } = newKey();
    const headers: readonly [string, object][] = [
      ['no algorithm', { alg: 'none' }],
      ['a MAC', { alg: 'HS256' }],
      ['another curve', { alg: 'ES384' }],
      ['RSA', { alg: 'PS256' }],
      ['another spelling', { alg: 'es256' }],
      ['an embedded key', { jwk }],
      ["an embedded key in place of the ledger's", { kid: undefined, jwk }],
      ['an address of keys', { jku: 'https://evil.example' }],
      ['a certificate', { x5c: ['AA'] }],
      ['a critical extension', { crit: ['exp'] }],
      ['unencoded payload', { b64: false, crit: ['b64'] }],
      ['another type', { typ: 'JWT' }],
      ["a receipt's type", { typ: 'consent-ledger-receipt+jwt' }],
      ['no type', { typ: undefined }],
      ['no kid', { kid: undefined }],
      ['a kid that is no text', { kid: 1 }],
    ];
    for (const [name, header] of headers) {
      it(name, () => {
        expect(refusalOf(world.request({}, header))).to.equal('request-malformed');
        expect(
          refusalOf(signJws({ alg: 'ES256', typ: REQUEST_TYP, ...header }, world.claims(), privateKey)),
        ).to.equal('request-malformed');
      });
    }

    it('repeated names', () => {
      const [, claims = '', signature = ''] = world.request().split('.');
      const { kid } = world.signingKey(LAKESIDE);
      const header = `{"alg":"none","alg":"ES256","typ":"${REQUEST_TYP}","kid":"${kid}","__proto__":{}}`;
      expect(refusalOf(`${encodeBase64Url(Buffer.from(header))}.${claims}.${signature}`)).to.equal(
        'request-malformed',
      );
    });
  });

  it('is refused when a MAC over the public key poses as its signature', () => {
    const { kid, jwk } = world.signingKey(LAKESIDE);
    const signed = `${segment({ alg: 'HS256', typ: REQUEST_TYP, kid })}.${segment(world.claims())}`;
    const mac = createHmac('sha256', JSON.stringify(jwk)).update(signed).digest();
    expect(refusalOf(`${signed}.${encodeBase64Url(mac)}`)).to.equal('request-malformed');
    expect(refusalOf(`${signed}.`)).to.equal('request-malformed');
  });

  it('is refused under any key but an active signing key of its issuer', () => {
    const stranger = newKey();
    expect(refusalOf(world.request({}, {}, stranger))).to.equal('signing-key-unknown');
    const { kid } = world.signingKey(LAKESIDE);
    expect(refusalOf(world.request({}, { kid }, stranger))).to.equal('request-signature-invalid');
    expect(refusalOf(world.request({}, {}, world.signingKey(NOVACURE)))).to.equal('signing-key-unknown');
    expect(refusalOf(world.request({}, {}, world.encryptionKey(LAKESIDE)))).to.equal('signing-key-unknown');
    const retired = newKey();
    members.set(NOVACURE, {
      v: 1,
      ...world.statementOf(NOVACURE),
      keys: [entryOf(retired, 'sig', 'retired')],
      status: 'active',
    });
    expect(refusalOf(world.request({ iss: NOVACURE }, {}, retired))).to.equal('signing-key-unknown');
    expect(refusalOf(world.request({ iss: 'NobodyMSP', enc: stranger.kid }, {}, stranger))).to.equal(
      'requester-unknown',
    );
  });

  it('is refused under a signature of another form or algorithm', () => {
    const { privateKey, kid } = world.signingKey(LAKESIDE);
    const signed = `${segment({ alg: 'ES256', typ: REQUEST_TYP, kid })}.${segment(world.claims())}`;
    const withSignature = (signature: Buffer): string => `${signed}.${encodeBase64Url(signature)}`;
    const raw = (key: KeyObject, hash: string): Buffer =>
      sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    const { privateKey: p384 } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    expect(refusalOf(withSignature(raw(privateKey, 'sha256')))).to.equal('authentic');
    expect(refusalOf(withSignature(sign('sha256', Buffer.from(signed), privateKey)))).to.equal(
      'request-malformed',
    );
    expect(refusalOf(withSignature(raw(p384, 'sha384')))).to.equal('request-malformed');
    expect(refusalOf(withSignature(raw(privateKey, 'sha384')))).to.equal('request-signature-invalid');
    expect(refusalOf(withSignature(Buffer.alloc(64)))).to.equal('request-signature-invalid');
    expect(refusalOf(withSignature(Buffer.alloc(64, 0xff)))).to.equal('request-signature-invalid');
  });

  it('is refused when it is meant for someone else', () => {
    expect(refusalOf(world.request({ aud: LAKESIDE }))).to.equal('request-wrong-audience');
    expect(refusalOf(world.request({ ledger: 'f'.repeat(64) }))).to.equal('request-wrong-ledger');
  });

  it('is refused after any change of any character', () => {
    const request = world.request();
    fc.assert(
      fc.property(
        fc.nat(request.length - 1),
        fc.constantFrom('A', 'b', '0', '-', '_', '.', '=', ' '),
        (at, other) => {
          fc.pre(request[at] !== other);
          expect(refusalOf(request.slice(0, at) + other + request.slice(at + 1))).to.not.equal('authentic');
        },
      ),
      { numRuns: 300 },
    );
    for (const text of [`${request}A`, ` ${request}`, `${request}\n`, `${request}.AA`, request.slice(1)]) {
      expect(refusalOf(text)).to.not.equal('authentic');
    }
  });

  it('never throws for any text', function () {
    this.timeout(20_000);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.array(fc.base64String()).map((s) => s.join('.')),
        ),
        (text) => {
          expect(refusalOf(text)).to.equal('request-malformed');
        },
      ),
    );
    for (const text of ['', '.', '..', '...', '\ud800', 'A'.repeat(100_000), `e30.${'W'.repeat(8_000)}.AA`]) {
      expect(refusalOf(text)).to.equal('request-malformed');
    }
  });

  describe('is refused with claims that are not well formed', () => {
    const bad: readonly [string, Record<string, unknown>][] = [
      ...Object.keys(world.claims())
        .filter((name) => name !== 'references')
        .map((name): [string, Record<string, unknown>] => [`no ${name}`, { [name]: undefined }]),
      ...Object.keys(world.claims()).map((name): [string, Record<string, unknown>] => [
        `null as ${name}`,
        { [name]: null },
      ]),
      ['a name that is not known', { admin: true }],
      ['a short jti', { jti: 'abc' }],
      ['a jti that could split a key', { jti: `${'a'.repeat(22)}\0b` }],
      ['no purpose', { purpose: [] }],
      ['a purpose that nobody knows', { purpose: ['CURIOSITY'] }],
      ['no record', { records: [] }],
      ['the same record twice', { records: ['hb-1', 'hb-1'] }],
      ['too many records', { records: Array.from({ length: 51 }, (_, index) => `r-${index}`) }],
      ['a record that is a path', { records: ['../hb-1'] }],
      ['an end before the start', { exp: Math.floor(NOW / 1_000) }],
      ['a life of more than 300 seconds', { exp: Math.floor(NOW / 1_000) + 301 }],
      ['a time with a fraction', { iat: NOW / 1_000 }],
      ['a time that is text', { iat: '1795514400' }],
      ['an address as subject', { sub: 'jane.roe@example.org' }],
      ['an emergency without its reason', { emergency: {} }],
      ['an emergency with more than its reason', { emergency: { reason: 'x', level: 9 } }],
      ['a lone surrogate', { emergency: { reason: '\ud800' } }],
      ['references that are addresses', { references: ['https://example.org/Practitioner/1'] }],
      ['an action of its own', { actions: ['access'] }],
    ];
    for (const [name, changes] of bad) {
      it(name, () => {
        expect(refusalOf(world.request(changes))).to.equal('request-malformed');
      });
    }

    for (const [name, claims] of [
      ['an array', []],
      ['null', null],
      ['a text', 'request'],
      ['a number', 1],
    ] as const) {
      it(`${name} in place of claims`, () => {
        const { kid, privateKey } = world.signingKey(LAKESIDE);
        expect(refusalOf(signJws({ alg: 'ES256', typ: REQUEST_TYP, kid }, claims, privateKey))).to.equal(
          'request-malformed',
        );
      });
    }

    it('a prototype', () => {
      const { kid, privateKey } = world.signingKey(LAKESIDE);
      const text = JSON.stringify(world.claims()).replace('{', '{"__proto__":{"roles":["admin"]},');
      const signed = `${segment({ alg: 'ES256', typ: REQUEST_TYP, kid })}.${encodeBase64Url(Buffer.from(text))}`;
      const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
      expect(refusalOf(`${signed}.${encodeBase64Url(signature)}`)).to.equal('request-malformed');
    });
  });

  describe('that is authentic', () => {
    function standingOf(changes: Partial<RequestClaims>, at = NOW): string {
      const verdict = verify(world.request(changes), at);
      return verdict.kind === 'authentic' ? verdict.standing : verdict.code;
    }

    const iat = Math.floor(NOW / 1_000);

    it('expires at exp and not a millisecond before', () => {
      expect(standingOf({ iat, exp: iat + 60 }, (iat + 60) * 1_000 - 1)).to.equal('current');
      expect(standingOf({ iat, exp: iat + 60 }, (iat + 60) * 1_000)).to.equal('request-expired');
    });

    it('may come from a clock that is up to 30 seconds ahead', () => {
      expect(standingOf({ iat, exp: iat + 60 }, (iat - 30) * 1_000)).to.equal('current');
      expect(standingOf({ iat, exp: iat + 60 }, (iat - 30) * 1_000 - 1)).to.equal('request-not-yet-valid');
    });

    it('must name an active encryption key of its issuer', () => {
      expect(standingOf({ enc: newKey().kid })).to.equal('key-not-registered');
      expect(standingOf({ enc: world.signingKey(LAKESIDE).kid })).to.equal('key-not-registered');
      expect(standingOf({ enc: world.encryptionKey(RIVERSIDE).kid })).to.equal('key-not-registered');
    });

    it('stays authentic when its issuer is suspended, for the decision to deny it', () => {
      members.set(LAKESIDE, { v: 1, ...world.statementOf(LAKESIDE), status: 'suspended' });
      expect(standingOf({})).to.equal('current');
      members.set(LAKESIDE, { v: 1, ...world.statementOf(LAKESIDE), status: 'active' });
    });
  });
});
