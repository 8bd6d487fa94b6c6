import {
  carryOut,
  portPlan,
  upgradeSteps,
  type Site,
  type StepReport,
  type Topology,
} from '@consent-ledger/network';
import { channelClient } from '@consent-ledger/network/internal/fabric/channel-client';
import { definitionStatus } from '@consent-ledger/network/internal/fabric/lifecycle';
import { chaincodeDefinition } from '@consent-ledger/network/internal/channel/definition';
import { adminOf } from '@consent-ledger/network/internal/operations/site';
import { expect } from 'chai';
import {
  operationsTopology,
  startConsortium,
  type RunningConsortium,
} from '../../support/operations/consortium.js';
import { startLoad } from '../../support/operations/load.js';

describe('a chaincode upgrade on a running network', function () {
  this.timeout(180_000);
  let consortium: RunningConsortium;
  let site: Site;

  before(async function () {
    // FABRIC_HOME is not set: there is no Fabric to run.
    if (process.env['FABRIC_HOME'] === undefined) this.skip();
    consortium = await startConsortium(operationsTopology('bft'));
    site = consortium.site;
  });
  after(() => (consortium as RunningConsortium | undefined)?.stop());

  const saveTopology = (topology: Topology): Promise<void> => {
    site = { ...site, topology, plan: portPlan(topology, site.plan.portBase) };
    return Promise.resolve();
  };
  const upgrade = async (version: string, upTo?: number): Promise<StepReport['state'][]> => {
    const states: StepReport['state'][] = [];
    const steps = upgradeSteps(site, { version, saveTopology, finish }).slice(0, upTo);
    await carryOut(steps, { report: ({ state }) => states.push(state) });
    return states;
  };
  const onChannel = async (): Promise<{ sequence: number; version: string | undefined }> => {
    const client = channelClient(await adminOf(site, 'sentinel'), site.topology.channel);
    try {
      const { sequence, version } = await definitionStatus(client, chaincodeDefinition(site.topology));
      return { sequence, version };
    } finally {
      client.close();
    }
  };

  it('changes nothing by a dry run', async () => {
    const reports: StepReport[] = [];
    await carryOut(upgradeSteps(site, { version: '2', saveTopology, finish }), {
      dryRun: true,
      report: (report) => reports.push(report),
    });
    expect(new Set(reports.slice(1).map(({ state }) => state))).to.deep.equal(new Set(['to do']));
    expect(site.topology.chaincode.version).to.equal('1');
    expect(await onChannel()).to.deep.equal({ sequence: 1, version: '1' });
  });

  it('loses no write and refuses none while it goes on', async () => {
    const loads = await Promise.all([startLoad(site, 'riverside'), startLoad(site, 'sentinel')]);
    await upgrade('2');
    for (const load of loads) {
      const { committed, lost, failures } = await load.stop();
      expect(committed).to.be.greaterThan(0);
      expect(lost).to.deep.equal([]);
      // Endorsed under the old definition and ordered after the new one: the gateway proposes it afresh.
      expect(failures.filter((failure) => !/MVCC_READ_CONFLICT|code 11|ABORTED/.test(failure))).to.deep.equal(
        [],
      );
    }
    expect(await onChannel()).to.deep.equal({ sequence: 2, version: '2' });
    expect(await upgrade('2')).to.not.include('begun');
  });

  it('goes on after a failure at any step', async () => {
    const count = upgradeSteps(site, { version: '3', saveTopology, finish }).length;
    for (let upTo = 1; upTo <= count; upTo++) await upgrade('3', upTo);
    expect(await onChannel()).to.deep.equal({ sequence: 3, version: '3' });
    const load = await startLoad(site, 'lakeside');
    expect((await load.stop()).failures).to.deep.equal([]);
  });
});

const finish = {
  title: 'nobody starts crashed processes again here',
  isDone: () => Promise.resolve(true),
  run: () => Promise.resolve(),
};
