import { expect } from 'chai';
import { openTransientDatabase } from '@consent-ledger/network/embedded/store/database';
import { TransientStore } from '@consent-ledger/network/embedded/store/transient-store';
import { temporaryFolder } from '../../support/temporary.js';

describe('private data between endorsement and commit', () => {
  const folder = temporaryFolder();

  it('is kept for every run of a proposal, once, with those who have it', () => {
    const database = openTransientDatabase(folder.path);
    const store = new TransientStore(database);
    const [first, second] = [Buffer.from('first run'), Buffer.from('second run')];
    store.stage('AlphaMSP', 'tx', 5, first);
    store.stage('BravoMSP', 'tx', 5, first);
    store.stage('AlphaMSP', 'tx', 5, first);
    store.stage('AlphaMSP', 'tx', 6, second);
    store.stage('AlphaMSP', 'other', 6, second);

    const staged = (txId: string): string[] =>
      store
        .staged(txId)
        .map(({ privateSet, mspIds }) => `${privateSet.toString()}: ${[...mspIds].sort().join(' ')}`)
        .sort();
    expect(staged('tx')).to.deep.equal(['first run: AlphaMSP BravoMSP', 'second run: AlphaMSP']);

    store.expire(1_006);
    expect(staged('tx')).to.deep.equal(['second run: AlphaMSP']);
    store.forget('tx');
    expect(staged('tx')).to.deep.equal([]);
    expect(staged('other')).to.deep.equal(['second run: AlphaMSP']);
    const rows = database.prepare('SELECT count(*) AS n FROM staged_holders').get();
    expect(rows?.['n']).to.equal(1);
    database.close();
  });
});
