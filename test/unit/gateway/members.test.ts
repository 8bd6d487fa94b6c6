import { expect } from 'chai';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memberKey, publicJwk, thumbprintOf, type Member } from '@consent-ledger/chaincode/wire';
import { openProjection } from '@consent-ledger/gateway/internal/adapters/sqlite/projection';
import type { LedgerBlock } from '@consent-ledger/gateway/internal/ports/ledger';
import { Members } from '@consent-ledger/gateway/internal/usecases/members';

const MSP_ID = 'LakesideMSP';

function lakeside(status: Member['status']): Member {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = publicJwk.parse(publicKey.export({ format: 'jwk' }));
  return {
    v: 1,
    mspId: MSP_ID,
    name: 'lakeside',
    kind: 'hospital',
    displayName: 'Lakeside',
    gateway: 'https://127.0.0.1:1',
    keys: [{ kid: thumbprintOf(jwk), use: 'sig', jwk, status: 'active' }],
    issuers: [],
    status,
  };
}

/** A block that writes the member, or takes it away. */
function writing(number: number, member?: Member): LedgerBlock {
  const value = member === undefined ? undefined : Buffer.from(JSON.stringify(member));
  return {
    number,
    hash: `${number}`,
    transactions: [
      {
        index: 0,
        id: `transaction-${number}`,
        valid: true,
        code: 'VALID',
        at: 0,
        writes: [
          {
            namespace: 'consent-ledger',
            key: memberKey(MSP_ID),
            ...(value === undefined ? {} : { value }),
          },
        ],
        hashed: [],
        private: [],
      },
    ],
  };
}

describe('What the ledger has of a member', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'members-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is what the newest block left, however often it was asked for before', () => {
    const path = join(folder, 'projection.db');
    const projection = openProjection({ path, chaincode: 'consent-ledger', collections: [] });
    const own = {
      mspId: MSP_ID,
      name: 'lakeside',
      kind: 'hospital',
      displayName: 'Lakeside',
      gateway: 'https://127.0.0.1:1',
      tlsCa: 'ca.pem',
    } as const;
    const members = new Members(projection, [own], own);
    const asked = (): (string | undefined)[] => [1, 2].map(() => members.registered(MSP_ID)?.status);
    try {
      expect(asked()).to.deep.equal([undefined, undefined]);
      projection.fold(writing(0, lakeside('active')));
      expect(asked()).to.deep.equal(['active', 'active']);
      projection.fold(writing(1, lakeside('suspended')));
      expect(asked()).to.deep.equal(['suspended', 'suspended']);
      projection.fold(writing(2));
      expect(asked()).to.deep.equal([undefined, undefined]);
    } finally {
      projection.close();
    }
  });
});
