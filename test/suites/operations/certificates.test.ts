import { setTimeout as sleep } from 'node:timers/promises';
import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  carryOut,
  OperationError,
  organisationLayout,
  revocationSteps,
  rotationSteps,
  type Rotatable,
  type StepReport,
} from '@consent-ledger/network';
import { expect } from 'chai';
import { isRefused, memberClient, type MemberClient } from '../../support/operations/member-client.js';
import {
  operationsTopology,
  startConsortium,
  type RunningConsortium,
} from '../../support/operations/consortium.js';
import { startLoad } from '../../support/operations/load.js';

for (const ordering of ['bft', 'raft'] as const) {
  describe(`certificates on a running network (${ordering})`, function () {
    this.timeout(180_000);
    let consortium: RunningConsortium;

    before(async function () {
      // FABRIC_HOME is not set: there is no Fabric to run.
      if (process.env['FABRIC_HOME'] === undefined) this.skip();
      consortium = await startConsortium(operationsTopology(ordering));
    });
    after(() => (consortium as RunningConsortium | undefined)?.stop());

    const states = async (
      steps: Parameters<typeof carryOut>[0],
      dryRun = false,
    ): Promise<StepReport['state'][]> => {
      const reports: StepReport[] = [];
      await carryOut(steps, { dryRun, report: (report) => reports.push(report) });
      return reports.map(({ state }) => state);
    };
    const rotation = (organisation: string, part: Rotatable): Parameters<typeof carryOut>[0] =>
      rotationSteps(consortium.site, { organisation, part, gateway: noGateway });

    it('says what it would do, and does nothing of it', async () => {
      const { directory } = organisationLayout(consortium.dataDir, 'riverside');
      const before = await fingerprints(directory);
      expect(new Set(await states(rotation('riverside', 'orderer'), true))).to.deep.equal(new Set(['to do']));
      expect(await fingerprints(directory)).to.deep.equal(before);
    });

    for (const part of ['peer', 'orderer', 'chaincode', 'admin'] as const) {
      it(`gives a member's ${part} new certificates while others write`, async () => {
        const { directory } = organisationLayout(consortium.dataDir, 'riverside');
        const before = await fingerprints(directory);
        const load = await startLoad(consortium.site, 'sentinel');
        await carryOut(rotation('riverside', part));
        const { committed, lost, failures } = await load.stop();
        expect({ lost, failures }).to.deep.equal({ lost: [], failures: [] });
        expect(committed).to.be.greaterThan(0);
        const after = await fingerprints(directory);
        expect(
          changed(before, after).every((file) => file.includes(part === 'admin' ? 'users/admin' : part)),
        ).to.equal(true);
        expect(changed(before, after)).to.have.length.greaterThan(0);
      });
    }

    it('finishes a rotation that was interrupted anywhere, and does nothing twice', async () => {
      const steps = rotation('lakeside', 'orderer');
      const interrupted = [...steps];
      for (let at = 1; at < steps.length; at++) {
        // The process dies after the step: nothing of it is left but what is on disk and on the channel.
        await carryOut(rotation('lakeside', 'orderer').slice(0, at));
        const done = Array<string>(at).fill('was done');
        let again: string[] = [];
        // An orderer that has just been restarted serves blocks when it knows the leader.
        for (let tries = 0; tries < 100 && again.join() !== done.join(); tries++) {
          await sleep(100);
          again = await states(rotation('lakeside', 'orderer').slice(0, at), true);
        }
        expect(again, interrupted[at - 1]?.title).to.deep.equal(done);
      }
      await carryOut(rotation('lakeside', 'orderer'));
    });

    it('shuts out a revoked client at every peer, its open streams too, and nobody else', async () => {
      const clerk = await memberClient(consortium, 'riverside', 'clerk');
      const other = await memberClient(consortium, 'riverside', 'other-clerk');
      const streams = await Promise.all([clerk.events('riverside'), clerk.events('sentinel')]);
      await clerk.write('riverside', 'before');

      const options = { organisation: 'riverside', certificatePem: clerk.certificatePem };
      await carryOut(await revocationSteps(consortium.site, options));
      for (const at of ['riverside', 'sentinel'])
        expect(await isRefused(clerk.read(at, 'before'))).to.equal(true);
      for (const at of ['riverside', 'sentinel']) expect(await other.read(at, 'before')).to.equal('before');
      expect(await Promise.all(streams.map((stream) => stream.isOver()))).to.deep.equal([true, true]);

      expect(await states(await revocationSteps(consortium.site, options))).to.not.include('begun');
      closeAll(clerk, other);
    });

    it('keeps earlier revocations when another is added', async () => {
      const [first, second] = await Promise.all(
        ['leaver-one', 'leaver-two'].map((name) => memberClient(consortium, 'novacure', name)),
      );
      if (first === undefined || second === undefined) throw new Error('no clients');
      for (const { certificatePem } of [first, second]) {
        await carryOut(await revocationSteps(consortium.site, { organisation: 'novacure', certificatePem }));
      }
      for (const client of [first, second])
        expect(await isRefused(client.read('novacure', 'x'))).to.equal(true);
      closeAll(first, second);
    });

    it('refuses to revoke what is in use, and revokes it once it has been replaced', async () => {
      const { admin, directory } = organisationLayout(consortium.dataDir, 'sentinel');
      const options = {
        organisation: 'sentinel',
        certificatePem: await readFile(admin.identity.certificate, 'utf8'),
      };
      expect(await refusal(revocationSteps(consortium.site, options))).to.match(/in use by the admin/);
      await carryOut(rotation('sentinel', 'admin'));
      const [kept] = (await readdir(path.join(directory, 'retired'))).filter((name) =>
        name.startsWith('admin-'),
      );
      expect(await readFile(path.join(directory, 'retired', kept ?? ''), 'utf8')).to.equal(
        options.certificatePem,
      );
      await carryOut(await revocationSteps(consortium.site, options));
    });

    it("refuses another member's certificate and a TLS certificate", async () => {
      const { peer } = organisationLayout(consortium.dataDir, 'lakeside');
      const pem = (file: string): Promise<string> => readFile(file, 'utf8');
      const foreign = { organisation: 'riverside', certificatePem: await pem(peer.identity.certificate) };
      const tls = { organisation: 'lakeside', certificatePem: await pem(peer.tls.certificate) };
      expect(await refusal(revocationSteps(consortium.site, foreign))).to.match(/not issued by the CA/);
      expect(await refusal(revocationSteps(consortium.site, tls))).to.match(/TLS certificate/);
    });
  });
}

const noGateway = { restart: () => Promise.resolve(), isCurrent: () => Promise.resolve(true) };

async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof OperationError) return error.message;
    throw error;
  }
  return 'was not refused';
}

function closeAll(...clients: readonly MemberClient[]): void {
  for (const client of clients) client.close();
}

/** Certificates by file. */
async function fingerprints(directory: string): Promise<ReadonlyMap<string, string>> {
  const files = (await readdir(directory, { recursive: true })).filter((name) => /\.(crt|pem)$/.test(name));
  const certificates = files.filter((name) => !/key|retired|crl/.test(name)).sort();
  return new Map(
    await Promise.all(
      certificates.map(async (name): Promise<[string, string]> => {
        const certificate = new X509Certificate(await readFile(path.join(directory, name)));
        return [name, certificate.fingerprint256];
      }),
    ),
  );
}

function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...after].flatMap(([name, print]) => (before.get(name) === print ? [] : [name]));
}
