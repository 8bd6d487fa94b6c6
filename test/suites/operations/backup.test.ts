import { DatabaseSync } from 'node:sqlite';
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import {
  carryOut,
  makeBackup,
  memberLayout,
  organisationLayout,
  readManifest,
  restoreSteps,
  type GatewayControl,
  type StepReport,
} from '@consent-ledger/network';
import { expect } from 'chai';
import { nodeLayout } from '@consent-ledger/network/internal/fabric/node-layout';
import {
  operationsTopology,
  startConsortium,
  type RunningConsortium,
} from '../../support/operations/consortium.js';
import { startLoad } from '../../support/operations/load.js';
import { memberClient, type MemberClient } from '../../support/operations/member-client.js';
import { temporaryFolder } from '../../support/temporary.js';

const MEMBER = 'riverside';
const COLLECTION = 'custody-RiversideMSP';

for (const ordering of ['bft', 'raft'] as const) {
  describe(`backup and restore of one member on a running network (${ordering})`, function () {
    this.timeout(180_000);
    const folder = temporaryFolder();
    let consortium: RunningConsortium;
    let clerk: MemberClient;
    let database: DatabaseSync;
    const backup = (name: string): string => path.join(folder.path, name);
    const gatewayData = (): string => memberLayout(consortium.dataDir, MEMBER).data;
    const calls: string[] = [];
    const gateway: GatewayControl = {
      stop: () => Promise.resolve(void calls.push('stop')),
      start: () => Promise.resolve(void calls.push('start')),
      isRunning: () => Promise.resolve(calls.at(-1) !== 'stop'),
    };
    const restore = async (from: string, upTo?: number): Promise<StepReport['state'][]> => {
      const states: StepReport['state'][] = [];
      const steps = await restoreSteps(consortium.site, { organisation: MEMBER, from, gateway });
      await carryOut(steps.slice(0, upTo), { report: ({ state }) => states.push(state) });
      return states;
    };

    before(async function () {
      // FABRIC_HOME is not set: there is no Fabric to run.
      if (process.env['FABRIC_HOME'] === undefined) this.skip();
      consortium = await startConsortium(operationsTopology(ordering));
      clerk = await memberClient(consortium, MEMBER, 'clerk');
      await clerk.writePrivate(COLLECTION, ['RiversideMSP', 'SentinelMSP'], 'before');
      await mkdir(path.join(gatewayData(), 'keys'), { recursive: true });
      await mkdir(path.join(gatewayData(), 'records'), { recursive: true });
      await writeFile(path.join(gatewayData(), 'keys', 'master.key'), 'a key of 32 bytes, kept elsewhere', {
        mode: 0o600,
      });
      await writeFile(path.join(gatewayData(), 'records', 'one'), 'ciphertext');
      database = new DatabaseSync(path.join(gatewayData(), 'projection.db'));
      database.exec(
        'PRAGMA journal_mode = WAL; CREATE TABLE fold (block INTEGER); INSERT INTO fold VALUES (1)',
      );
    });
    after(async () => {
      (clerk as MemberClient | undefined)?.close();
      if ((database as DatabaseSync | undefined)?.isOpen === true) database.close();
      await (consortium as RunningConsortium | undefined)?.stop();
    });

    it('copies it while others write, without a private key in it', async () => {
      const load = await startLoad(consortium.site, 'sentinel');
      const { manifest, peerStoppedMs } = await makeBackup(consortium.site, {
        organisation: MEMBER,
        to: backup('plain'),
        withKeys: false,
      });
      const { failures, lost } = await load.stop();
      expect({ failures, lost }).to.deep.equal({ failures: [], lost: [] });
      expect(peerStoppedMs).to.be.a('number');
      expect(manifest).to.deep.include({ organisation: MEMBER, mspId: 'RiversideMSP', keys: false });
      expect(manifest.height).to.be.greaterThan(1);
      expect(await readManifest(backup('plain'))).to.deep.equal(manifest);

      const secrets = await privateKeys(consortium.dataDir);
      expect(secrets).to.have.length.greaterThan(8);
      for (const file of await filesIn(backup('plain'))) {
        const content = await readFile(file, 'latin1');
        for (const secret of secrets) expect(content.includes(secret), file).to.equal(false);
      }
    });

    it('has what the database held at that moment, though it is being written', () => {
      const copy = new DatabaseSync(path.join(backup('plain'), 'gateway', 'projection.db'), {
        readOnly: true,
      });
      expect(copy.prepare('SELECT count(*) AS blocks FROM fold').get()).to.deep.include({ blocks: 1 });
      copy.close();
    });

    it('holds the keys when that is asked for', async () => {
      const to = backup('with-keys');
      await makeBackup(consortium.site, { organisation: MEMBER, to, withKeys: true });
      const { ca } = organisationLayout(consortium.dataDir, MEMBER);
      const copied = path.join(to, 'organization', 'ca', 'ca.key');
      expect(await readFile(copied, 'utf8')).to.equal(await readFile(ca.key, 'utf8'));
      expect(await readFile(path.join(to, 'gateway', 'keys', 'master.key'), 'utf8')).to.match(/^a key/);
    });

    it('refuses a backup of which any byte, file or name is not as it was', async () => {
      const to = backup('altered');
      await makeBackup(consortium.site, { organisation: MEMBER, to, withKeys: false });
      const { files } = await readManifest(to);
      const [first] = files;
      const victim = path.join(to, first?.path ?? '');
      const original = await readFile(victim);

      await writeFile(
        victim,
        Buffer.concat([original.subarray(0, -1), Buffer.from([(original.at(-1) ?? 0) ^ 1])]),
      );
      expect(await refusal(restore(to))).to.match(
        new RegExp(`${first?.path ?? ''} was changed.*Nothing was restored`),
      );
      await appendFile(victim, 'x');
      expect(await refusal(restore(to))).to.match(/has another length/);
      await rm(victim);
      expect(await refusal(restore(to))).to.match(/is missing/);
      await writeFile(victim, original);
      await writeFile(path.join(to, 'extra'), '');
      expect(await refusal(restore(to))).to.match(/extra does not belong to it/);
      await rm(path.join(to, 'manifest.json'));
      expect(await refusal(restore(to))).to.match(/not a finished backup/);
      expect(calls).to.deep.equal([]);
    });

    it("refuses another member's backup", async () => {
      const to = backup('lakeside');
      await makeBackup(consortium.site, { organisation: 'lakeside', to, withKeys: false });
      expect(await refusal(restore(to))).to.match(/of lakeside \(LakesideMSP\), not of riverside/);
    });

    it('brings a member back whose peer, orderer and gateway have lost everything, to where the others are', async () => {
      await clerk.writePrivate(COLLECTION, ['RiversideMSP', 'SentinelMSP'], 'after');
      const nodes = consortium.fabric.organisations.find(({ node }) => node.organisation.name === MEMBER);
      await nodes?.peer.kill();
      await nodes?.orderer.kill();
      const { peerData, ordererData } = nodeLayout(consortium.dataDir, MEMBER);
      database.close();
      for (const lost of [peerData, ordererData]) await rm(lost, { recursive: true });
      await rm(path.join(gatewayData(), 'projection.db'));
      const load = await startLoad(consortium.site, 'sentinel');

      // The process dies after each step; the next call goes on.
      const count = (
        await restoreSteps(consortium.site, { organisation: MEMBER, from: backup('plain'), gateway })
      ).length;
      for (let upTo = 1; upTo <= count; upTo++) await restore(backup('plain'), upTo);

      const { failures, lost } = await load.stop();
      expect({ failures, lost }).to.deep.equal({ failures: [], lost: [] });
      for (const key of ['before', 'after']) {
        expect(await clerk.readPrivate(MEMBER, COLLECTION, key), key).to.equal(key);
      }
      database = new DatabaseSync(path.join(gatewayData(), 'projection.db'));
      expect(database.prepare('SELECT block FROM fold').all()).to.have.length(1);
      expect(await readFile(path.join(gatewayData(), 'keys', 'master.key'), 'utf8')).to.match(/^a key/);
      expect(calls).to.deep.equal(['stop', 'start']);
    });
  });
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'was not refused';
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

/** What nobody but the member may have: the bodies of its private keys, in the forms in which they lie on the disk. */
async function privateKeys(dataDir: string): Promise<string[]> {
  const { directory } = organisationLayout(dataDir, MEMBER);
  const found = [...(await filesIn(directory)), ...(await filesIn(memberLayout(dataDir, MEMBER).data))];
  const secrets = found.filter((file) => /(?:\.key|key\.pem|\.private\.json)$/.test(file));
  return Promise.all(
    secrets.map(async (file) => {
      const content = await readFile(file, 'latin1');
      if (file.endsWith('.json')) return (JSON.parse(content) as { d: string }).d;
      return content.split('\n').find((line) => !line.startsWith('-----')) ?? content;
    }),
  );
}
