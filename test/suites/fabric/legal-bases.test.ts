import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleKept, subjectBasisChanged, subjectBasisList } from '@consent-ledger/chaincode/wire/http';
import { parseTopology, portPlan } from '@consent-ledger/network';
import { expect } from 'chai';
import { testConsortium, type TestConsortium } from '../../support/consortium.js';
import { eventually } from '../../support/eventually.js';
import { fabricProcesses } from '../../support/fabric-processes.js';
import { memberUser, type MemberUser } from '../../support/member-user.js';
import { skippedWithoutFabric } from '../../support/needs-fabric.js';
import { temporaryFolder } from '../../support/temporary.js';

const PATIENCE = { withinMs: 90_000, everyMs: 250 };
const DEMO = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));
const BASIS = 'private.order-17';
const AT = '?custodian=Organization/riverside';

describe('a legal basis about one patient, on Fabric', function () {
  if (skippedWithoutFabric()) return;
  this.timeout(240_000);
  let consortium: TestConsortium;
  let user: (member: string, name: string) => Promise<MemberUser>;
  // Before the folder goes.
  after(async () => {
    await consortium.run('down');
    expect(await fabricProcesses(consortium.dataDir), 'left behind').to.deep.equal({});
  });
  const folder = temporaryFolder();

  before(async () => {
    consortium = await testConsortium(folder.path, 'bases');
    const file = join(folder.path, 'bft.yaml');
    const text = (await readFile(DEMO, 'utf8')).replace('type: embedded', 'type: bft');
    await writeFile(file, text);
    const ports = String(consortium.portBase);
    const up = await consortium.run('up', '--detach', '--topology', file, '--port-base', ports);
    expect(up.code, up.stderr).to.equal(0);
    const topology = parseTopology(text, file);
    const plan = portPlan(topology, consortium.portBase);
    user = (member, name) => memberUser(topology, plan, consortium.dataDir, member, name);
  });

  it('is registered by the custodian and oversight, opens the record, and ends with the subject', async () => {
    const [clerk, officer, auditor, doctor] = await Promise.all([
      user('riverside', 'records-clerk'),
      user('riverside', 'privacy-officer'),
      user('sentinel', 'auditor'),
      user('lakeside', 'practitioner'),
    ]);
    const subject = String((await clerk.call('POST', '/v1/subjects', {})).json['subject']);
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        {
          resource: {
            resourceType: 'Observation',
            id: `hb-${subject.slice(0, 16)}`,
            status: 'final',
            code: { coding: [{ system: 'http://loinc.org', code: '718-7' }] },
            subject: { reference: `Patient/${subject}` },
          },
        },
      ],
    };
    const kept = await clerk.call('POST', `/v1/bundles?subject=${subject}&label=N`, bundle);
    expect(kept.status, kept.text).to.be.oneOf([200, 201]);
    const record = bundleKept.parse(kept.json).entries[0]?.record;

    const ask = (): Promise<number> =>
      doctor
        .call('POST', '/v1/access-requests', {
          custodian: 'Organization/riverside',
          records: [record],
          purpose: ['HLEGAL'],
          legalBasis: BASIS,
        })
        .then(({ status }) => status);
    const about = `/v1/subjects/${subject}/legal-bases`;
    const terms = {
      requester: 'Organization/lakeside',
      purposes: ['HLEGAL'],
      cites: ['45 CFR 164.512(e)(1)(i)'],
      jurisdiction: 'US-NY',
      period: { end: '2100' },
      document: 'A'.repeat(43),
    };
    expect(await ask()).to.equal(403);
    const answer = await officer.call('PUT', `${about}/${BASIS}/proposal`, terms);
    expect(answer.status, answer.text).to.equal(200);
    const proposal = subjectBasisChanged.parse(answer.json).proposed?.proposal;
    await eventually(async () => {
      const found = await auditor.call('GET', about + AT);
      expect(subjectBasisList.parse(found.json).legalBases[0]?.proposed?.proposal).to.equal(proposal);
    }, PATIENCE);
    expect((await officer.call('POST', `${about}/${BASIS}/confirmation`, { proposal })).status).to.equal(403);
    const confirmed = await auditor.call('POST', `${about}/${BASIS}/confirmation${AT}`, { proposal });
    expect(confirmed.status, confirmed.text).to.equal(200);
    await eventually(async () => {
      const found = subjectBasisList.parse((await officer.call('GET', about)).json).legalBases;
      expect(found[0]?.registered?.status).to.equal('active');
    }, PATIENCE);
    expect(await ask()).to.equal(200);

    const ended = await auditor.call('POST', `${about}/${BASIS}/end${AT}`);
    expect(ended.status, ended.text).to.equal(200);
    await eventually(async () => {
      const found = subjectBasisList.parse((await officer.call('GET', about)).json).legalBases;
      expect(found[0]?.registered?.status).to.equal('ended');
    }, PATIENCE);
    expect(await ask()).to.equal(403);

    const erasure = { ground: 'objection', reference: 'case-17' };
    const erased = await officer.call('POST', `/v1/subjects/${subject}/erasure`, erasure);
    expect(erased.status, erased.text).to.equal(201);
    await eventually(async () => {
      expect((await auditor.call('GET', about + AT)).status).to.equal(404);
      const told = await auditor.call('GET', `/v1/subjects/${subject}/erasure${AT}`);
      expect(told.json['remaining'], told.text).to.equal(0);
    }, PATIENCE);
  });
});
