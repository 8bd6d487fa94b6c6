import { slipPerson, type Query } from '@consent-ledger/chaincode/wire';
import { openSlipStore } from '@consent-ledger/gateway/internal/adapters/sqlite/slip-store';
import type { LedgerBlock } from '@consent-ledger/gateway/internal/ports/ledger';
import type { SlipStore } from '@consent-ledger/gateway/internal/ports/slip-store';
import type { Members } from '@consent-ledger/gateway/internal/usecases/members';
import { ReceivedSlips } from '@consent-ledger/gateway/internal/usecases/received-slips';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ID = 'ab'.repeat(32);
const CUSTODIAN = 'RiversideMSP';
const sha = (content: string | Buffer): Buffer => createHash('sha256').update(content).digest();

const value = Buffer.from(
  JSON.stringify({
    v: 1,
    salt: 'AAAAAAAAAAAAAAAAAAAAAA',
    consent: 'c-1',
    version: 1,
    custodian: CUSTODIAN,
    member: 'LakesideMSP',
    person: slipPerson(Buffer.alloc(32), 'sub-1', 'LakesideMSP'),
    status: 'ended',
    withdrawn: `withdrawn/${'cd'.repeat(32)}`,
    at: '2026-11-24T10:00:00.000Z',
  }),
);

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('what the own peer says of a slip', () => {
  let folder: string;
  let store: SlipStore & { close(): void };
  const hashes = new Map<string, Buffer>();

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-'));
    store = openSlipStore(join(folder, 'slips.db'));
    hashes.clear();
    const kept = { id: ID, custodian: CUSTODIAN, version: 1, value, isNoted: false, receivedAt: 0 };
    expect(store.keep(kept)).to.equal(true);
    expect(store.keep(kept), 'the same again').to.equal(false);
  });

  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });

  function received(): ReceivedSlips {
    const query = (asked: Query): Promise<Uint8Array> => {
      const hash = hashes.get(asked.query);
      const answer = hash === undefined ? '' : JSON.stringify({ hash: hash.toString('base64url') });
      return Promise.resolve(Buffer.from(answer));
    };
    const ledger = { query, height: () => Promise.resolve(9) };
    const members = {} as unknown as Members;
    return new ReceivedSlips({ ledgerId: '0'.repeat(64), members, ledger, store, now: () => 0, log });
  }

  const statusOf = async (slips = received()): Promise<string> => (await slips.verify(ID)).status;

  it('is unknown until it was there, and purged once it was', async () => {
    expect(await statusOf()).to.equal('unknown');
    hashes.set('slip-hash', sha(value));
    expect(await received().verify(ID)).to.deep.equal({
      slip: ID,
      status: 'current',
      version: 1,
      names: 'ended',
      height: 9,
    });
    hashes.clear();
    expect(await statusOf()).to.equal('purged');
  });

  it('counts as there when a block wrote it, and only a valid one', async () => {
    const blockOf = (valid: boolean): LedgerBlock => ({
      number: 3,
      hash: '',
      transactions: [
        {
          index: 0,
          id: 'tx',
          valid,
          code: '',
          at: 0,
          writes: [],
          private: [],
          hashed: [
            {
              collection: `custody-${CUSTODIAN}`,
              keyHash: sha(`slip/${ID}`).toString('hex'),
              valueHash: sha(value).toString('hex'),
              purged: false,
            },
          ],
        },
      ],
    });
    received().look(blockOf(false));
    expect(await statusOf()).to.equal('unknown');
    received().look(blockOf(true));
    expect(await statusOf()).to.equal('purged');
  });

  it('is that it changed, or that the consent is withdrawn, whatever else it says', async () => {
    hashes.set('slip-hash', sha('something else'));
    expect(await statusOf()).to.equal('changed');
    hashes.set('withdrawn-hash', sha('withdrawn'));
    expect(await statusOf()).to.equal('withdrawn');
  });
});
