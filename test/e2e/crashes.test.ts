import { isRunning } from '@consent-ledger/scripts';
import { expect } from 'chai';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CliRun } from '../support/cli.js';
import { testConsortium, type TestConsortium } from '../support/consortium.js';
import { temporaryFolder } from '../support/temporary.js';

describe('a consortium whose processes are killed', function () {
  this.timeout(240_000);
  let consortium: TestConsortium;
  // Before the folder's own clean-up, which runs in the order of registration.
  after(async () => {
    await consortium.run('down');
  });
  const folder = temporaryFolder();

  before(async () => {
    consortium = await testConsortium(folder.path, 'a');
    await consortium.up();
  });
  const demoIsGreen = async (): Promise<void> => {
    const { code, stdout, stderr } = await consortium.run('demo', '--json');
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
  };
  /** Starts the demo and waits until it has come to a step. */
  const demoAtStep = async (step: number): Promise<CliRun> => {
    const demo = consortium.start('demo');
    let said = '';
    demo.child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!new RegExp(`^ *${step}  `, 'm').test(said) && demo.child.exitCode === null) await sleep(5);
    return demo;
  };

  for (const [index, name] of [
    'ledger',
    'chaincode',
    'gateway-riverside',
    'gateway-lakeside',
    'issuer',
  ].entries()) {
    it(`starts ${name} again when it is killed in the middle of a demo`, async () => {
      const demo = await demoAtStep(3 + index);
      process.kill(await consortium.pidOf(name), 'SIGKILL');
      // Killed under its feet, the demo may fail, but not hang, and not say anything wrong.
      const { code, stderr } = await demo.result;
      expect([0, 1, 3], stderr).to.include(code);
      await consortium.well();
      expect(
        (await consortium.state()).processes.find((one) => one.name === name)?.restarts,
      ).to.be.greaterThan(0);
    });
  }

  it('plays the demo after all of that as before', demoIsGreen);

  it('leaves nothing running when its supervisor is killed in the middle of a demo, and starts again', async () => {
    const { supervisor, processes } = await consortium.state();
    const demo = await demoAtStep(4);
    process.kill(supervisor.pid, 'SIGKILL');
    await demo.result;
    await Promise.all(
      processes.map(async ({ name, identity }) => {
        const deadline = Date.now() + 20_000;
        while (identity && (await isRunning(identity))) {
          if (Date.now() > deadline) throw new Error(`${name} still runs`);
          await sleep(50);
        }
      }),
    );
    await consortium.up();
    await demoIsGreen();
  });

  it('ends what a killed supervisor left behind, even what does not listen', async () => {
    const { supervisor, processes } = await consortium.state();
    const frozen = processes.find(({ name }) => name === 'gateway-lakeside')?.identity;
    if (!frozen) throw new Error('no gateway');
    process.kill(frozen.pid, 'SIGSTOP');
    process.kill(supervisor.pid, 'SIGKILL');
    while (await isRunning(supervisor)) await sleep(20);
    const { code, stderr } = await consortium.run('down');
    expect(code, stderr).to.equal(0);
    expect(stderr).to.contain('Stopped.');
    expect(await isRunning(frozen)).to.equal(false);
    await consortium.up();
  });

  it('finishes a start that was killed at any moment', async () => {
    const other = await testConsortium(folder.path, 'half');
    for (const ms of [150, 400, 700, 1_000, 1_500, 2_500]) {
      const { child, result } = other.start('up', '--port-base', String(other.portBase));
      await sleep(ms);
      child.kill('SIGKILL');
      await result;
    }
    await other.up();
    try {
      const { code, stderr } = await other.run('demo');
      expect(code, stderr).to.equal(0);
    } finally {
      await other.run('down');
    }
  });

  it('refuses a damaged ledger, naming it, and starts nothing on it', async () => {
    await consortium.run('down');
    const ledger = join(consortium.dataDir, 'ledger');
    const file = (await readdir(ledger)).find((name) => name.endsWith('.db') || name.endsWith('.sqlite'));
    if (file === undefined) throw new Error(`no store in ${ledger}`);
    const bytes = await readFile(join(ledger, file));
    const damaged = Buffer.from(bytes);
    damaged.fill(0x5a, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 4_096);
    await writeFile(join(ledger, file), damaged);
    const { code, stderr } = await consortium.run('up', '--detach');
    expect(stderr)
      .to.match(/ledger/)
      .and.match(/damaged|altered|block/);
    expect(code).to.equal(1);
    expect((await consortium.run('status')).code).to.equal(3);
    await writeFile(join(ledger, file), bytes);
    await consortium.up();
  });
});
