import {
  addMemberSteps,
  carryOut,
  collections,
  dataLayout,
  parseTopology,
  portPlan,
  portsOf,
  removeMemberSteps,
  type Organisation,
  type Site,
  type Step,
  type StepReport,
  type Topology,
} from '@consent-ledger/network';
import { channelClient } from '@consent-ledger/network/internal/fabric/channel-client';
import { definitionStatus } from '@consent-ledger/network/internal/fabric/lifecycle';
import { findProcess } from '@consent-ledger/network/internal/fabric/managed-process';
import { chaincodeDefinition } from '@consent-ledger/network/internal/channel/definition';
import { consentersOf } from '@consent-ledger/network/internal/operations/config/consenters';
import { ordererEndpoints, viewOf } from '@consent-ledger/network/internal/operations/ledger/channel-view';
import { adminOf, signatoryOf } from '@consent-ledger/network/internal/operations/site';
import { expect } from 'chai';
import {
  operationsTopology,
  startConsortium,
  type RunningConsortium,
} from '../../support/operations/consortium.js';
import { startLoad } from '../../support/operations/load.js';
import { isRefused, memberClient } from '../../support/operations/member-client.js';

for (const ordering of ['bft', 'raft'] as const) {
  describe(`members who come and go on a running network (${ordering})`, function () {
    this.timeout(240_000);
    let consortium: RunningConsortium;
    let site: Site;

    before(async function () {
      // FABRIC_HOME is not set: there is no Fabric to run.
      if (process.env['FABRIC_HOME'] === undefined) this.skip();
      consortium = await startConsortium(operationsTopology(ordering));
      site = consortium.site;
    });
    after(async () => {
      for (const name of ['chaincode-westside', 'peer-westside', 'orderer-westside']) await stop(name);
      await (consortium as RunningConsortium | undefined)?.stop();
    });

    const stop = async (name: string): Promise<void> => {
      if ((consortium as RunningConsortium | undefined) === undefined) return;
      const { run, logs } = dataLayout(consortium.dataDir);
      await (await findProcess({ name, runFolder: run, logFolder: logs }))?.stop();
    };
    const saveTopology = (topology: Topology): Promise<void> => {
      site = { ...site, topology, plan: portPlan(topology, site.plan.portBase) };
      return Promise.resolve();
    };
    const renewGateways: Step = {
      title: 'no gateways run here',
      isDone: () => Promise.resolve(true),
      run: () => Promise.resolve(),
    };
    const add = (newcomer: Organisation): Step[] =>
      addMemberSteps(site, { newcomer, saveTopology, renewGateways, finish: renewGateways });
    const remove = (organisation: string): Step[] =>
      removeMemberSteps(site, { organisation, saveTopology, renewGateways, finish: renewGateways });
    const now = (): RunningConsortium => ({ ...consortium, site });
    const carry = async (steps: readonly Step[], dryRun = false): Promise<StepReport[]> => {
      const reports: StepReport[] = [];
      await carryOut(steps, { dryRun, report: (report) => reports.push(report) });
      return reports;
    };
    const definition = async (): Promise<{ sequence: number; isInForce: boolean }> => {
      const client = channelClient(await adminOf(site, 'sentinel'), site.topology.channel);
      try {
        const { sequence, isInForce } = await definitionStatus(client, chaincodeDefinition(site.topology));
        return { sequence, isInForce };
      } finally {
        client.close();
      }
    };
    const consenters = async (): Promise<number> => {
      const [sentinel] = site.topology.organisations.filter(({ name }) => name === 'sentinel');
      if (sentinel === undefined) throw new Error('sentinel has gone');
      const view = viewOf('orderers', site, await ordererEndpoints(site), await signatoryOf(site, sentinel));
      try {
        return consentersOf((await view.configuration()).group).length;
      } finally {
        view.close();
      }
    };

    // With Raft three order, and a newcomer is none of them.
    const [few, many] = ordering === 'bft' ? [4, 5] : [3, 3];

    it('says what it would do, and does nothing of it', async () => {
      const reports = await carry(add(westside()), true);
      expect(new Set(reports.map(({ state }) => state))).to.deep.equal(new Set(['to do']));
      expect(await consenters()).to.equal(few);
      expect(site.topology.organisations).to.have.length(4);
    });

    it('lets a hospital in while others write: endorsing, ordering, with collections of its own', async () => {
      const load = await startLoad(site, 'riverside');
      await carry(add(westside()));
      const { failures, lost, longestGapMs } = await load.stop();
      expect({ failures, lost }).to.deep.equal({ failures: [], lost: [] });
      expect(longestGapMs).to.be.a('number');

      expect(await consenters()).to.equal(many);
      expect(await definition()).to.deep.equal({ sequence: 2, isInForce: true });
      const clerk = await memberClient(now(), 'westside', 'clerk');
      await clerk.writePrivate('custody-WestsideMSP', ['WestsideMSP', 'SentinelMSP'], 'first');
      expect(await clerk.readPrivate('westside', 'custody-WestsideMSP', 'first')).to.equal('first');
      clerk.close();
    });

    it('does nothing when it is done again', async () => {
      // The new orderer may still be fetching what was written last.
      await carry(add(westside()));
      const reports = await carry(add(westside()));
      expect(reports.filter(({ state }) => state === 'begun').map(({ title }) => title)).to.deep.equal([]);
      expect(await definition()).to.deep.equal({ sequence: 2, isInForce: true });
    });

    it('lets a member go, however often it is interrupted, and shuts it out', async () => {
      const clerk = await memberClient(now(), 'riverside', 'clerk');
      await clerk.writePrivate('custody-RiversideMSP', ['RiversideMSP', 'SentinelMSP'], 'kept');
      const before = new Map(site.topology.organisations.map(({ name }) => [name, portsOf(site.plan, name)]));
      const load = await startLoad(site, 'sentinel');
      const count = remove('riverside').length;
      for (let at = 1; at <= count; at++) await carry(remove('riverside').slice(0, at));
      await carry(remove('riverside'));
      const { failures, lost } = await load.stop();
      expect({ failures, lost }).to.deep.equal({ failures: [], lost: [] });

      expect(await consenters()).to.equal(many - 1);
      expect(await definition()).to.deep.equal({ sequence: 3, isInForce: true });
      expect(await isRefused(clerk.read('sentinel', 'x'))).to.equal(true);
      for (const { name } of site.topology.organisations) {
        expect(portsOf(site.plan, name), name).to.deep.equal(before.get(name));
      }
      clerk.close();

      const auditor = await memberClient(now(), 'sentinel', 'auditor');
      expect(await auditor.readPrivate('sentinel', 'custody-RiversideMSP', 'kept')).to.equal('kept');
      expect(
        collections(site.topology).find(({ name }) => name === 'custody-RiversideMSP')?.members,
      ).to.deep.equal(['SentinelMSP']);
      auditor.close();
    });

    it('takes in another on ports that nobody has', () => {
      const [riverside] = operationsTopology(ordering).organisations;
      if (riverside === undefined) throw new Error('no organisation');
      const again = addMemberSteps(site, {
        newcomer: { ...riverside, name: 'northside', mspId: 'NorthsideMSP', displayName: 'northside' },
        saveTopology,
        renewGateways,
        finish: renewGateways,
      });
      expect(again).to.have.length.greaterThan(5);
    });

    it('refuses to remove whom the consortium cannot do without, and whom it does not know', () => {
      expect(() => remove('sentinel')).to.throw(/at least one oversight organisation/);
      expect(() => remove('nobody')).to.throw(/no member called nobody/);
      if (ordering === 'bft') expect(() => remove('novacure')).to.throw(/four organisations or more/);
    });
  });
}

function westside(): Organisation {
  const document = {
    topology: 1,
    chaincode: { version: '1' },
    organisations: [
      { name: 'westside', mspId: 'WestsideMSP', kind: 'hospital', displayName: 'Westside' },
      { name: 'overseer', mspId: 'OverseerMSP', kind: 'auditor', displayName: 'Overseer' },
    ],
  };
  const [found] = parseTopology(JSON.stringify(document), 'westside.yaml').organisations;
  if (found === undefined) throw new Error('no organisation');
  return found;
}
