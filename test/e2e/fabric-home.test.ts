import { expect } from 'chai';
import { access, chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runCli, type CliResult } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';

const PARTS = [
  'bin/orderer',
  'builders/ccaas/bin/detect',
  'builders/ccaas/bin/build',
  'builders/ccaas/bin/release',
];
const FILES = ['config/core.yaml', 'config/orderer.yaml'];

describe('Fabric that is not there is asked for, before anything is begun', () => {
  const folder = temporaryFolder();
  const up = (home: string | undefined): Promise<CliResult> => {
    const env = { ...process.env, FABRIC_HOME: home };
    const args = ['up', '--ledger', 'fabric', '--data-dir', join(folder.path, 'data')];
    return runCli(args, folder.path, env);
  };
  const refused = async (home: string | undefined): Promise<string> => {
    const { code, stderr } = await up(home);
    expect(code, stderr).to.equal(2);
    expect(stderr).to.match(/Install the official Hyperledger Fabric release 3\.1\.5 .*set FABRIC_HOME/);
    expect(await readdir(folder.path)).to.not.include('data');
    return stderr;
  };
  /** A release whose `peer` says that it is of that version. */
  const release = async (name: string, version: string): Promise<string> => {
    const home = join(folder.path, name);
    for (const part of [...PARTS, ...FILES, 'bin/peer']) {
      await mkdir(dirname(join(home, part)), { recursive: true });
      const script = part === 'bin/peer' ? `#!/bin/sh\necho "peer:\n Version: ${version}"\n` : '';
      await writeFile(join(home, part), script);
      if (!FILES.includes(part)) await chmod(join(home, part), 0o755);
    }
    return home;
  };

  it('when FABRIC_HOME is not set', async () => {
    expect(await refused(undefined)).to.match(/^FABRIC_HOME is not set/);
  });

  it('when it names a folder that is no release: which, and what it lacks', async () => {
    const home = join(folder.path, 'empty');
    await mkdir(home);
    expect(await refused(home)).to.contain(`FABRIC_HOME=${home} lacks bin/peer, bin/orderer`);
    await access(home);
  });

  it('when the release is too old, or a major version that nobody has tried', async () => {
    for (const version of ['v2.5.12', 'v3.0.0', 'v4.0.0']) {
      const home = await release(version, version);
      expect(await refused(home)).to.contain(
        `FABRIC_HOME=${home} holds Fabric ${version.slice(1)}, but 3.1 or later`,
      );
    }
  });
});
