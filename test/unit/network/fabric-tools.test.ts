import { packageFile, portPlan, prepareConsortium } from '@consent-ledger/network';
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../support/temporary.js';
import { demo } from './consortium.js';

const run = promisify(execFile);
const fabricHome = process.env['FABRIC_HOME'];

/** What Fabric's own tools say about the files that we made. */
describe("Fabric's own tools", () => {
  const folder = temporaryFolder();

  const tool = async (name: string, ...args: readonly string[]): Promise<string> => {
    const home = fabricHome ?? '';
    const env = { ...process.env, FABRIC_CFG_PATH: join(home, 'config') };
    const { stdout } = await run(join(home, 'bin', name), args, {
      env,
      maxBuffer: 16 * 1024 * 1024,
      timeout: 30_000,
    });
    return stdout;
  };

  for (const type of ['embedded', 'raft', 'bft']) {
    it(`read the genesis block of ordering type ${type}, and compute the same package ids`, async function () {
      // FABRIC_HOME is not set: there are no tools to ask.
      if (fabricHome === undefined) this.skip();
      const topology = demo(['type: embedded', `type: ${type}`]);
      const root = join(folder.path, type);
      const { chaincodeServers } = await prepareConsortium(topology, portPlan(topology), root);
      const inspected = await tool('configtxgen', '-inspectBlock', join(root, 'channel', 'genesis.block'));
      const groups = /"Orderer": \{[^]*"type": "([A-Za-z]+)"/.exec(inspected);
      expect(groups?.[1]).to.equal(type === 'bft' ? 'BFT' : 'etcdraft');
      for (const server of chaincodeServers) {
        const id = await tool(
          'peer',
          'lifecycle',
          'chaincode',
          'calculatepackageid',
          packageFile(root, server.name),
        );
        expect(id.trim()).to.equal(server.package.id);
      }
    });
  }
});
