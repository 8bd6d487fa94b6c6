import { openLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { StoreError } from '@consent-ledger/network/internal/embedded/store/store-error';
import { chaincodeDefinition, freshSeed, genesisBlock, portPlan } from '@consent-ledger/network';
import { peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryFolder } from '../../support/temporary.js';
import { demo } from '../network/consortium.js';
import {
  CHAINCODE,
  PATIENCE,
  RIVERSIDE,
  SENTINEL,
  testConsortium,
  withLedger,
} from './support/consortium.js';
import { commitTogether, transaction } from './support/sending.js';

async function refusal(opening: Promise<{ close(): Promise<void> }>): Promise<Error> {
  try {
    await (await opening).close();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('the ledger was opened');
}

describe('opening the embedded ledger', function () {
  this.timeout(PATIENCE);
  const work = temporaryFolder();

  it('makes its folder, for its owner alone', async () => {
    const consortium = await testConsortium();
    const folder = join(work.path, 'new', 'ledger');
    await (await openLedger(consortium.options(folder))).close();
    expect(statSync(folder).mode & 0o777).to.equal(0o700);
    for (const file of ['ledger.db', 'transient.db']) {
      expect(statSync(join(folder, file)).mode & 0o777, file).to.equal(0o600);
    }
  });

  it('defines a chaincode once, and again only when its definition changes', () =>
    withLedger(async (ledger, consortium, folder) => {
      const sequence = (of: typeof ledger): number | undefined => {
        const snapshot = of.openSnapshot();
        const found = of.chaincodeDefinition(snapshot, CHAINCODE)?.sequence;
        snapshot.release();
        return found;
      };
      expect(ledger.height).to.equal(3);
      await ledger.close();
      const same = await openLedger(consortium.options(folder));
      expect([same.height, sequence(same)]).to.deep.equal([3, 1]);
      await same.close();
      const changed = { ...chaincodeDefinition(demo()), version: '0.2.0' };
      const next = await openLedger(consortium.options(folder, { chaincodes: [changed] }));
      expect([next.height, sequence(next)]).to.deep.equal([5, 2]);
      const snapshot = next.openSnapshot();
      expect(next.chaincodeDefinition(snapshot, CHAINCODE)?.version).to.equal('0.2.0');
      snapshot.release();
      expect(
        await commitTogether(next, [transaction(next, consortium, { content: { writes: { k: 'v' } } })]),
      ).to.deep.equal([0]);
      await next.close();
      await (await openLedger(consortium.options(folder, { chaincodes: [changed] }))).close();
    }));

  it('reads back the collections that the topology asks for', () =>
    withLedger((ledger) => {
      const snapshot = ledger.openSnapshot();
      const definition = ledger.chaincodeDefinition(snapshot, CHAINCODE);
      snapshot.release();
      const custody = definition?.collections.find(({ name }) => name === `custody-${RIVERSIDE}`);
      expect(custody?.memberMspIds).to.deep.equal([RIVERSIDE, SENTINEL]);
      expect(custody?.memberOnlyRead).to.equal(true);
      expect(custody?.requiredPeerCount).to.equal(1);
    }));

  it('refuses a collection that it could not keep as promised', async () => {
    const consortium = await testConsortium();
    const definition = chaincodeDefinition(demo());
    const collections = peer.CollectionConfigPackage.deserializeBinary(definition.collections);
    collections.getConfigList()[0]?.getStaticCollectionConfig()?.setRequiredPeerCount(100);
    const chaincodes = [{ ...definition, collections: Buffer.from(collections.serializeBinary()) }];
    const error = await refusal(
      openLedger(consortium.options(join(work.path, 'unkeepable'), { chaincodes })),
    );
    expect(error.message).to.match(/maximum peer count .* cannot be less than the required peer count/);
  });

  it('refuses the store of another genesis block, and says what to do', async () => {
    const consortium = await testConsortium();
    const folder = join(work.path, 'foreign');
    await (await openLedger(consortium.options(folder))).close();
    const topology = demo();
    const other = genesisBlock(
      topology,
      portPlan(topology),
      consortium.prepared.identities.organisations,
      freshSeed(new Date()),
    );
    const error = await refusal(openLedger(consortium.options(folder, { genesisBlock: other })));
    expect(error).to.be.instanceOf(StoreError).and.to.have.property('problem', 'foreign');
    expect(error.message).to.include('consent-ledger reset');
    await (await openLedger(consortium.options(folder))).close();
  });

  it('refuses a store that is open already', () =>
    withLedger(async (_ledger, consortium, folder) => {
      const error = await refusal(openLedger(consortium.options(folder)));
      expect(error).to.be.instanceOf(StoreError).and.to.have.property('problem', 'in-use');
      expect(error.message).to.include(folder).and.to.include('another process');
    }));

  it('refuses a store of another version', async () => {
    const consortium = await testConsortium();
    const folder = join(work.path, 'version');
    await (await openLedger(consortium.options(folder))).close();
    const database = new DatabaseSync(join(folder, 'ledger.db'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    const error = await refusal(openLedger(consortium.options(folder)));
    expect(error).to.have.property('problem', 'foreign');
    expect(error.message).to.include('another version');
  });

  it('refuses a folder that is none', async () => {
    const consortium = await testConsortium();
    writeFileSync(join(work.path, 'file'), '');
    for (const folder of [join(work.path, 'file'), join(work.path, 'file', 'below')]) {
      const error = await refusal(openLedger(consortium.options(folder)));
      expect(error).to.have.property('problem', 'unwritable');
      expect(error.message).to.include(folder);
    }
    mkdirSync(join(work.path, 'blocked', 'ledger.db'), { recursive: true });
    const error = await refusal(openLedger(consortium.options(join(work.path, 'blocked'))));
    expect(error).to.have.property('problem', 'unwritable');
  });

  it('refuses an orderer that may not sign blocks of the channel', async () => {
    const { options, signer } = await testConsortium();
    const folder = join(work.path, 'orderer');
    const error = await refusal(openLedger(options(folder, { orderer: signer(RIVERSIDE, 'orderer') })));
    expect(error.message).to.match(/may not sign blocks/);
  });

  it('says how far the verification is', async () => {
    const consortium = await testConsortium();
    const folder = join(work.path, 'progress');
    const ledger = await openLedger(consortium.options(folder));
    for (let block = 0; block < 60; block++) {
      const writes = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`${block}/${index}`, 'v']));
      await commitTogether(ledger, [transaction(ledger, consortium, { content: { writes } })]);
    }
    const { height } = ledger;
    await ledger.close();
    const calls: number[][] = [];
    const again = await openLedger(
      consortium.options(folder, { onProgress: (verified, blocks) => calls.push([verified, blocks]) }),
    );
    await again.close();
    expect(calls.at(-1)).to.deep.equal([height, height]);
    for (const [verified, blocks] of calls) {
      expect(blocks).to.equal(height);
      expect(verified).to.be.within(1, height);
    }
  });

  it('stops accepting when the disk is full, with nothing half done', async () => {
    const consortium = await testConsortium();
    const folder = join(work.path, 'full');
    await (await openLedger(consortium.options(folder))).close();
    const failures: unknown[] = [];
    const ledger = await openLedger(
      consortium.options(folder, {
        maxBytes: statSync(join(folder, 'ledger.db')).size,
        onFailure: (error) => failures.push(error),
      }),
    );
    const { height } = ledger;
    const writes = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`k${index}`, 'v'.repeat(5_000)]),
    );
    const large = transaction(ledger, consortium, { content: { writes } });
    const waiting = ledger
      .waitForTransaction(large.txId, new AbortController().signal)
      .catch((error: unknown) => error);
    expect((await ledger.broadcast(large.envelope)).status).to.equal(200);
    ledger.flush();
    expect(String(await waiting)).to.match(/the disk of .* is full/);
    expect(failures).to.have.length(1);
    expect(ledger.height).to.equal(height);
    const after = await ledger.broadcast(transaction(ledger, consortium, { content: {} }).envelope);
    expect(after.status).to.equal(503);
    expect(after.info).to.match(/the disk of .* is full/);
    await ledger.close();
    const again = await openLedger(consortium.options(folder));
    expect(again.height).to.equal(height);
    expect(again.transactionStatus(large.txId)).to.equal(undefined);
    await again.close();
  });
});
