import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  findProcess,
  startProcess,
  type ManagedProcess,
  type ProcessSpec,
} from '@consent-ledger/network/internal/fabric/managed-process';
import { expect } from 'chai';

const STUBBORN = `process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1000); console.log('up');`;
const OBEDIENT = `process.on('SIGTERM', () => { console.log('bye'); process.exit(0); }); setInterval(() => undefined, 1000); console.log('up');`;

/** Starts the process that its argument describes, and waits. */
const PARENT = `
  import { startProcess } from ${JSON.stringify(import.meta.resolve('@consent-ledger/network/internal/fabric/managed-process'))};
  await startProcess(JSON.parse(process.argv[1]));
  console.log('up');
  setInterval(() => undefined, 1000);
`;

/** Preloaded: kills the process at the moment at which it would put a record in place. */
const DIES_AT_THE_RECORD = `
  import fs from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  fs.rename = () => process.kill(process.pid, 'SIGKILL');
  syncBuiltinESMExports();
`;

describe('a process of the Fabric supervisor', function () {
  this.timeout(20_000);
  let folder: string;
  const started: ManagedProcess[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'managed-'));
  });
  afterEach(async () => {
    for (const each of started.splice(0)) await each.kill();
    await rm(folder, { recursive: true, force: true });
  });

  const spec = (script: string, env: Record<string, string> = {}): ProcessSpec => ({
    name: 'sample',
    command: process.execPath,
    args: ['-e', script],
    env,
    workingFolder: folder,
    runFolder: join(folder, 'run'),
    logFolder: join(folder, 'logs'),
    outlivesUs: false,
  });
  const start = async (wanted: ProcessSpec): Promise<ManagedProcess> => {
    const running = await startProcess(wanted);
    started.push(running);
    await said(running, 'up');
    return running;
  };

  it('is found again with the same settings, and not started twice', async () => {
    const first = await start(spec(OBEDIENT));
    const second = await startProcess(spec(OBEDIENT));
    expect(second.adopted).to.equal(true);
    expect(second.pid).to.equal(first.pid);
  });

  it('is replaced when its settings have changed', async () => {
    const first = await start(spec(OBEDIENT));
    const second = await start(spec(OBEDIENT, { CHANGED: 'yes' }));
    expect(second.pid).not.to.equal(first.pid);
    expect(first.isRunning()).to.equal(false);
  });

  it('gets nothing of our environment but the path', async () => {
    process.env['A_SECRET_OF_OURS'] = 'secret';
    try {
      const running = await start(
        spec(`console.log(JSON.stringify(Object.keys(process.env))); ${OBEDIENT}`, { GIVEN: '1' }),
      );
      const log = await readFile(running.logFile, 'utf8');
      expect(log).to.contain('GIVEN').and.not.to.contain('A_SECRET_OF_OURS');
    } finally {
      delete process.env['A_SECRET_OF_OURS'];
    }
  });

  it('never runs without being on record: not when we are killed in between, nor when the record cannot be written', async () => {
    const ran = join(folder, 'ran');
    const wanted = spec(`require('node:fs').writeFileSync(${JSON.stringify(ran)}, '')`);
    const killedInBetween = `data:text/javascript,${encodeURIComponent(DIES_AT_THE_RECORD)}`;
    const parent = spawn(process.execPath, [
      ...['--import', killedInBetween, '--input-type=module', '-e', PARENT],
      JSON.stringify({ ...wanted, outlivesUs: true }),
    ]);
    expect((await once(parent, 'exit'))[1]).to.equal('SIGKILL');

    await mkdir(join(folder, 'run', 'sample.pid', 'in-the-way'), { recursive: true });
    const refused = await startProcess(wanted).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);

    await sleep(500);
    expect(await readdir(folder)).to.not.include('ran');
  });

  it('is asked to end first, and may do so in its own way', async () => {
    const running = await start(spec(OBEDIENT));
    await running.stop();
    expect(running.isRunning()).to.equal(false);
    expect(await readFile(running.logFile, 'utf8')).to.contain('bye');
    expect(await findProcess(spec(OBEDIENT))).to.equal(undefined);
  });

  it('is killed when it does not end in time', async () => {
    const running = await start(spec(STUBBORN));
    await running.stop(200);
    expect(running.isRunning()).to.equal(false);
  });

  it('ends even when it is frozen', async () => {
    const running = await start(spec(OBEDIENT));
    running.signal('SIGSTOP');
    await running.stop();
    expect(running.isRunning()).to.equal(false);
  });

  it('is not mistaken for another process that has its id now', async () => {
    const running = await start(spec(OBEDIENT));
    const file = join(folder, 'run', 'sample.pid');
    const record = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...record, startTicks: '1' }));
    expect(await findProcess(spec(OBEDIENT))).to.equal(undefined);
    expect(running.isRunning()).to.equal(true);
  });

  it('ends with whoever started it, also by a signal', async () => {
    const parent = await start({
      ...spec(PARENT),
      name: 'parent',
      args: ['--input-type=module', '-e', PARENT, JSON.stringify(spec(OBEDIENT))],
    });
    const child = await findProcess(spec(OBEDIENT));
    expect(child?.isRunning()).to.equal(true);
    parent.signal('SIGTERM');
    const deadline = performance.now() + 5_000;
    const running = (): unknown[] => [child, parent].filter((each) => each?.isRunning() === true);
    while (running().length > 0 && performance.now() < deadline) await sleep(10);
    expect(running()).to.deep.equal([]);
  });

  it('keeps its log and its record from others, and says how it ended', async () => {
    const running = await startProcess(spec(`console.error('no such disk'); process.exit(3);`));
    await said(running, 'no such disk');
    while (running.isRunning()) await sleep(10);
    const failure = await running.assertRunning().then(
      () => '',
      (error: unknown) => String(error),
    );
    expect(failure).to.contain('sample has ended').and.to.contain('no such disk');
    expect((await stat(running.logFile)).mode & 0o077).to.equal(0);
  });
});

async function said(running: ManagedProcess, text: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await readFile(running.logFile, 'utf8')).includes(text)) {
    if (performance.now() > deadline) throw new Error(`it never said ${text}`);
    await sleep(20);
  }
}
