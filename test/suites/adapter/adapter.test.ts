import { expect } from 'chai';
import { startGatewayCore, type GatewayCore } from '../../support/adapter/gateway-core.js';
import { startAdapterNetwork, type AdapterNetwork } from '../../support/adapter/network.js';
import { CUSTODY, joinLedger, newSubject, openRiverside } from '../../support/adapter/people.js';
import { ledgerUnderTest } from '../../support/any-ledger.js';
import { endorsing, refusalOf } from './endorsing.js';
import { epochs } from './epochs.js';
import { outcomes } from './outcomes.js';
import { reaching } from './reaching.js';

const MEMBERS = ['riverside', 'novacure', 'sentinel', 'warden'];

describe("the gateway's ledger adapter", function () {
  this.timeout(120_000);
  let network: AdapterNetwork;
  let core: GatewayCore;

  before(async () => {
    network = await startAdapterNetwork(ledgerUnderTest());
    for (const name of MEMBERS) {
      const loaded = network.configuration(name);
      const joining = await startGatewayCore(loaded);
      await joinLedger(joining, loaded);
      if (name === 'riverside') await openRiverside(joining);
      await joining.close();
    }
    core = await startGatewayCore(network.configuration('riverside'));
  });

  after(async () => {
    await core.close();
    await network.stop();
  });

  const trial = {
    network: () => network,
    core: () => core,
    fresh: (change?: Parameters<AdapterNetwork['configuration']>[1]) =>
      startGatewayCore(network.configuration('riverside', change)),
  };
  endorsing(trial);
  outcomes(trial);
  reaching(trial);
  epochs(trial);

  it('stops, and says why, when the committed collections are not those that were agreed', async () => {
    const loaded = network.configuration('riverside', (input) => ({
      ...input,
      ledger: { ...input.ledger, collectionsDigest: '0'.repeat(64) },
    }));
    const gateway = await startGatewayCore(loaded);
    expect((await gateway.chain.broken).message).to.match(/committed collections have digest [0-9a-f]{64}/);
    expect(gateway.chain.state).to.equal('failed');
    expect(gateway.lines.map(({ event }) => event)).to.include('ledger.wrong');
    await gateway.close();
  });

  it('goes on where the committed collections are still the former ones', async () => {
    const { configuration } = network.configuration('riverside');
    const gateway = await startGatewayCore(
      network.configuration('riverside', (input) => ({
        ...input,
        ledger: {
          ...input.ledger,
          collectionsDigest: '0'.repeat(64),
          formerCollectionsDigest: configuration.ledger.collectionsDigest,
        },
      })),
    );
    expect(gateway.chain.state).to.equal('following');
    await gateway.close();
  });

  // The last one: nobody goes on after it.
  describe('a ledger that changes under the gateway', () => {
    it('ends its following at that very block, and nothing rests on what comes after', async () => {
      const committed = await core.transactions.run(newSubject(), CUSTODY);
      await network.addCollection();
      expect((await core.chain.broken).message).to.match(/committed collections have digest [0-9a-f]{64}/);
      expect(core.chain.state).to.equal('failed');
      expect(core.projection.height).to.be.greaterThan(committed.block);
      const refusal = await refusalOf(core.transactions.run(newSubject(), CUSTODY));
      expect(refusal.code).to.equal('ledger-unavailable');
      expect((await refusalOf(core.chain.current(0))).code, 'no key leaves').to.equal('ledger-unavailable');
    });
  });
});
