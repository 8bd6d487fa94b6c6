import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MemberKeys } from '@consent-ledger/gateway/internal/ports/member-keys';
import { loadMemberKeys } from '@consent-ledger/gateway/internal/adapters/keys/member-keys';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';

interface Vectors {
  readonly encryption: object;
  readonly event: string;
  readonly payload: object;
  /** Made by the other library. */
  readonly jwe: string;
  /** Made by `wrapKey`, and opened by the other library when the vectors were made. */
  readonly madeHere: string;
}

const file = new URL('../../../vectors/jose-record-key.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors;

describe("the key of a record travels in a JWE that another library's is like", () => {
  let folder: string;
  let keys: MemberKeys;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-jose-'));
    const path = join(folder, 'key.json');
    writeFileSync(path, JSON.stringify(vectors.encryption), { mode: 0o600 });
    keys = await loadMemberKeys({ signing: path, encryption: path });
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  for (const made of ['jwe', 'madeHere'] as const) {
    it(`opens ${made === 'jwe' ? 'the one that the other library made' : 'the one that the other library opened'}`, async () => {
      expect(await keys.openKey(vectors[made], vectors.event)).to.deep.equal(vectors.payload);
    });

    it(`opens it for no other event, and with no bit changed (${made})`, async () => {
      const refused = async (jwe: string, event: string): Promise<void> => {
        const outcome: unknown = await keys.openKey(jwe, event).catch((error: unknown) => error);
        expect(outcome).to.be.instanceOf(Refusal).and.include({ code: 'release-broken' });
      };
      await refused(vectors[made], vectors.event.replaceAll('a', 'c'));
      const parts = vectors[made].split('.');
      for (const place of parts.keys()) {
        const altered = parts.map((part, at) => (at === place ? flipped(part) : part));
        await refused(altered.join('.'), vectors.event);
      }
    });
  }
});

function flipped(part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  const place = Math.floor(bytes.length / 2);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes.toString('base64url');
}
