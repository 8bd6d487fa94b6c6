import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  identify,
  isRunning,
  leftovers,
  endAll,
  readState,
  supervise,
  UserError,
} from '@consent-ledger/scripts';
import type { ProcessSpec, Supervisor } from '@consent-ledger/scripts';
import { expect } from 'chai';
import { temporaryFolder } from '../../support/temporary.js';

const SERVES = `
process.once('SIGTERM', () => { console.log('bye'); process.exit(0); });
setInterval(() => {}, 1000);
console.log('warming up');
console.log(JSON.stringify({ event: 'ready' }));
`;
const STUBBORN = `
process.on('SIGTERM', () => {});
setInterval(() => {}, 1000);
console.log(JSON.stringify({ event: 'ready' }));
`;
const FAILS = `console.error('no such store'); process.exit(3);`;

describe('supervisor', () => {
  const folder = temporaryFolder();
  const supervisors: Supervisor[] = [];
  let said: string[] = [];
  let counter = 0;

  beforeEach(() => {
    said = [];
    counter += 1;
  });
  afterEach(async () => {
    await Promise.all(supervisors.splice(0).map((supervisor) => supervisor.stop()));
  });

  const stateFile = (): string => join(folder.path, `state-${counter}.json`);
  const program = async (
    name: string,
    code: string,
    more: Partial<ProcessSpec> = {},
  ): Promise<ProcessSpec> => {
    const script = join(folder.path, `${name}-${counter}.mjs`);
    await writeFile(script, code);
    return { name, script, args: [], logFile: join(folder.path, `${name}-${counter}.log`), ...more };
  };
  const supervisor = async (...groups: ProcessSpec[][]): Promise<Supervisor> => {
    const identity = await identify(process.pid);
    if (!identity) throw new Error('no identity');
    const made = supervise({
      groups,
      identity,
      stateFile: stateFile(),
      portBase: 7_000,
      say: (line) => said.push(line),
    });
    supervisors.push(made);
    return made;
  };

  it('is started when every process has said that it is ready, and the state file names each', async () => {
    const running = await supervisor([await program('ledger', SERVES)], [await program('gateway', SERVES)]);
    await running.start();

    const state = await readState(stateFile());
    expect(state?.processes.map(({ name, status }) => `${name} ${status}`)).to.deep.equal([
      'ledger ready',
      'gateway ready',
    ]);
    for (const { identity } of state?.processes ?? []) {
      expect(identity && (await isRunning(identity))).to.equal(true);
    }
  });

  it('waits for the probe after the ready line', async () => {
    let asked = 0;
    const probe = (): Promise<boolean> => Promise.resolve(++asked >= 3);
    const running = await supervisor([await program('gateway', SERVES, { probe })]);
    await running.start();
    expect(asked).to.equal(3);
  });

  it('says why a process did not start, and ends those that did', async () => {
    const running = await supervisor([await program('ledger', SERVES)], [await program('gateway', FAILS)]);
    const failure = await running.start().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(UserError);
    expect(String(failure))
      .to.match(/gateway ended \(code 3\) before it was ready/)
      .and.contain('no such store');
    expect(await readState(stateFile())).to.equal(undefined);
    expect(await readFile(join(folder.path, `ledger-${counter}.log`), 'utf8')).to.match(/bye/);
  });

  it('gives up on a process that never gets ready', async () => {
    const silent = `process.once('SIGTERM', () => process.exit(0)); setInterval(() => {}, 1000);`;
    const running = await supervisor([await program('ledger', silent, { startTimeoutMs: 300 })]);
    const failure = await running.start().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(String(failure)).to.match(/ledger is not ready after 0\.3 s/);
  });

  it('starts a killed process again and says so', async () => {
    const running = await supervisor([await program('ledger', SERVES)]);
    await running.start();
    const before = (await readState(stateFile()))?.processes[0];
    process.kill(before?.identity?.pid ?? 0, 'SIGKILL');

    await until(async () => {
      const now = (await readState(stateFile()))?.processes[0];
      return now?.status === 'ready' && now.restarts === 1 && now.identity?.pid !== before?.identity?.pid;
    });
    expect(said).to.deep.equal([
      'ledger: ended (SIGKILL); starting it again in 0.25 s.',
      'ledger: ready again.',
    ]);
  });

  it('ends its processes one group after the other, and kills one that does not want to end', async () => {
    // Says, when it is asked to end, what the state file says of the others then.
    const witness = `
import { readFileSync } from 'node:fs';
process.once('SIGTERM', () => {
  console.log(readFileSync(${JSON.stringify(stateFile())}, 'utf8'));
  process.exit(0);
});
setInterval(() => {}, 1000);
console.log(JSON.stringify({ event: 'ready' }));`;
    const ledger = await program('ledger', witness);
    const running = await supervisor([ledger], [await program('gateway', STUBBORN, { stopTimeoutMs: 200 })]);
    await running.start();
    await running.stop();
    const seen = await readFile(ledger.logFile, 'utf8');
    expect(seen).to.match(/"name": "gateway",\s+"status": "stopped"/);
    expect(said).to.deep.equal(['gateway: did not end in time and was killed.']);
    expect(await readState(stateFile())).to.equal(undefined);
  });

  it('leaves nothing running when it is killed itself', async () => {
    const spec = await program('ledger', SERVES);
    const script = join(folder.path, 'supervisor.mjs');
    const scripts = import.meta.resolve('@consent-ledger/scripts');
    await writeFile(
      script,
      `import { supervise, identify } from ${JSON.stringify(scripts)};
       const made = supervise({ groups: [[${JSON.stringify(spec)}]], identity: await identify(process.pid),
         stateFile: ${JSON.stringify(stateFile())}, portBase: 7000, say: () => {} });
       await made.start();
       console.log('started');`,
    );
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(parent.stdout, 'data');
    parent.kill('SIGKILL');
    const child = (await readState(stateFile()))?.processes[0]?.identity;
    await until(async () => child !== undefined && !(await isRunning(child)));
  });

  it('ends what a dead supervisor left, and nothing else that has got such an id since', async () => {
    const left = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    const innocent = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    try {
      const identity = await identify(left.pid ?? 0);
      if (!identity || innocent.pid === undefined) throw new Error('did not start');
      const since = new Date().toISOString();
      const found = await leftovers({
        version: 1,
        supervisor: { pid: 1, started: 'another boot/1' },
        portBase: 7_000,
        startedAt: since,
        processes: [
          { name: 'ledger', identity, status: 'ready', since, restarts: 0 },
          {
            name: 'gateway',
            identity: { pid: innocent.pid, started: 'another boot/1' },
            status: 'ready',
            since,
            restarts: 0,
          },
        ],
      });
      expect(found).to.deep.equal([identity]);
      await endAll(found);
      expect(await isRunning(identity)).to.equal(false);
      expect(innocent.exitCode ?? innocent.signalCode).to.equal(null);
    } finally {
      left.kill('SIGKILL');
      innocent.kill('SIGKILL');
    }
  });

  it('refuses a state file that it does not understand', async () => {
    await writeFile(stateFile(), '{"version":1,"supervisor":');
    const failure = await readState(stateFile()).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.be.instanceOf(UserError);
    expect(String(failure)).to.contain('then delete the file');
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('waited 10 s in vain');
    await sleep(20);
  }
}
