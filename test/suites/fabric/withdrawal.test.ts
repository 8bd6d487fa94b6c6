import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StatementMade } from '@consent-ledger/chaincode/wire/http';
import type { Statement } from '@consent-ledger/chaincode/wire';
import { parseTopology, portPlan, type Topology } from '@consent-ledger/network';
import { expect } from 'chai';
import { testConsortium, type TestConsortium } from '../../support/consortium.js';
import { fabricProcesses } from '../../support/fabric-processes.js';
import { memberUser, type MemberUser } from '../../support/member-user.js';
import { newAppKey, type Signer } from '../../support/signers.js';
import { temporaryFolder } from '../../support/temporary.js';
import { eventually } from '../../support/eventually.js';
import { skippedWithoutFabric } from '../../support/needs-fabric.js';

const PATIENCE = { withinMs: 150_000, everyMs: 250 };

const DEMO = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));
const WITNESSED = { kind: 'witnessed', form: 'A'.repeat(43) };

describe('a withdrawal that the custodian cannot hold up, on Fabric', function () {
  if (skippedWithoutFabric()) return;
  this.timeout(240_000);
  let consortium: TestConsortium;
  let topology: Topology;
  let frozen: number[] = [];
  // Before the folder goes.
  after(async () => {
    thaw();
    await consortium.run('down');
    expect(await fabricProcesses(consortium.dataDir), 'left behind').to.deep.equal({});
  });
  const folder = temporaryFolder();

  before(async () => {
    consortium = await testConsortium(folder.path, 'withdrawal');
    const file = join(folder.path, 'bft.yaml');
    const text = (await readFile(DEMO, 'utf8')).replace('type: embedded', 'type: bft');
    await writeFile(file, text);
    topology = parseTopology(text, file);
    const up = await consortium.run(
      'up',
      '--detach',
      '--topology',
      file,
      '--port-base',
      String(consortium.portBase),
    );
    expect(up.code, up.stderr).to.equal(0);
  });

  const user = (member: string, name: string): Promise<MemberUser> =>
    memberUser(topology, portPlan(topology, consortium.portBase), consortium.dataDir, member, name);

  /** Everything of the custodian's stands still: connections are taken, and nothing ever comes back. */
  async function freeze(): Promise<void> {
    const processes = await fabricProcesses(consortium.dataDir);
    frozen = Object.entries(processes).flatMap(([name, pid]) => (name.endsWith('-riverside') ? [pid] : []));
    expect(frozen).to.have.length(3);
    frozen.push(await consortium.pidOf('gateway-riverside'));
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
  }

  function thaw(): void {
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
    frozen = [];
  }

  it('is taken at oversight, signed there by the subject, while gateway, peer, orderer and chaincode of the custodian stand still', async () => {
    const clerk = await user('riverside', 'consent-clerk');
    const auditor = await user('sentinel', 'auditor');
    const subject = String((await clerk.call('POST', '/v1/subjects', {})).json['subject']);
    const key = newAppKey();
    await register(clerk, subject, key);
    const filed = await clerk.call('POST', '/v1/consents', {
      resource: consentOf(subject),
      evidence: WITNESSED,
    });
    expect(filed.status, filed.text).to.equal(201);
    const consent = String(filed.json['consent']);
    const at = `?custodian=Organization/riverside`;
    await eventually(async () => {
      expect((await auditor.call('GET', `/v1/consents/${consent}${at}`)).status).to.equal(200);
    }, PATIENCE);

    await freeze();
    const asked = await auditor.call('POST', `/v1/statements${at}`, { statement: 'withdrawal', consent });
    expect(asked.status, asked.text).to.equal(200);
    const body = { evidence: signed(asked.json as StatementMade, key) };
    const path = `/v1/consents/${consent}/withdrawal${at}`;
    // Should the custodian have led the orderers, they find another leader first; meanwhile the outcome is unknown.
    const withdrawn = await eventually(async () => {
      const answer = await auditor.call('POST', path, body);
      expect(answer.status, answer.text).to.equal(200);
      return answer;
    }, PATIENCE);

    thaw();
    await eventually(async () => {
      const seen = await clerk.call('GET', `/v1/consents/${consent}`);
      expect(seen.json['withdrawal'], seen.text).to.deep.include({
        at: withdrawn.json['withdrawnAt'],
        by: 'Organization/sentinel',
      });
    }, PATIENCE);
    await eventually(async () => {
      const outbox = await clerk.call('GET', `/v1/subjects/${subject}/notifications`);
      const [newest] = outbox.json['notifications'] as { kind: string; about: string }[];
      expect(newest).to.include({ kind: 'consent-withdrawn', about: consent });
    }, PATIENCE);
  });

  async function register(clerk: MemberUser, subject: string, key: Signer): Promise<void> {
    const asked = await clerk.call('POST', '/v1/statements', { statement: 'key', subject, key: key.given });
    const { nonce, date, proof } = signed(asked.json as StatementMade, key);
    const body = { key: key.given, evidence: WITNESSED, possession: { nonce, date, proof } };
    const answer = await clerk.call('POST', `/v1/subjects/${subject}/keys`, body);
    expect(answer.status, answer.text).to.equal(201);
  }
});

function signed({ statement, nonce, date }: StatementMade, key: Signer) {
  return { kind: 'signed', nonce, date, proof: key.prove(statement as unknown as Statement) };
}

function consentOf(subject: string): object {
  const HL7 = 'http://terminology.hl7.org/CodeSystem';
  return {
    resourceType: 'Consent',
    id: `consent-of-${subject.slice(0, 20)}`,
    status: 'active',
    scope: { coding: [{ system: `${HL7}/consentscope`, code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${subject}` },
    policyRule: { coding: [{ system: `${HL7}/v3-ActCode`, code: 'OPTIN' }] },
    provision: { type: 'permit', purpose: [{ system: `${HL7}/v3-ActReason`, code: 'TREAT' }] },
  };
}
