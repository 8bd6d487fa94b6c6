import { expect } from 'chai';
import { startGatewayCore, type GatewayCore } from '../../support/adapter/gateway-core.js';
import { startAdapterNetwork, type AdapterNetwork } from '../../support/adapter/network.js';
import { joinLedger, openRiverside } from '../../support/adapter/people.js';
import type { Ordering } from '../../support/adapter/topology.js';
import { endorsing } from './endorsing.js';
import { epochs } from './epochs.js';
import { outcomes } from './outcomes.js';
import { reaching } from './reaching.js';

const MEMBERS = ['riverside', 'novacure', 'sentinel', 'warden'];

for (const ordering of ['embedded', 'bft', 'raft'] satisfies Ordering[]) {
  describe(`the gateway's ledger adapter on ${ordering === 'embedded' ? 'the embedded ledger' : `Fabric (${ordering})`}`, function () {
    if (ordering !== 'embedded' && process.env['FABRIC_HOME'] === undefined) {
      it.skip('set FABRIC_HOME to an unpacked release of Fabric 3.1 to run this');
      return;
    }
    this.timeout(120_000);
    let network: AdapterNetwork;
    let core: GatewayCore;

    before(async () => {
      network = await startAdapterNetwork(ordering);
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

    it('goes on where the committed collections are those that are agreed to come next', async () => {
      const { configuration } = network.configuration('riverside');
      const gateway = await startGatewayCore(
        network.configuration('riverside', (input) => ({
          ...input,
          ledger: {
            ...input.ledger,
            collectionsDigest: '0'.repeat(64),
            nextCollectionsDigest: configuration.ledger.collectionsDigest,
          },
        })),
      );
      expect(gateway.chain.state).to.equal('following');
      await gateway.close();
    });
  });
}
