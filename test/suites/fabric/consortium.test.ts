import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { testConsortium, type TestConsortium } from '../../support/consortium.js';
import { fabricProcesses } from '../../support/fabric-processes.js';
import { isAlive } from '@consent-ledger/network/internal/fabric/process-record';
import { temporaryFolder } from '../../support/temporary.js';
import { eventually } from '../../support/eventually.js';
import { skippedWithoutFabric } from '../../support/needs-fabric.js';

const PATIENCE = { withinMs: 90_000, everyMs: 500 };

const DEMO = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));

/** The whole product on the official release. */
describe('a consortium on Fabric', function () {
  if (skippedWithoutFabric()) return;
  this.timeout(240_000);

  for (const ordering of ['bft', 'raft']) {
    describe(`with ${ordering} orderers`, () => {
      let consortium: TestConsortium;
      after(async () => {
        await consortium.run('down');
        expect(await fabricProcesses(consortium.dataDir), 'left behind').to.deep.equal({});
      });
      const folder = temporaryFolder();

      before(async () => {
        consortium = await testConsortium(folder.path, ordering);
        const topology = join(folder.path, `${ordering}.yaml`);
        await writeFile(
          topology,
          (await readFile(DEMO, 'utf8')).replace('type: embedded', `type: ${ordering}`),
        );
        await succeed(
          consortium.run(
            'up',
            '--detach',
            '--topology',
            topology,
            '--port-base',
            String(consortium.portBase),
          ),
        );
      });

      it('tells the demo as the embedded ledger does', async () => {
        await demo(consortium);
      });

      it('changes nothing when it is brought up again', async () => {
        const before = await fabricProcesses(consortium.dataDir);
        await succeed(consortium.run('up', '--detach'));
        expect(await fabricProcesses(consortium.dataDir)).to.deep.equal(before);
      });

      it('starts a peer, an orderer and a chaincode server again that were killed', async () => {
        const before = await fabricProcesses(consortium.dataDir);
        const killed = ['peer-riverside', 'orderer-riverside', 'chaincode-sentinel'];
        for (const name of killed) process.kill(before[name] ?? 0, 'SIGKILL');
        await eventually(async () => {
          const now = await fabricProcesses(consortium.dataDir);
          expect(Object.keys(now)).to.have.members(Object.keys(before));
          for (const name of killed) expect(now[name], name).not.to.equal(before[name]);
        }, PATIENCE);
        await eventually(() => demo(consortium), PATIENCE);
      });

      it('leaves everything running when only what watches it is killed, and watches on', async () => {
        const before = await fabricProcesses(consortium.dataDir);
        const watcher = await consortium.pidOf('ledger');
        process.kill(watcher, 'SIGKILL');
        await eventually(async () => {
          expect(await consortium.pidOf('ledger')).not.to.equal(watcher);
          await consortium.well();
        }, PATIENCE);
        expect(await fabricProcesses(consortium.dataDir)).to.deep.equal(before);
        await demo(consortium);
      });

      it('is ended chaincode first, then peers, then orderers, and finds everything again', async () => {
        const height = await heightOf(consortium);
        const before = await fabricProcesses(consortium.dataDir);
        const ending = consortium.run('down');
        const order = await kindsAsTheyEnd(before);
        await succeed(ending);
        expect(order).to.deep.equal([
          ...Array<string>(4).fill('chaincode'),
          ...Array<string>(4).fill('peer'),
          ...Array<string>(ordering === 'bft' ? 4 : 3).fill('orderer'),
        ]);
        expect(await fabricProcesses(consortium.dataDir)).to.deep.equal({});
        await succeed(consortium.run('up', '--detach'));
        expect(await heightOf(consortium)).to.be.at.least(height);
        await demo(consortium);
      });
    });
  }
});

async function succeed<T extends { code: number | null; stdout: string; stderr: string }>(
  run: Promise<T>,
): Promise<T> {
  const result = await run;
  expect(result.code, `${result.stdout}\n${result.stderr}`).to.equal(0);
  return result;
}

async function demo(consortium: TestConsortium): Promise<void> {
  const { stdout } = await succeed(consortium.run('demo', '--json'));
  expect((JSON.parse(stdout) as { ok: boolean }).ok).to.equal(true);
}

async function heightOf(consortium: TestConsortium): Promise<number> {
  await consortium.well();
  const { stdout } = await succeed(consortium.run('status', '--json'));
  const { members } = JSON.parse(stdout) as { members: readonly { height?: number }[] };
  return Math.max(...members.map(({ height = 0 }) => height));
}

const RANKS = ['chaincode', 'peer', 'orderer'];

function kindOf(name: string): string {
  return name.slice(0, name.indexOf('-'));
}

/** Kinds in the order in which the processes were seen to have ended; those seen at one time, as they should have. */
async function kindsAsTheyEnd(processes: Readonly<Record<string, number>>): Promise<string[]> {
  let left = Object.entries(processes);
  const order: string[] = [];
  const deadline = performance.now() + 60_000;
  while (left.length > 0 && performance.now() < deadline) {
    const gone = left.filter(([, pid]) => !isAlive(pid)).map(([name]) => kindOf(name));
    left = left.filter(([, pid]) => isAlive(pid));
    order.push(...gone.sort((one, other) => RANKS.indexOf(one) - RANKS.indexOf(other)));
    await sleep(1);
  }
  return order;
}
