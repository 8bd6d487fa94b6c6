import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { testConsortium, type TestConsortium } from '../../support/consortium.js';
import { temporaryFolder } from '../../support/temporary.js';

const DEMO = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));

/** The whole product on the official release. */
describe('a consortium on Fabric', function () {
  if (process.env['FABRIC_HOME'] === undefined) {
    it.skip('set FABRIC_HOME to an unpacked release of Fabric 3.1 to run this');
    return;
  }
  this.timeout(240_000);

  for (const ordering of ['bft', 'raft']) {
    describe(`with ${ordering} orderers`, () => {
      let consortium: TestConsortium;
      after(async () => {
        await consortium.run('down');
        expect(await fabricProcesses(consortium), 'left behind').to.deep.equal({});
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
        const before = await fabricProcesses(consortium);
        await succeed(consortium.run('up', '--detach'));
        expect(await fabricProcesses(consortium)).to.deep.equal(before);
      });

      it('starts a peer, an orderer and a chaincode server again that were killed', async () => {
        const before = await fabricProcesses(consortium);
        const killed = ['peer-riverside', 'orderer-riverside', 'chaincode-sentinel'];
        for (const name of killed) process.kill(before[name] ?? 0, 'SIGKILL');
        await eventually(async () => {
          const now = await fabricProcesses(consortium);
          expect(Object.keys(now)).to.have.members(Object.keys(before));
          for (const name of killed) expect(now[name], name).not.to.equal(before[name]);
        });
        await eventually(() => demo(consortium));
      });

      it('leaves everything running when only what watches it is killed, and watches on', async () => {
        const before = await fabricProcesses(consortium);
        const watcher = await consortium.pidOf('ledger');
        process.kill(watcher, 'SIGKILL');
        await eventually(async () => {
          expect(await consortium.pidOf('ledger')).not.to.equal(watcher);
          await consortium.well();
        });
        expect(await fabricProcesses(consortium)).to.deep.equal(before);
        await demo(consortium);
      });

      it('finds everything again after it was down', async () => {
        const height = await heightOf(consortium);
        await succeed(consortium.run('down'));
        expect(await fabricProcesses(consortium)).to.deep.equal({});
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

/** Process ids of peers, orderers and chaincode servers, by name. */
async function fabricProcesses({ dataDir }: TestConsortium): Promise<Record<string, number>> {
  const run = join(dataDir, 'run');
  const files = (await readdir(run)).filter((file) => file.endsWith('.pid'));
  const processes = await Promise.all(
    files.map(async (file) => {
      const { pid } = JSON.parse(await readFile(join(run, file), 'utf8')) as { pid: number };
      return [file.slice(0, -'.pid'.length), pid] as const;
    }),
  );
  return Object.fromEntries(processes.sort(([one], [other]) => (one < other ? -1 : 1)));
}

async function eventually(attempt: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 90_000;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    await sleep(500);
  }
}
