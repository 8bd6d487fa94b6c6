import { expect } from 'chai';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { testConsortium, type TestConsortium } from '../../support/consortium.js';
import { fabricProcesses } from '../../support/fabric-processes.js';
import { temporaryFolder } from '../../support/temporary.js';
import { skippedWithoutFabric } from '../../support/needs-fabric.js';

type Consortium = TestConsortium;

/** A moment of a first `up`, told by what it leaves behind. */
interface Moment {
  readonly when: string;
  readonly hasCome: (consortium: Consortium) => Promise<boolean>;
  /** Processes to kill then, besides the supervisor when that is among them. */
  readonly kill: readonly string[];
}

const MOMENTS: readonly Moment[] = [
  {
    when: 'keys are made',
    hasCome: ({ dataDir }) => hasAny(join(dataDir, 'organizations')),
    kill: ['supervisor'],
  },
  { when: 'the first process has started', hasCome: started(1), kill: ['supervisor', 'ledger'] },
  { when: 'half of the processes have started', hasCome: started(6), kill: ['supervisor', 'ledger'] },
  { when: 'all have started', hasCome: started(12), kill: ['orderer-riverside'] },
  { when: 'all have started', hasCome: started(12), kill: ['peer-lakeside'] },
  { when: 'members approve', hasCome: says('committing'), kill: ['supervisor', 'ledger'] },
  { when: 'members approve', hasCome: says('committing'), kill: ['peer-sentinel', 'orderer-novacure'] },
  { when: 'peers look for endorsers', hasCome: says('waiting until'), kill: ['chaincode-riverside'] },
  { when: 'peers look for endorsers', hasCome: says('waiting until'), kill: ['ledger'] },
  { when: 'gateways register', hasCome: says('"ready"'), kill: ['supervisor', 'ledger'] },
];

describe('a first start on Fabric that is cut off by kill -9', function () {
  if (skippedWithoutFabric()) return;
  this.timeout(240_000);
  const folder = temporaryFolder();

  for (const [index, { when, hasCome, kill }] of MOMENTS.entries()) {
    it(`of ${kill.join(' and ')} when ${when} is finished by the next`, async () => {
      const consortium = await testConsortium(folder.path, `moment-${index}`);
      try {
        const args = ['--ledger', 'fabric', '--port-base', String(consortium.portBase)];
        const first = consortium.start('up', ...args);
        while (!(await hasCome(consortium))) {
          expect(first.child.exitCode, 'ended too early').to.equal(null);
          await sleep(5);
        }
        for (const name of kill.toReversed())
          process.kill(await pidOf(consortium, name, first.child.pid), 'SIGKILL');
        // With the supervisor alive it may heal by itself; it stays then, and the next finds it.
        await Promise.race([first.result, consortium.well()]);
        const next = await consortium.run('up', '--detach');
        expect(next.code, `${next.stderr}\n${await consortium.logs().catch(() => '')}`).to.equal(0);
        const { code, stdout, stderr } = await consortium.run('demo', '--json');
        expect(code, `${stdout}\n${stderr}`).to.equal(0);
        await consortium.run('down');
        await first.result;
      } finally {
        await consortium.run('down');
      }
      expect(await fabricProcesses(consortium.dataDir)).to.deep.equal({});
    });
  }

  it('is ended by `down`, although nobody watches its processes any more', async () => {
    const consortium = await testConsortium(folder.path, 'orphans');
    const first = consortium.start('up', '--ledger', 'fabric', '--port-base', String(consortium.portBase));
    while (!(await says('committing')(consortium))) await sleep(20);
    for (const name of ['ledger', 'supervisor'])
      process.kill(await pidOf(consortium, name, first.child.pid), 'SIGKILL');
    await first.result;
    expect(Object.keys(await fabricProcesses(consortium.dataDir))).to.have.lengthOf(12);
    const reset = await consortium.run('reset', '--yes');
    expect(reset.stderr).to.contain('running: stop it first');
    const { code, stderr } = await consortium.run('down');
    expect(stderr).to.contain('Stopped.');
    expect(code).to.equal(0);
    expect(await fabricProcesses(consortium.dataDir)).to.deep.equal({});
    expect((await consortium.run('reset', '--yes')).code).to.equal(0);
  });
});

async function pidOf(consortium: Consortium, name: string, supervisor: number | undefined): Promise<number> {
  if (name === 'supervisor') return supervisor ?? 0;
  if (name === 'ledger') return consortium.pidOf('ledger');
  const pid = (await fabricProcesses(consortium.dataDir))[name];
  if (pid === undefined) throw new Error(`${name} does not run`);
  return pid;
}

async function hasAny(folder: string): Promise<boolean> {
  return (await readdir(folder).catch(() => [])).length > 0;
}

function started(count: number): Moment['hasCome'] {
  return async ({ dataDir }) => Object.keys(await fabricProcesses(dataDir)).length >= count;
}

/** Whether the process that supervises Fabric has said so. */
function says(text: string): Moment['hasCome'] {
  return async ({ dataDir }) =>
    (await readFile(join(dataDir, 'logs', 'ledger.log'), 'utf8').catch(() => '')).includes(text);
}
