import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import {
  member,
  RECEIPT_TYP,
  receiptClaims,
  REQUEST_TYP,
  requestClaims,
  SLIP_TYP,
  slipClaims,
  STOP_TYP,
  stopClaims,
  verifyReceipt,
  verifyRequestObject,
  verifySlip,
  verifyStop,
  type Member,
  type PublicJwk,
} from '@consent-ledger/chaincode/wire';
import { loadMemberKeys } from '@consent-ledger/gateway/internal/adapters/keys/member-keys';
import type { MemberKeys } from '@consent-ledger/gateway/internal/ports/member-keys';

interface Token {
  readonly typ: string;
  readonly claims: object;
  /** Made by the other library. */
  readonly jws: string;
  /** Made by `MemberKeys`, and verified by the other library when the vectors were made. */
  readonly madeHere: string;
}

interface Vectors {
  readonly signing: PublicJwk;
  readonly encryption: PublicJwk;
  readonly ledger: string;
  readonly event: string;
  readonly tokens: readonly Token[];
  readonly payload: object;
  readonly jwe: string;
  readonly jweMadeHere: string;
  readonly sealed: string;
  readonly sealedMadeHere: string;
  readonly sealedText: string;
}

const file = new URL('../../../vectors/jose-tokens.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;
const NOTICE_TYP = 'secevent+jwt';
const AT = 1_790_000_100_000;

describe('what gateways sign and seal is signed and sealed alike by another JOSE library', () => {
  let folder: string;
  let keys: MemberKeys;
  let signer: Member;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-jose-'));
    const write = (name: string, jwk: object): string => {
      const path = join(folder, name);
      writeFileSync(path, JSON.stringify(jwk), { mode: 0o600 });
      return path;
    };
    keys = await loadMemberKeys({
      signing: write('signing.json', vectors.signing),
      encryption: write('encryption.json', vectors.encryption),
    });
    signer = member.parse({
      v: 1,
      mspId: 'LakesideMSP',
      name: 'lakeside',
      kind: 'hospital',
      displayName: 'Lakeside',
      gateway: 'https://gateway.lakeside.example',
      keys: [
        { ...keys.signing, use: 'sig', status: 'active' },
        { ...keys.encryption, use: 'enc', status: 'active' },
      ],
      issuers: [],
      status: 'active',
    });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** The claims, where whoever takes such tokens takes this one. */
  async function taken(typ: string, jws: string): Promise<unknown> {
    const { ledger, event } = vectors;
    const members = (mspId: string): Member | undefined => (mspId === signer.mspId ? signer : undefined);
    switch (typ) {
      case REQUEST_TYP: {
        const expected = {
          ledgerId: ledger,
          custodian: 'RiversideMSP',
          members,
          purposeSystems: undefined,
          at: AT,
        };
        const request = verifyRequestObject(jws, expected);
        return request.kind === 'authentic' && request.standing === 'current' ? request.claims : undefined;
      }
      case RECEIPT_TYP:
        return verifyReceipt(jws, { ledgerId: ledger, custodian: 'RiversideMSP', event, requester: signer });
      case SLIP_TYP:
        return verifySlip(jws, { ledgerId: ledger, member: 'NovacureMSP', members })?.claims;
      case STOP_TYP: {
        const { aud, study, person } = stopClaims.parse(claimsOf(STOP_TYP));
        return verifyStop(jws, { aud, ledger, study, person, sponsor: signer });
      }
      default: {
        // As its receivers do, with the key that the gateway publishes.
        const key = await importJWK({ ...keys.signing.jwk }, 'ES256');
        const verified = await jwtVerify(jws, key, {
          typ: NOTICE_TYP,
          audience: 'https://receiver.example',
          currentDate: new Date(AT),
        }).catch(() => undefined);
        return verified?.payload;
      }
    }
  }

  function claimsOf(typ: string): unknown {
    return vectors.tokens.find((token) => token.typ === typ)?.claims;
  }

  async function signedHere({ typ, claims }: Token): Promise<string> {
    if (typ === REQUEST_TYP) return keys.signRequest(requestClaims.parse(claims));
    if (typ === RECEIPT_TYP) return keys.signReceipt(receiptClaims.parse(claims));
    if (typ === SLIP_TYP) return keys.signSlip(slipClaims.parse(claims));
    if (typ === STOP_TYP) return keys.signStop(stopClaims.parse(claims));
    return keys.signNotice(claims);
  }

  it('has one of each kind that gateways sign', () => {
    expect(vectors.tokens.map(({ typ }) => typ)).to.have.members([
      REQUEST_TYP,
      RECEIPT_TYP,
      SLIP_TYP,
      STOP_TYP,
      NOTICE_TYP,
    ]);
  });

  for (const token of vectors.tokens) {
    for (const made of ['jws', 'madeHere'] as const) {
      const whose = made === 'jws' ? 'of the other library' : 'that the other library verified';
      it(`takes the ${token.typ} ${whose}, and none of it with a bit changed`, async () => {
        expect(await taken(token.typ, token[made])).to.deep.equal(token.claims);
        const parts = token[made].split('.');
        for (const place of parts.keys()) {
          const altered = parts.map((part, at) => (at === place ? flipped(part) : part)).join('.');
          expect(await taken(token.typ, altered), `part ${place}`).to.equal(undefined);
        }
      });
    }

    it(`signs the ${token.typ} over the very header and claims that the other library verified`, async () => {
      const [header, payload] = (await signedHere(token)).split('.');
      expect([header, payload]).to.deep.equal(token.madeHere.split('.').slice(0, 2));
      expect(decodeProtectedHeader(token.jws)).to.deep.equal(decodeProtectedHeader(token.madeHere));
    });
  }

  for (const made of ['jwe', 'jweMadeHere'] as const) {
    it(`opens a record's key in a JWE (${made})`, async () => {
      expect(await keys.openKey(vectors[made], vectors.event)).to.deep.equal(vectors.payload);
    });
  }

  for (const made of ['sealed', 'sealedMadeHere'] as const) {
    it(`opens a message that is sealed for this member (${made})`, async () => {
      const opened = await keys.openSealed(vectors[made], 'consent-ledger-match+jwe');
      expect(Buffer.from(opened).toString('utf8')).to.equal(vectors.sealedText);
    });
  }
});

function flipped(part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  const place = Math.floor(bytes.length / 2);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes.toString('base64url');
}
