import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { slipPage, slipVerification, type SlipDocument } from '@consent-ledger/chaincode/wire/http';
import {
  gatewayUrl,
  organisationNamed,
  parseTopology,
  portPlan,
  type PortPlan,
  type Topology,
} from '@consent-ledger/network';
import { expect } from 'chai';
import { testConsortium, type TestConsortium } from '../../support/consortium.js';
import { eventually } from '../../support/eventually.js';
import { fabricProcesses } from '../../support/fabric-processes.js';
import { memberUser, type MemberUser } from '../../support/member-user.js';
import { temporaryFolder } from '../../support/temporary.js';
import { skippedWithoutFabric } from '../../support/needs-fabric.js';

const PATIENCE = { withinMs: 90_000, everyMs: 250 };

const DEMO = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));
const HL7 = 'http://terminology.hl7.org/CodeSystem';
const EVIDENCE = { kind: 'witnessed', form: 'A'.repeat(43) };

describe('a slip that its member verifies alone, on Fabric', function () {
  if (skippedWithoutFabric()) return;
  this.timeout(240_000);
  let consortium: TestConsortium;
  let custodian: MemberUser;
  let reader: MemberUser;
  let oversight: MemberUser;
  let topology: Topology;
  let plan: PortPlan;
  let stopped: number[] = [];
  let occupied: Server | undefined;
  // Before the folder goes.
  after(async () => {
    goOn();
    await free();
    await consortium.run('down');
    expect(await fabricProcesses(consortium.dataDir), 'left behind').to.deep.equal({});
  });
  const folder = temporaryFolder();

  before(async () => {
    consortium = await testConsortium(folder.path, 'slips');
    const file = join(folder.path, 'bft.yaml');
    const text = (await readFile(DEMO, 'utf8')).replace('type: embedded', 'type: bft');
    await writeFile(file, text);
    const ports = String(consortium.portBase);
    const up = await consortium.run('up', '--detach', '--topology', file, '--port-base', ports);
    expect(up.code, up.stderr).to.equal(0);
    topology = parseTopology(text, file);
    plan = portPlan(topology, consortium.portBase);
    const user = (member: string, name: string): Promise<MemberUser> =>
      memberUser(topology, plan, consortium.dataDir, member, name);
    custodian = await user('riverside', 'consent-clerk');
    // Lakeside has no part in the custodian's collection: its peer has hashes and nothing else.
    reader = await user('lakeside', 'consent-clerk');
    oversight = await user('sentinel', 'auditor');
  });

  /** The custodian's gateway says nothing more, so that nothing of it is handed over. */
  async function silence(): Promise<void> {
    stopped = [await consortium.pidOf('gateway-riverside')];
    for (const pid of stopped) process.kill(pid, 'SIGSTOP');
  }

  function goOn(): void {
    for (const pid of stopped) process.kill(pid, 'SIGCONT');
    stopped = [];
  }

  /** The reader's gateway is gone, and whoever calls there is cut off: nothing can be handed over. */
  async function occupy(): Promise<void> {
    const server = createServer((socket) => socket.destroy());
    const port = Number(new URL(gatewayUrl(organisationNamed(topology, 'lakeside'), plan)).port);
    process.kill(await consortium.pidOf('gateway-lakeside'), 'SIGKILL');
    await eventually(
      () =>
        new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen(port, '127.0.0.1', () => {
            server.off('error', reject);
            resolve();
          });
        }),
      { withinMs: 10_000, everyMs: 20 },
    );
    occupied = server;
  }

  /** Its supervisor has it back soon. */
  async function free(): Promise<void> {
    const server = occupied;
    occupied = undefined;
    if (server !== undefined) await new Promise((resolve) => server.close(resolve));
  }

  function arrived(consent: string, version: number): Promise<SlipDocument> {
    return eventually(async () => {
      const answer = await reader.call('GET', '/v1/slips?limit=200');
      expect(answer.status, answer.text).to.equal(200);
      const slip = slipPage.parse(answer.json).slips.find((one) => one.consent === consent);
      if (slip?.version !== version) throw new Error(`not handed over yet: ${answer.text}`);
      return slip;
    }, PATIENCE);
  }

  function becomes({ slip }: SlipDocument, status: string): Promise<void> {
    return eventually(async () => {
      const answer = await reader.call('GET', `/v1/slips/${slip}/verification`);
      expect(answer.status, answer.text).to.equal(200);
      expect(slipVerification.parse(answer.json).status).to.equal(status);
    }, PATIENCE);
  }

  it('is current, then changed, then withdrawn, while the custodian says nothing', async () => {
    const subject = String((await custodian.call('POST', '/v1/subjects', {})).json['subject']);
    const filed = await custodian.call('POST', '/v1/consents', {
      resource: consentOf(subject, `consent-of-${subject.slice(0, 20)}`),
      evidence: EVIDENCE,
    });
    expect(filed.status, filed.text).to.equal(201);
    const consent = String(filed.json['consent']);
    const slip = await arrived(consent, 1);
    expect(slip).to.deep.include({ custodian: 'Organization/riverside', names: 'current' });
    expect(JSON.stringify(slip)).to.not.include(subject);
    await becomes(slip, 'current');

    // The reader is not told of the second version: it sees it on its own peer.
    await occupy();
    const next = consentOf(subject, consent, 'HPAYMT');
    const changed = await custodian.call('PUT', `/fhir/r4/Consent/${consent}`, next, {
      'content-type': 'application/fhir+json',
      'if-match': 'W/"1"',
      'consent-ledger-evidence': Buffer.from(JSON.stringify(EVIDENCE)).toString('base64url'),
    });
    expect(changed.status, changed.text).to.equal(200);
    await silence();
    await free();
    await becomes(await arrived(consent, 1), 'changed');
    goOn();
    const second = await arrived(consent, 2);
    await becomes(second, 'current');

    await eventually(async () => {
      const seen = await oversight.call('GET', `/v1/consents/${consent}?custodian=Organization/riverside`);
      expect(seen.status, seen.text).to.equal(200);
    }, PATIENCE);
    await silence();
    await eventually(async () => {
      const path = `/v1/consents/${consent}/withdrawal?custodian=Organization/riverside`;
      const withdrawn = await oversight.call('POST', path, {});
      expect(withdrawn.status, withdrawn.text).to.equal(200);
    }, PATIENCE);
    await becomes(second, 'withdrawn');
    goOn();
  });
});

function consentOf(subject: string, id: string, purpose = 'TREAT'): object {
  return {
    resourceType: 'Consent',
    id,
    status: 'active',
    scope: { coding: [{ system: `${HL7}/consentscope`, code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${subject}` },
    provision: {
      type: 'permit',
      actor: [
        {
          role: { coding: [{ system: `${HL7}/v3-ParticipationType`, code: 'IRCP' }] },
          reference: { reference: 'Organization/lakeside' },
        },
      ],
      purpose: [{ system: `${HL7}/v3-ActReason`, code: purpose }],
    },
  };
}
