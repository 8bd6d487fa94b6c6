import { chaincodeDefinition } from '@consent-ledger/network';
import { openLedger, type OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { sha256 } from '@consent-ledger/network/internal/wire-format/index';
import { peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { demo } from '../network/consortium.js';
import {
  CHAINCODE,
  CUSTODY,
  LAKESIDE,
  PATIENCE,
  RIVERSIDE,
  SENTINEL,
  withLedger,
  type TestConsortium,
} from './support/consortium.js';
import type { CollectionSpec } from './support/read-write-sets.js';
import { commitTogether, transaction } from './support/sending.js';

const MEMBERS = [RIVERSIDE, SENTINEL];
const LIFE = 2;

/** The demo's definition, whose custody collection forgets. */
function forgetful() {
  const definition = chaincodeDefinition(demo());
  const collections = peer.CollectionConfigPackage.deserializeBinary(definition.collections);
  const custody = collections
    .getConfigList()
    .map((config) => config.getStaticCollectionConfig())
    .find((config) => config?.getName() === CUSTODY);
  custody?.setBlockToLive(LIFE);
  return { chaincodes: [{ ...definition, collections: Buffer.from(collections.serializeBinary()) }] };
}

async function commit(
  ledger: OpenLedger,
  consortium: TestConsortium,
  content: CollectionSpec,
): Promise<void> {
  const built = transaction(ledger, consortium, {
    content: { collections: { [CUSTODY]: content } },
    by: MEMBERS,
    stagedAt: MEMBERS,
  });
  expect(await commitTogether(ledger, [built])).to.deep.equal([0]);
}

async function emptyBlock(ledger: OpenLedger, consortium: TestConsortium): Promise<void> {
  await commitTogether(ledger, [transaction(ledger, consortium, { content: { writes: { other: 'v' } } })]);
}

function valueOf(ledger: OpenLedger, key: string, mspId = RIVERSIDE): string | undefined {
  const snapshot = ledger.openSnapshot();
  const value = snapshot.getPrivate(mspId, CHAINCODE, CUSTODY, key)?.value.toString();
  snapshot.release();
  return value;
}

function hasHash(ledger: OpenLedger, key: string): boolean {
  const snapshot = ledger.openSnapshot();
  const found = snapshot.getHashed(CHAINCODE, CUSTODY, sha256(key)) !== undefined;
  snapshot.release();
  return found;
}

describe('a collection with a time to live', function () {
  this.timeout(PATIENCE);

  it('loses its values on time although the ledger was closed meanwhile, down to the bytes on the disk', () =>
    withLedger(async (first, consortium, folder) => {
      const written = first.height;
      await commit(first, consortium, { writes: { k: 'SHORT-LIVED-VALUE' } });
      await first.close();
      const second = await openLedger(consortium.options(folder, forgetful()));
      await emptyBlock(second, consortium);
      await emptyBlock(second, consortium);
      expect(valueOf(second, 'k')).to.equal('SHORT-LIVED-VALUE');
      await second.close();
      const third = await openLedger(consortium.options(folder, forgetful()));
      expect(third.height).to.equal(written + LIFE + 1);
      await emptyBlock(third, consortium);
      expect(valueOf(third, 'k')).to.equal(undefined);
      expect(hasHash(third, 'k')).to.equal(false);
      expect(third.peerView(RIVERSIDE).privateSets(written)).to.deep.equal([]);
      await third.close();
      for (const file of readdirSync(folder)) {
        expect(readFileSync(join(folder, file)).includes('SHORT-LIVED'), file).to.equal(false);
      }
      await (await openLedger(consortium.options(folder, forgetful()))).close();
    }, forgetful()));

  it('shows a reader who began earlier what was there, and nobody else', () =>
    withLedger(async (ledger, consortium) => {
      await commit(ledger, consortium, { writes: { k: 'v' } });
      const snapshot = ledger.openSnapshot();
      for (let count = 0; count <= LIFE; count++) await emptyBlock(ledger, consortium);
      expect(snapshot.getHashed(CHAINCODE, CUSTODY, sha256('k'))).to.not.equal(undefined);
      snapshot.release();
      expect(hasHash(ledger, 'k')).to.equal(false);
    }, forgetful()));

  it('counts from a change of the policy alone too, and keeps the value as long', () =>
    withLedger(async (ledger, consortium, folder) => {
      await commit(ledger, consortium, { writes: { k: 'v' } });
      await emptyBlock(ledger, consortium);
      await commit(ledger, consortium, { metadata: { k: Buffer.alloc(0) } });
      await emptyBlock(ledger, consortium);
      await emptyBlock(ledger, consortium);
      expect(valueOf(ledger, 'k')).to.equal('v');
      expect(valueOf(ledger, 'k', LAKESIDE)).to.equal(undefined);
      await emptyBlock(ledger, consortium);
      expect(valueOf(ledger, 'k')).to.equal(undefined);
      await ledger.close();
      const again = await openLedger(consortium.options(folder, forgetful()));
      expect(hasHash(again, 'k')).to.equal(false);
      await again.close();
    }, forgetful()));

  it('finds a set that was emptied before its time', () =>
    withLedger(async (ledger, consortium, folder) => {
      const written = ledger.height;
      await commit(ledger, consortium, { writes: { k: 'v' } });
      await ledger.close();
      const database = new DatabaseSync(join(folder, 'ledger.db'));
      const holders = MEMBERS.toSorted();
      const row = database.prepare('SELECT holders FROM private_sets WHERE block = ?').get(written);
      const named = String(row?.['holders']).split('\n');
      expect(named.toSorted()).to.deep.equal(holders);
      const sum = sha256(Buffer.from(`${['expired', ...named].join('\n')}\0`, 'utf8'));
      database
        .prepare("UPDATE private_sets SET condition = 2, rwset = x'', checksum = ? WHERE block = ?")
        .run(sum, written);
      database.exec("DELETE FROM private_keys WHERE key = CAST('k' AS BLOB)");
      database.close();
      const refusal = await openLedger(consortium.options(folder, forgetful())).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(String(refusal)).to.match(
        /damaged at block \d+: a private write set was emptied before its time/,
      );
    }, forgetful()));
});
