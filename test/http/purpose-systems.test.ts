import { Replay, withConsent, type ChangedAccess } from '@consent-ledger/audit';
import { compileConsent } from '@consent-ledger/chaincode/domain';
import { checksAnswered } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { deliveredHistory } from '../support/history.js';
import { expectOutcome, fhirClient } from './support/fhir.js';
import { ask, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, PURPOSE_SYSTEM, sharedMembers, type Members } from './support/shared.js';

const CODE = 'quality-registry';
const PURPOSE = `${PURPOSE_SYSTEM}|${CODE}`;
const UNKNOWN = `urn:nobody:purposes|${CODE}`;

describe('a custodian registers purposes of its own, and they go the whole way', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let subject: string;
  let record: string;
  let consent: Record<string, unknown>;

  before(async () => {
    members = await sharedMembers();
    subject = await registerSubject(members.riverside);
    ({ id: record } = await putRecord(members.riverside, { subject }));
    consent = consentFor(PURPOSE_SYSTEM, subject);
  });

  function consentFor(system: string, whose: string): Record<string, unknown> {
    const made = treatmentConsent({ subject: whose, recipient: members.lakeside.reference });
    return {
      ...made,
      provision: { ...(made['provision'] as object), purpose: [{ system, code: CODE }] },
    };
  }

  const check = async (purpose: string, more: object = { record }) => {
    const token = await members.riverside.token('clerk', ['consent-clerk']);
    const question = { requester: { member: members.lakeside.reference }, purpose: [purpose], ...more };
    return members.riverside.call('POST', '/v1/checks', { token, body: { questions: [question] } });
  };

  it('filed, found by them, checked, and released for', async () => {
    const { riverside, lakeside } = members;
    const fhir = await fhirClient(riverside);
    const filed = await fhir.post('/Consent', consent);
    expect(filed.status, filed.bytes.toString()).to.equal(201);
    const purpose = encodeURIComponent(PURPOSE);
    const found = await fhir.get(`/Consent?patient=Patient/${subject}&purpose=${purpose}`);
    expect(found.json).to.include({ type: 'searchset', total: 1 });

    const checked = checksAnswered.parse((await check(PURPOSE)).json).checks[0];
    expect(checked).to.deep.include({ outcome: 'permit', reason: 'permitted-by-consent' });
    expect((await ask(lakeside, riverside, [record], PURPOSE)).status).to.equal(200);
    expect((await ask(lakeside, riverside, [record], 'TREAT')).status).to.equal(403);
  });

  it('consulted on before something is shown', async () => {
    const token = await members.riverside.token('doctor', ['practitioner']);
    const consult = (purposeOfUse: string) =>
      members.riverside.call('POST', '/cds-services/patient-consent-consult', {
        token,
        body: {
          hook: 'patient-consent-consult',
          hookInstance: randomUUID(),
          context: { patientId: subject, actor: [{ value: members.lakeside.reference }], purposeOfUse },
        },
      });
    const [card] = (await consult(PURPOSE)).json['cards'] as { summary: string }[];
    expect(card?.summary).to.equal('CONSENT_PERMIT');
    expectProblem(await consult(UNKNOWN), 400, 'body-malformed');
  });

  it('refused where the system is not registered: in a consent, a check, a request, and at another custodian', async () => {
    const { riverside, lakeside } = members;
    const fhir = await fhirClient(riverside);
    const refused = await fhir.post('/Consent', consentFor('urn:nobody:purposes', subject));
    const [issue] = expectOutcome(refused, 422, 'consent-refused');
    expect(issue?.expression).to.deep.equal(['Consent.provision.purpose[0]']);
    expectProblem(await check(UNKNOWN), 400, 'body-malformed');
    expectProblem(await check(UNKNOWN, { subject, facts: { labels: [] } }), 400, 'body-malformed');
    expectProblem(await ask(riverside, riverside, [record], UNKNOWN), 400, 'body-malformed');
    // Which systems Riverside has registered is for Riverside to say.
    const asked = await ask(lakeside, riverside, [record], UNKNOWN);
    expectProblem(asked, 400, 'body-malformed');
    expect(asked.json['errors']).to.have.deep.nested.property('[0].path', '$.purpose[0]');

    const elsewhere = await registerSubject(lakeside);
    const there = await (await fhirClient(lakeside)).post('/Consent', consentFor(PURPOSE_SYSTEM, elsewhere));
    expectOutcome(there, 422, 'consent-refused');
  });

  it('and decided again by an auditor, also under another consent', async () => {
    const { provision, ...rest } = consentFor(PURPOSE_SYSTEM, subject);
    Reflect.deleteProperty(rest, 'policyRule');
    const compiled = compileConsent(
      { ...rest, provision: { ...(provision as object), type: 'deny' } },
      { purposeSystems: [PURPOSE_SYSTEM] },
    );
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
    const changed: ChangedAccess[] = [];
    const replay = new Replay({
      chaincode: 'consent-ledger',
      selects: ({ detail }) => detail?.records.some(({ subjects }) => subjects.includes(subject)) ?? false,
      onEvent: async (event) => {
        changed.push(...(await withConsent(event, compiled.policy)));
      },
    });
    for (const block of await deliveredHistory(members.sentinel)) await replay.block(block);
    expect(replay.report()).to.deep.include({ events: 2, permitted: 1, denied: 1, sound: true });
    expect(replay.report().findings).to.deep.equal([]);
    expect(changed.map(({ wouldBe }) => wouldBe.reason)).to.deep.equal(['denied-by-consent']);
  });
});
