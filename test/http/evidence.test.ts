import { expect } from 'chai';
import {
  delegationList,
  keyList,
  statementMade,
  type StatementMade,
} from '@consent-ledger/chaincode/wire/http';
import { newAppKey, newPasskey, type Signer } from '../support/signers.js';
import {
  askForStatement,
  callAsClerk,
  callAsPortal,
  givenOf,
  registerKey,
  signatureOn,
  signedOn,
  statementFor,
  WITNESSED,
} from './support/evidence.js';
import type { Answer, TestMember } from './support/consortium.js';
import { evidenceHeader, expectOutcome, fhirClient } from './support/fhir.js';
import { ask, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

describe('evidence of consent at the gateway', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let riverside: TestMember;
  let subject: string;

  before(async () => {
    members = await sharedMembers();
    ({ riverside } = members);
  });

  beforeEach(async () => {
    subject = await registerSubject(riverside);
  });

  const unsigned = (changes: object = {}): Record<string, unknown> => {
    const resource = treatmentConsent({ subject, recipient: members.lakeside.reference });
    delete resource['id'];
    return { ...resource, ...changes };
  };

  async function fileSigned(signer: Signer, resource = unsigned()): Promise<Answer> {
    const made = await statementFor(riverside, { statement: 'consent', resource });
    return callAsPortal(riverside, '/v1/consents', { resource, evidence: signedOn(made, signer) });
  }

  const get = async (path: string): Promise<Answer> =>
    riverside.call('GET', path, { token: await riverside.token('portal', ['consent-portal']) });

  for (const [name, make] of [
    ['a key of an application', () => newAppKey('EdDSA')],
    ['a passkey', () => newPasskey('ES256')],
  ] as const) {
    it(`takes a consent that ${name} signed, under the id that the statement gave, and opens the record`, async () => {
      const signer = make();
      const registered = await registerKey(riverside, subject, signer);
      expect(registered.status, registered.bytes.toString()).to.equal(201);
      expect(registered.json).to.include({ subject, key: signer.kid });
      const resource = unsigned();
      const made = statementMade.parse(await statementFor(riverside, { statement: 'consent', resource }));
      expect(made.keys.map(({ key }) => key)).to.deep.equal([signer.kid]);
      const body = { resource, evidence: signedOn(made, signer) };
      const filed = await callAsPortal(riverside, '/v1/consents', body);
      expect(filed.status, filed.bytes.toString()).to.equal(201);
      expect(filed.json['consent']).to.equal(made.consent);
      expectProblem(await callAsPortal(riverside, '/v1/consents', body), 409, 'consent-already-filed');
      const { id } = await putRecord(riverside, { subject });
      expect((await ask(members.lakeside, riverside, [id])).status).to.equal(200);
    });
  }

  it("refuses an altered consent, another's key, and a portal that would attest something", async () => {
    const [own, other] = [newAppKey(), newPasskey()];
    await registerKey(riverside, subject, own);
    const elsewhere = await registerSubject(riverside);
    await registerKey(riverside, elsewhere, other);
    const resource = unsigned();
    const made = await statementFor(riverside, { statement: 'consent', resource });
    const file = (body: object): Promise<Answer> => callAsPortal(riverside, '/v1/consents', body);
    const altered = { resource: unsigned({ dateTime: '2020-01-01' }), evidence: signedOn(made, own) };
    expectProblem(await file(altered), 422, 'evidence-signature-refused');
    expectProblem(await file({ resource, evidence: signedOn(made, other) }), 422, 'evidence-key-unknown');
    expectProblem(
      await file({ resource: { ...resource, id: 'c' }, evidence: WITNESSED }),
      403,
      'role-missing',
    );
    const delegated = { kind: 'delegated', delegation: 'd', act: WITNESSED };
    expectProblem(
      await file({ resource: { ...resource, id: 'c' }, evidence: delegated }),
      403,
      'role-missing',
    );
    const named = { resource: { ...resource, id: 'mine' }, evidence: signedOn(made, own) };
    expectProblem(await file(named), 422, 'consent-id-refused');
    const twice = { ...signedOn(made, own), by: 'somebody-0123456789' };
    expectProblem(await file({ resource, evidence: twice }), 400, 'body-malformed');
  });

  it('registers by an older key, replaces, and ends what is lost; the list keeps it all', async () => {
    const [first, second, third] = [newAppKey(), newPasskey('EdDSA'), newAppKey('EdDSA')];
    await registerKey(riverside, subject, first);
    const path = `/v1/subjects/${subject}/keys`;

    const adding = await statementFor(riverside, { statement: 'key', subject, key: givenOf(second) });
    const added = await callAsPortal(riverside, path, {
      key: givenOf(second),
      evidence: signedOn(adding, first),
      possession: signatureOn(adding, second),
    });
    expect(added.status, added.bytes.toString()).to.equal(201);

    const replacing = await statementFor(riverside, {
      statement: 'key',
      subject,
      key: givenOf(third),
      replaces: first.kid,
    });
    const replaced = await callAsPortal(riverside, `${path}/${first.kid}/replacement`, {
      key: givenOf(third),
      evidence: signedOn(replacing, first),
      possession: signatureOn(replacing, third),
    });
    expect(replaced.status, replaced.bytes.toString()).to.equal(201);
    expectProblem(await fileSigned(first), 422, 'evidence-key-ended');

    const loss = `${path}/${second.kid}/loss`;
    expectProblem(await callAsPortal(riverside, loss, { evidence: WITNESSED }), 403, 'role-missing');
    expect((await callAsClerk(riverside, loss, { evidence: WITNESSED })).status).to.equal(200);
    expect((await callAsClerk(riverside, loss, { evidence: WITNESSED })).status).to.equal(200);
    expectProblem(await fileSigned(second), 422, 'evidence-key-ended');

    const { keys } = keyList.parse((await get(path)).json);
    expect(keys.map(({ key, ended, evidence }) => [key, ended?.reason, evidence])).to.deep.equal([
      [first.kid, 'replaced', 'witnessed'],
      [second.kid, 'revoked', 'signed'],
      [third.kid, undefined, 'signed'],
    ]);
    expect((await fileSigned(third)).status).to.equal(201);
    const unknown = `${path}/${'A'.repeat(43)}/loss`;
    expectProblem(await callAsClerk(riverside, unknown, { evidence: WITNESSED }), 404, 'subject-key-unknown');
  });

  it('takes passkeys for the relying parties of its configuration, and for no other', async () => {
    const given = { ...givenOf(newPasskey()), relyingParty: 'evil.example' };
    const input = { statement: 'key', subject, key: given };
    expectProblem(await askForStatement(riverside, input), 422, 'relying-party-unknown');
    expectProblem(
      await askForStatement(members.lakeside, { ...input, key: givenOf(newPasskey()) }),
      422,
      'relying-party-unknown',
    );
  });

  it('lets a guardian file and withdraw within the delegation, until it is given back', async () => {
    const guardian = await registerSubject(riverside);
    const key = newPasskey();
    await registerKey(riverside, guardian, key);
    const terms = {
      delegate: guardian,
      relationship: 'guardian',
      scope: { acts: ['file', 'withdraw'], scopes: ['patient-privacy'], purposes: ['TREAT'] },
      period: { start: '2026-01-01T00:00:00.000Z', end: '2099-01-01T00:00:00.000Z' },
    };
    const path = `/v1/subjects/${subject}/delegations`;
    const body = { ...terms, evidence: WITNESSED };
    expectProblem(await callAsPortal(riverside, path, body), 403, 'role-missing');
    const registered = await callAsClerk(riverside, path, body);
    expect(registered.status, registered.bytes.toString()).to.equal(201);
    const delegation = String(registered.json['delegation']);

    const resource = unsigned();
    const made = await statementFor(riverside, { statement: 'consent', resource, delegation });
    expect(made.keys.map((one) => one.key)).to.deep.equal([key.kid]);
    const evidence = { kind: 'delegated', delegation, act: signedOn(made, key) };
    const filed = await callAsPortal(riverside, '/v1/consents', { resource, evidence });
    expect(filed.status, filed.bytes.toString()).to.equal(201);
    const consent = String(filed.json['consent']);

    const beyond = { ...resource, provision: { type: 'permit' } };
    const more = await statementFor(riverside, { statement: 'consent', resource: beyond, delegation });
    expectProblem(
      await callAsPortal(riverside, '/v1/consents', {
        resource: beyond,
        evidence: { kind: 'delegated', delegation, act: signedOn(more, key) },
      }),
      403,
      'delegation-exceeded',
    );

    const leaving = await statementFor(riverside, { statement: 'withdrawal', consent, delegation });
    const withdrawn = await callAsPortal(riverside, `/v1/consents/${consent}/withdrawal`, {
      evidence: { kind: 'delegated', delegation, act: signedOn(leaving, key) },
    });
    expect(withdrawn.status, withdrawn.bytes.toString()).to.equal(200);

    const ending = await statementFor(riverside, {
      statement: 'delegation-end',
      subject,
      delegation,
      as: 'delegate',
    });
    const ended = await callAsPortal(riverside, `${path}/${delegation}/end`, {
      evidence: { kind: 'delegated', delegation, act: signedOn(ending, key) },
    });
    expect(ended.status, ended.bytes.toString()).to.equal(200);
    const { delegations } = delegationList.parse((await get(path)).json);
    expect(delegations).to.have.length(1);
    expect(delegations[0]).to.deep.include({ delegation, delegate: guardian, scope: terms.scope });
    expect(delegations[0]?.ended?.evidence).to.equal('delegated');
  });

  it('takes a change as FHIR, signed for that consent and version alone', async () => {
    const key = newPasskey();
    await registerKey(riverside, subject, key);
    const client = await fhirClient(riverside);
    const first = await statementFor(riverside, { statement: 'consent', resource: unsigned() });
    const created = await client.post('/Consent', unsigned(), {
      'consent-ledger-evidence': evidenceHeader(signedOn(first, key)),
    });
    expect(created.status, created.bytes.toString()).to.equal(201);
    expect(created.json['id']).to.equal(first.consent);
    const path = `/Consent/${String(first.consent)}`;
    const changed = { ...created.json, dateTime: '2026-11-01' };
    const change = (version: number): Promise<StatementMade> =>
      statementFor(riverside, { statement: 'consent', resource: changed, version });
    const put = async (made: StatementMade): Promise<Answer> =>
      client.put(path, changed, { 'consent-ledger-evidence': evidenceHeader(signedOn(made, key)) });
    for (const wrong of [
      await statementFor(riverside, { statement: 'consent', resource: changed }),
      await change(3),
    ])
      expectOutcome(await put(wrong), 422, 'evidence-signature-refused');
    const updated = await put(await change(2));
    expect(updated.status, updated.bytes.toString()).to.equal(200);
    expect((await client.get(`${path}/_history/2`)).json['dateTime']).to.equal('2026-11-01');
  });

  it('takes at oversight a withdrawal that the subject signs there, statement included', async () => {
    const { sentinel } = members;
    const key = newPasskey();
    await registerKey(riverside, subject, key);
    const resource = treatmentConsent({ subject });
    const consent = String((await fileConsent(riverside, resource)).json['consent']);
    const input = { statement: 'withdrawal', consent, reason: 'changed-mind' };
    const made = await statementFor(sentinel, input, riverside);
    const path = `/v1/consents/${consent}/withdrawal?custodian=${riverside.reference}`;
    const evidence = signedOn(made, key);
    expectProblem(await callAsPortal(sentinel, path, { evidence }), 422, 'evidence-signature-refused');
    const done = await callAsPortal(sentinel, path, { evidence, reason: 'changed-mind' });
    expect(done.status, done.bytes.toString()).to.equal(200);
    expectProblem(await askForStatement(sentinel, input), 400, 'parameter-malformed');
  });

  it('asks for no statement about what is not there', async () => {
    for (const [input, status, code] of [
      [{ statement: 'withdrawal', consent: 'nothing' }, 404, 'consent-unknown'],
      [{ statement: 'key-end', subject: 'nobody', key: 'A'.repeat(43) }, 404, 'subject-unknown'],
      [{ statement: 'consent', resource: unsigned(), delegation: 'none' }, 404, 'delegation-unknown'],
      [{ statement: 'consent', resource: {} }, 422, 'consent-refused'],
      [{ statement: 'everything' }, 400, 'body-malformed'],
      [{ statement: 'key-end', subject, key: 'short' }, 400, 'body-malformed'],
    ] as const) {
      expectProblem(await askForStatement(riverside, input), status, code, JSON.stringify(input));
    }
  });
});
