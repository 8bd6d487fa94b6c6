import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findFabricHome, FabricHomeError } from '@consent-ledger/network';
import { expect } from 'chai';

const PARTS = [
  'bin/peer',
  'bin/orderer',
  'builders/ccaas/bin/detect',
  'builders/ccaas/bin/build',
  'builders/ccaas/bin/release',
  'config/core.yaml',
  'config/orderer.yaml',
];

describe('finding the Fabric release', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'fabric-home-'));
  });
  afterEach(async () => {
    await rm(home, { recursive: true, force: true });
  });

  /** A release whose `peer version` says so. */
  async function release(version: string, without: readonly string[] = []): Promise<void> {
    for (const part of PARTS.filter((each) => !without.includes(each))) {
      const file = join(home, part);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, `#!/bin/sh\nprintf 'peer:\\n Version: ${version}\\n Commit SHA: 0\\n'\n`);
      await chmod(file, 0o755);
    }
  }

  it('finds what it needs, with its version', async () => {
    await release('v3.1.5');
    const found = await findFabricHome(home);
    expect(found.version).to.equal('3.1.5');
    expect(found.peer).to.equal(join(home, 'bin/peer'));
    expect(found.ccaasBuilder).to.equal(join(home, 'builders/ccaas'));
  });

  it('takes later minor versions too', async () => {
    await release('v3.12.0');
    expect((await findFabricHome(home)).version).to.equal('3.12.0');
  });

  for (const version of ['v2.5.12', 'v3.0.9', 'v4.0.0', 'latest']) {
    it(`refuses version ${version}, and says what is needed`, async () => {
      await release(version);
      const refusal = await refusalOf(home);
      expect(refusal).to.contain(version.replace('v', '')).and.to.contain('3.1 or later');
      expect(refusal).to.contain('github.com/hyperledger/fabric/releases');
    });
  }

  it('names every part that is missing, and where it looked', async () => {
    await release('v3.1.5', ['bin/orderer', 'config/core.yaml']);
    const refusal = await refusalOf(home);
    expect(refusal).to.contain(`FABRIC_HOME=${home}`).and.to.contain('bin/orderer, config/core.yaml');
  });

  it('refuses a peer that does not run on this machine', async () => {
    await release('v3.1.5');
    await writeFile(join(home, 'bin/peer'), 'no program');
    expect(await refusalOf(home)).to.contain('does not run on this machine');
  });

  it('says what to set when nothing is set', async () => {
    expect(await refusalOf('')).to.contain('FABRIC_HOME is not set');
  });
});

async function refusalOf(folder: string): Promise<string> {
  try {
    await findFabricHome(folder);
  } catch (error) {
    expect(error).to.be.instanceOf(FabricHomeError);
    return (error as Error).message;
  }
  throw new Error('it was taken for a release');
}
