import { expect } from 'chai';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCli } from '../support/cli.js';
import { freePorts } from '../support/free-ports.js';
import { temporaryFolder } from '../support/temporary.js';

const DEMO_TOPOLOGY = fileURLToPath(new URL('../../../network/topologies/demo.yaml', import.meta.url));
const PORTS = 60;

describe('what is wrong with folder, ports or topology is said in a line, with what to do', () => {
  const folder = temporaryFolder();
  let counter = 0;
  let dataDir: string;
  let base: number;

  beforeEach(async () => {
    counter += 1;
    dataDir = join(folder.path, `data-${counter}`);
    base = await freePorts(PORTS);
  });

  const up = (...more: readonly string[]): ReturnType<typeof runCli> =>
    runCli(['up', '--data-dir', dataDir, '--port-base', String(base), ...more], folder.path);

  /** A folder that a consortium was begun in: one of its ports is taken, so that it stops there. */
  const claimed = async (): Promise<void> => {
    const server = createServer().listen(base, '127.0.0.1');
    await once(server, 'listening');
    try {
      expect((await up()).stderr).to.contain('is in use');
    } finally {
      server.close();
    }
  };

  it('a folder that is not ours', async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'thesis.txt'), 'two years of work');
    for (const args of [['up'], ['reset', '--yes']]) {
      const { code, stderr } = await runCli([...args, '--data-dir', dataDir], folder.path);
      expect(stderr).to.match(
        /is not empty and not a data folder of consent-ledger.*choose another --data-dir/,
      );
      expect(code).to.equal(2);
    }
    expect(await readdir(dataDir)).to.deep.equal(['thesis.txt']);
  });

  it('a file in the place of the folder', async () => {
    await writeFile(dataDir, '');
    const { code, stderr } = await up();
    expect(stderr).to.match(/is not a folder: choose another --data-dir/);
    expect(code).to.equal(2);
  });

  it('a folder that may not be written', async function () {
    // root may write everywhere but where the kernel itself says no
    let forbidden = '/sys/consent-ledger';
    if (process.getuid?.() !== 0) {
      forbidden = join(dataDir, 'inner');
      await mkdir(dataDir);
      await chmod(dataDir, 0o500);
    } else if (process.platform !== 'linux') this.skip();
    const { code, stderr } = await runCli(['up', '--data-dir', forbidden], folder.path);
    expect(stderr).to.match(/^No permission to write to .*: choose another --data-dir/);
    expect(code).to.equal(1);
  });

  it('a port that another program holds', async () => {
    const server = createServer().listen(base + 10, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { code, stderr } = await up();
      expect(stderr).to.match(new RegExp(`Port ${base + 10} \\(riverside gateway\\) is in use.*--port-base`));
      expect(code).to.equal(1);
    } finally {
      server.close();
    }
    expect(await readdir(join(dataDir, 'run'))).to.deep.equal([]);
  });

  it('a damaged record of what the folder is, which reset removes', async () => {
    await claimed();
    const record = join(dataDir, 'consortium.json');
    await writeFile(record, (await readFile(record, 'utf8')).slice(0, 100));
    const { code, stderr } = await up();
    expect(stderr).to.match(/consortium\.json is damaged.*consent-ledger reset/);
    expect(code).to.equal(2);
    expect((await runCli(['reset', '--data-dir', dataDir], folder.path)).stderr).to.contain('--yes');
    expect((await runCli(['reset', '--yes', '--data-dir', dataDir], folder.path)).code).to.equal(0);
    expect(await readdir(folder.path)).to.not.include(`data-${counter}`);
  });

  it('another topology, or other ports, than the folder was made for', async () => {
    await claimed();
    const other = join(folder.path, 'other.yaml');
    await writeFile(
      other,
      (await readFile(DEMO_TOPOLOGY, 'utf8')).replace('Lakeside Clinic', 'Lakeside Hospital'),
    );
    const topology = await up('--topology', other);
    expect(topology.stderr).to.match(/holds the consortium of another topology: use another --data-dir/);
    expect(topology.code).to.equal(2);
    const ports = await runCli(['up', '--data-dir', dataDir, '--port-base', '9000'], folder.path);
    expect(ports.stderr).to.contain(`was made with --port-base ${base}`);
    expect(ports.code).to.equal(2);
  });

  it('a key in the topology that means nothing, by its line', async () => {
    const typo = join(folder.path, 'typo.yaml');
    const text = await readFile(DEMO_TOPOLOGY, 'utf8');
    await writeFile(typo, text.replace('impliedPolicy', 'impliedPolicies'));
    const { code, stderr } = await up('--topology', typo);
    const line = text.slice(0, text.indexOf('impliedPolicy')).split('\n').length;
    expect(stderr).to.match(
      new RegExp(`typo\\.yaml:${line}:\\d+: .*impliedPolicies.*unknown key.*expected one of`),
    );
    expect(code).to.equal(2);
    expect(await readdir(folder.path)).to.not.include(`data-${counter}`);
  });

  it('a topology that is not there', async () => {
    const { code, stderr } = await up('--topology', 'nowhere.yaml');
    expect(stderr).to.match(/nowhere\.yaml cannot be read \(ENOENT\): check --topology/);
    expect(code).to.equal(2);
  });

  for (const verb of [
    ['status'],
    ['demo'],
    ['down'],
    ['token', '--member', 'riverside', '--user', 'admin'],
  ]) {
    it(`no consortium for ${verb[0] ?? ''}`, async () => {
      const { code, stderr } = await runCli([...verb, '--data-dir', dataDir], folder.path);
      expect(stderr).to.match(/^There is no consortium in .*consent-ledger up/);
      expect(code).to.equal(3);
    });
  }
});
