import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseTopology, type Topology } from '@consent-ledger/network';
import { claimFolder, readRecord } from '@consent-ledger/scripts';
import { expect } from 'chai';
import { DEMO_FILE, DEMO_TEXT } from '../network/consortium.js';
import { temporaryFolder } from '../../support/temporary.js';

const RIVERSIDE = '    displayName: Riverside Hospital\n';

function topologyWith(lines: string): Topology {
  return parseTopology(DEMO_TEXT.replace(RIVERSIDE, `${RIVERSIDE}${lines}`), DEMO_FILE);
}

describe('the record of what a data folder is', () => {
  const folder = temporaryFolder();

  beforeEach(async () => {
    await rm(join(folder.path, 'consortium.json'), { force: true });
    await claim('');
  });

  function claim(lines: string): Promise<void> {
    return claimFolder(folder.path, { ledger: 'embedded', portBase: 7000, topology: topologyWith(lines) });
  }

  it('takes what a gateway alone goes by from the file, at each start anew', async () => {
    await claim('    passkeys: [{id: riverside.example, origins: [https://riverside.example]}]\n');
    await claim('    notifications: {portal: https://portal.riverside.example}\n');
    const [riverside] = (await readRecord(folder.path))?.topology.organisations ?? [];
    expect(riverside?.notifications).to.deep.equal({ portal: 'https://portal.riverside.example' });
    expect(riverside).to.not.have.property('passkeys');
  });

  it('refuses another topology: what identities, genesis block and ledger hang on', async () => {
    for (const lines of ['    host: hospital.example\n', '    extraHosts: [hospital.example]\n']) {
      const refusal = await claim(lines).then(String, (error: unknown) => String(error));
      expect(refusal, lines).to.contain('holds the consortium of another topology');
    }
    expect((await readRecord(folder.path))?.topology).to.deep.equal(topologyWith(''));
  });
});
