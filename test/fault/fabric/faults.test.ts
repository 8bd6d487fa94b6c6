import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { NodeControl, OrganisationNodes, Topology } from '@consent-ledger/network';
import { startConsortium, type TestConsortium, type TestMember } from '../../http/support/consortium.js';
import { ask, fileConsent, putRecord, registerSubject, treatmentConsent } from '../../http/support/people.js';
import { startLoad, type Load, type LoadReport } from '../../support/fault/load.js';
import { leaderAndFollowers } from '../../support/fault/orderers.js';
import { smallDisk, type SmallDisk } from '../../support/fault/small-disk.js';
import { expectKept } from '../../support/fault/verdict.js';
import { skippedWithoutFabric } from '../../support/needs-fabric.js';

/** Orderers' write-ahead log alone takes 64 MiB. */
const DISK_MIB = 320;

for (const ordering of ['bft', 'raft'] as const) {
  describe(`a real network that breaks under load, ordered by ${ordering}`, function () {
    if (skippedWithoutFabric()) return;
    this.timeout(300_000);
    let consortium: TestConsortium;
    let riverside: TestMember;
    let lakeside: TestMember;
    let novacure: TestMember;
    let sentinel: TestMember;
    let record: string;
    let disk: SmallDisk | undefined;
    const measured: string[] = [];

    before(async () => {
      consortium = await startConsortium(undefined, {
        ledger: ordering,
        beforeLedger: async ({ nodeFolder }) => {
          disk = await smallDisk(nodeFolder('lakeside'), DISK_MIB);
        },
      });
      [riverside, lakeside, novacure, sentinel] = ['riverside', 'lakeside', 'novacure', 'sentinel'].map(
        (name) => consortium.member(name),
      ) as [TestMember, TestMember, TestMember, TestMember];
      const subject = await registerSubject(riverside);
      record = (await putRecord(riverside, { subject, facts: { labels: ['N'] } })).id;
      await fileConsent(riverside, treatmentConsent({ subject }));
    });
    after(async () => {
      await (consortium as TestConsortium | undefined)?.stop(() => disk?.unmount());
      process.stdout.write(`\n${measured.map((line) => `      ${line}\n`).join('')}`);
    });

    const fabric = (): NonNullable<TestConsortium['ledger']['fabric']> => {
      const { fabric: running } = consortium.ledger;
      if (running === undefined) throw new Error('this needs Fabric');
      return running;
    };
    const topology = (): Topology => consortium.topology;
    const nodes = (name: string): OrganisationNodes => {
      const found = fabric().organisations.find(({ node }) => node.organisation.name === name);
      if (found === undefined) throw new RangeError(name);
      return found;
    };
    const freeze = (control: NodeControl, signal: 'SIGSTOP' | 'SIGCONT'): void => {
      const running = control.current();
      if (running === undefined) throw new Error('it does not run');
      running.signal(signal);
    };

    /** Does the harm while both custodians write and releases go on; then all must be well again, and all there. */
    const underLoad = async (what: string, harm: (load: Load) => Promise<void>): Promise<LoadReport> => {
      const load = await startLoad({
        custodians: [riverside, lakeside],
        asks: () => ask(novacure, riverside, [record]),
      });
      await load.acknowledges();
      await sleep(1_000);
      await harm(load);
      await load.acknowledges(120_000);
      await sleep(1_000);
      const report = await load.stop();
      const gaps = [...report.longestGapMs].map(([name, ms]) => `${name} ${(ms / 1_000).toFixed(1)} s`);
      const refused = [...report.refused].map(([how, times]) => `${how} ${times} times`);
      measured.push(
        `${what}: ${report.acknowledged.length} writes and ${report.released.length} releases acknowledged; ` +
          `longest gap ${gaps.join(', ')}; ${refused.length === 0 ? 'nothing refused' : refused.join(', ')}`,
      );
      await expectKept(report, sentinel, [riverside, lakeside, novacure, sentinel]);
      expect(report.acknowledged.length).to.be.greaterThan(0);
      return report;
    };

    it('keeps what it acknowledged when the leading orderer is killed', async () => {
      await underLoad('leading orderer killed', async (load) => {
        const { leader } = await leaderAndFollowers(fabric(), topology());
        await leader.control.kill();
        await load.acknowledges();
        await sleep(5_000);
        await leader.control.start();
      });
    });

    it('does not even wait when an orderer is killed that only follows', async () => {
      await underLoad('following orderer killed', async () => {
        const { followers } = await leaderAndFollowers(fabric(), topology());
        const [follower] = followers;
        await follower?.control.kill();
        await sleep(5_000);
        await follower?.control.start();
      });
    });

    it('goes on at the others while a member’s peer is killed, and there when it is back', async () => {
      await underLoad('peer of lakeside killed', async () => {
        const { peer } = nodes('lakeside');
        await peer.kill();
        await sleep(5_000);
        await peer.start();
      });
    });

    it('acknowledges nothing without the only overseer’s peer, and goes on when it is back', async () => {
      await underLoad('peer of sentinel killed', async () => {
        const { peer } = nodes('sentinel');
        await peer.kill();
        await sleep(5_000);
        await peer.start();
      });
    });

    it('goes on when a chaincode server that was killed is back', async () => {
      await underLoad('chaincode server of sentinel killed', async () => {
        const { chaincode } = nodes('sentinel');
        await chaincode.kill();
        await sleep(2_000);
        await chaincode.start();
      });
    });

    for (const name of ['lakeside', 'sentinel']) {
      it(`loses nothing while the peer of ${name} is stopped and let go again`, async () => {
        await underLoad(`peer of ${name} stopped for 10 s`, async () => {
          freeze(nodes(name).peer, 'SIGSTOP');
          await sleep(10_000);
          freeze(nodes(name).peer, 'SIGCONT');
        });
      });
    }

    it('loses nothing while the leading orderer is stopped and let go again', async () => {
      await underLoad('leading orderer stopped for 10 s', async () => {
        const { leader } = await leaderAndFollowers(fabric(), topology());
        freeze(leader.control, 'SIGSTOP');
        await sleep(10_000);
        freeze(leader.control, 'SIGCONT');
      });
    });

    it('acknowledges nothing without a majority of orderers, and goes on when it is back', async () => {
      await underLoad('majority of orderers killed for 10 s', async () => {
        const { leader, followers } = await leaderAndFollowers(fabric(), topology());
        const killed = [leader, ...followers.slice(0, 1)];
        await Promise.all(killed.map(({ control }) => control.kill()));
        await sleep(10_000);
        await Promise.all(killed.map(({ control }) => control.start()));
      });
    });

    it('loses nothing when a member’s disk is full, and takes it back when there is room', async function () {
      const full = disk;
      if (full === undefined) this.skip();
      const { peer, orderer } = nodes('lakeside');
      await underLoad('disk of lakeside full', async () => {
        await full.fill();
        await sleep(8_000);
        await full.free();
        // Whatever of them had ended over it is started again, as the supervisor does.
        await peer.start();
        await orderer.start();
      });
    });

    it('loses nothing when all of it is killed at once', async () => {
      await underLoad('everything killed', async () => {
        await consortium.ledger.kill();
        await consortium.ledger.start();
      });
    });
  });
}
