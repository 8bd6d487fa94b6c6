import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { newPasskey } from '../support/signers.js';
import { registerKey, signedOn, statementFor } from './support/evidence.js';
import {
  bundleOf,
  evidenceHeader,
  expectOutcome,
  fhirClient,
  idsOf,
  linkOf,
  type FhirClient,
  type Json,
} from './support/fhir.js';
import { ask, fileConsent, FORM, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const HL7 = 'http://terminology.hl7.org/CodeSystem';
const provisionOf = (consent: Json): Json => consent['provision'] as Json;
const denial = (consent: Json): Json => ({
  ...consent,
  policyRule: undefined,
  provision: { ...provisionOf(consent), type: 'deny' },
});
const naming = (kind: string, id: string): Json => ({
  extension: [{ url: `urn:consent-ledger:fhir:${kind}`, valueReference: { reference: `Consent/${id}` } }],
});
const r5Consent = (subject: string): Json => ({
  resourceType: 'Consent',
  status: 'active',
  subject: { reference: `Patient/${subject}` },
  decision: 'permit',
  period: { start: '2026-01-01', end: '2026-12-31' },
  provision: [{ purpose: [{ system: `${HL7}/v3-ActReason`, code: 'HMARKT' }] }],
});

describe('consents as FHIR resources', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let r4: FhirClient;
  let r5: FhirClient;
  let subject: string;

  before(async () => {
    members = await sharedMembers();
    r4 = await fhirClient(members.riverside);
    r5 = await fhirClient(members.riverside, 'r5');
  });

  beforeEach(async () => {
    subject = await registerSubject(members.riverside);
  });

  const created = async (consent: Json = treatmentConsent({ subject })): Promise<Json> => {
    const answer = await r4.post('/Consent', consent);
    expect(answer.status, answer.bytes.toString()).to.equal(201);
    return answer.json;
  };

  describe('a capability statement', () => {
    for (const [release, version] of [
      ['r4', '4.0.1'],
      ['r5', '5.0.0'],
    ] as const) {
      it(`of ${release} says what is there, to anyone`, async () => {
        const answer = await members.riverside.call('GET', `/fhir/${release}/metadata`);
        expect(answer.status).to.equal(200);
        expect(answer.headers['content-type']).to.match(/^application\/fhir\+json/);
        const { fhirVersion, rest } = answer.json as unknown as {
          fhirVersion: string;
          rest: {
            resource: { type: string; searchParam?: { name: string }[]; operation?: { name: string }[] }[];
          }[];
        };
        expect(fhirVersion).to.equal(version);
        expect(
          rest[0]?.resource.map(({ type, operation = [] }) => [type, ...operation.map(({ name }) => name)]),
        ).to.deep.equal(release === 'r4' ? [['Consent'], ['Patient', 'match']] : [['Consent']]);
        for (const { name } of rest[0]?.resource[0]?.searchParam ?? []) {
          const client = release === 'r4' ? r4 : r5;
          const value = { _lastUpdated: 'ge2026', period: 'ge2026' }[name] ?? 'x';
          const searched = await client.get(`/Consent?${name}=${value}`, { prefer: 'handling=strict' });
          expect(searched.status, `${name} ${searched.bytes.toString()}`).to.equal(200);
        }
      });
    }
  });

  describe('filing', () => {
    it('makes an id, and answers as FHIR asks for', async () => {
      const consent = {
        ...treatmentConsent({ subject, id: 'chosen' }),
        meta: { versionId: '7', profile: ['urn:p'] },
      };
      const answer = await r4.post('/Consent', consent);
      expect(answer.status, answer.bytes.toString()).to.equal(201);
      const id = String(answer.json['id']);
      expect(id).not.to.equal('chosen');
      expect(answer.headers['location']).to.equal(
        `${members.riverside.url}/fhir/r4/Consent/${id}/_history/1`,
      );
      expect(answer.headers['etag']).to.equal('W/"1"');
      const { meta } = answer.json as { meta: { versionId: string; lastUpdated: string; profile: string[] } };
      expect(meta).to.deep.include({ versionId: '1', profile: ['urn:p'] });
      expect(answer.headers['last-modified']).to.equal(new Date(meta.lastUpdated).toUTCString());
      const read = await r4.get(`/Consent/${id}`);
      expect(read.json).to.deep.equal(answer.json);
      expect(read.headers['etag']).to.equal('W/"1"');
    });

    it('files by the use case of POST /v1/consents, and what is decided is the same', async () => {
      const { riverside, lakeside } = members;
      const { id: record } = await putRecord(riverside, { subject });
      const { id } = await created(treatmentConsent({ subject, recipient: lakeside.reference }));
      const token = await riverside.token('clerk', ['consent-clerk']);
      const filed = await riverside.call('GET', `/v1/consents/${String(id)}`, { token });
      expect(filed.json).to.deep.include({ consent: id, version: 1, subject });
      expect(filed.json['evidence']).to.deep.include({ kind: 'witnessed', form: FORM });
      expect((await ask(lakeside, riverside, [record])).status).to.equal(200);
    });

    it('gives as much back as is preferred', async () => {
      const minimal = await r4.post('/Consent', treatmentConsent({ subject }), { prefer: 'return=minimal' });
      expect(minimal.status).to.equal(201);
      expect(minimal.bytes).to.have.length(0);
      expect(minimal.headers['location']).to.match(/_history\/1$/);
      const outcome = await r4.post('/Consent', treatmentConsent({ subject }), {
        prefer: 'handling=strict; return="OperationOutcome"',
      });
      expect(outcome.status).to.equal(201);
      expect(outcome.json['resourceType']).to.equal('OperationOutcome');
    });

    it('names the element that is refused, by FHIRPath, and both readings of it', async () => {
      const strange = {
        ...treatmentConsent({ subject }),
        modifierExtension: [{ url: 'urn:x', valueBoolean: true }],
      };
      const [issue] = expectOutcome(await r4.post('/Consent', strange), 422, 'consent-refused');
      expect(issue).to.deep.include({ severity: 'error', expression: ['Consent.modifierExtension'] });
      const wrong = await r4.post('/Consent', { ...treatmentConsent({ subject }), status: 'maybe' });
      expect(expectOutcome(wrong, 422, 'consent-refused')[0]?.expression).to.deep.equal(['Consent.status']);
      const nobody = { ...treatmentConsent({ subject, recipient: 'Organization/nobody' }) };
      const actor = expectOutcome(await r4.post('/Consent', nobody), 422, 'consent-actor-not-member');
      expect(actor[0]?.expression).to.deep.equal(['Consent.provision.actor']);
    });

    it('needs evidence, the right FHIR version, and no condition', async () => {
      const consent = treatmentConsent({ subject });
      const none = await r4.post('/Consent', consent, { 'consent-ledger-evidence': '' });
      expect(expectOutcome(none, 400, 'parameter-malformed')[0]?.location).to.deep.equal([
        'http.header.consent-ledger-evidence',
      ]);
      const elsewhere = expectOutcome(await r5.post('/Consent', consent), 422, 'consent-refused');
      expect(elsewhere[0]?.expression).to.deep.equal(['Consent.decision']);
      expectOutcome(await r4.post('/Consent', r5Consent(subject)), 422, 'consent-refused');
      const typed = { 'content-type': 'application/fhir+json; fhirVersion=5.0' };
      expectOutcome(await r4.post('/Consent', consent, typed), 415, 'media-type-unsupported');
      const condition = { 'if-none-exist': 'patient=x' };
      expectOutcome(await r4.post('/Consent', consent, condition), 400, 'parameter-malformed');
      expectOutcome(await r4.post('/Consent', '[]'), 400, 'body-malformed');
    });

    it('is for clerks, at the custodian', async () => {
      const auditor = await fhirClient(members.riverside, 'r4', ['auditor']);
      expectOutcome(await auditor.post('/Consent', treatmentConsent({ subject })), 403, 'role-missing');
      const answer = await members.riverside.call('GET', `/fhir/r4/Consent?patient=${subject}`);
      const issues = expectOutcome(answer, 401, 'token-missing');
      expect(issues[0]?.code).to.equal('login');
      expect(answer.headers['www-authenticate']).to.match(/^Bearer/);
    });
  });

  describe('the versions of a consent', () => {
    it('are made by updates, and each stays readable', async () => {
      const first = await created();
      const id = String(first['id']);
      const changed = { ...first, dateTime: '2026-02-02' };
      const updated = await r4.put(`/Consent/${id}`, changed, { 'if-match': 'W/"1"' });
      expect(updated.status, updated.bytes.toString()).to.equal(200);
      expect(updated.headers['etag']).to.equal('W/"2"');
      expect(updated.json).to.deep.include({ id, dateTime: '2026-02-02' });
      expect((await r4.get(`/Consent/${id}/_history/1`)).json).to.deep.equal(first);
      expect((await r4.get(`/Consent/${id}/_history/2`)).json).to.deep.equal(updated.json);
      expectOutcome(await r4.get(`/Consent/${id}/_history/3`), 404, 'not-found');
      const history = bundleOf(await r4.get(`/Consent/${id}/_history`));
      expect(history).to.deep.include({ type: 'history', total: 2 });
      expect(history.entry?.map(({ resource }) => resource)).to.deep.equal([updated.json, first]);
      const page = bundleOf(await r4.get(`/Consent/${id}/_history?_count=1`));
      expect(page.entry?.map(({ resource }) => resource)).to.deep.equal([updated.json]);
      const next = bundleOf(await r4.get(linkOf(page, 'next') ?? ''));
      expect(next.entry?.map(({ resource }) => resource)).to.deep.equal([first]);
      expect(linkOf(next, 'next')).to.equal(undefined);
    });

    it('see a lost update', async () => {
      const first = await created();
      const path = `/Consent/${String(first['id'])}`;
      expect(
        (await r4.put(path, { ...first, dateTime: '2026-02-02' }, { 'if-match': 'W/"1"' })).status,
      ).to.equal(200);
      const lost = await r4.put(path, { ...first, dateTime: '2026-03-03' }, { 'if-match': 'W/"1"' });
      expectOutcome(lost, 412, 'version-mismatch');
      expectOutcome(
        await r4.put('/Consent/not-there', { ...first, id: 'not-there' }, { 'if-match': '*' }),
        412,
        'version-mismatch',
      );
      const both = await Promise.all(
        ['2026-04-04', '2026-05-05'].map((dateTime) =>
          r4.put(path, { ...first, dateTime }, { 'if-match': 'W/"2"' }),
        ),
      );
      expect(both.map(({ status }) => status).sort(), 'one of two at once').to.deep.equal([200, 412]);
    });

    it('are what is decided by, from the newest on', async () => {
      const { riverside, lakeside } = members;
      const { id: record } = await putRecord(riverside, { subject });
      const first = await created(treatmentConsent({ subject, recipient: lakeside.reference }));
      expect((await ask(lakeside, riverside, [record])).status).to.equal(200);
      const narrowed = {
        ...first,
        provision: { ...provisionOf(first), purpose: [{ system: `${HL7}/v3-ActReason`, code: 'HPAYMT' }] },
      };
      expect((await r4.put(`/Consent/${String(first['id'])}`, narrowed)).status).to.equal(200);
      expectProblem(await ask(lakeside, riverside, [record]), 403, 'access-denied');
    });

    it('end with a revocation, which is a withdrawal whatever else the text says', async () => {
      const { riverside, lakeside } = members;
      const { id: record } = await putRecord(riverside, { subject });
      const first = await created(treatmentConsent({ subject, recipient: lakeside.reference }));
      const id = String(first['id']);
      const revoked = await r4.put(
        `/Consent/${id}`,
        { ...first, status: 'inactive', dateTime: '2026-09-09' },
        { prefer: 'return=OperationOutcome', 'consent-ledger-evidence': '' },
      );
      expect(revoked.status, revoked.bytes.toString()).to.equal(200);
      const [warning] = revoked.json['issue'] as { severity: string; expression: string[] }[];
      expect(warning).to.deep.include({ severity: 'warning', expression: ['Consent.dateTime'] });
      expectProblem(await ask(lakeside, riverside, [record]), 403, 'access-denied');
      const read = await r4.get(`/Consent/${id}`);
      expect(read.headers['etag']).to.equal('W/"2"');
      expect(read.json).to.deep.include({ status: 'inactive' }).and.not.have.property('dateTime');
      const token = await riverside.token('clerk', ['consent-clerk']);
      const { json } = await riverside.call('GET', `/v1/consents/${id}`, { token });
      expect(json['withdrawal']).to.be.an('object');
      const again = await r4.put(`/Consent/${id}`, read.json);
      expect(again.headers['etag'], 'a second time changes nothing').to.equal('W/"2"');
      expectOutcome(await r4.put(`/Consent/${id}`, first), 409, 'consent-is-withdrawn');
      expect(bundleOf(await r4.get(`/Consent/${id}/_history`)).total).to.equal(2);
    });

    it("are the subject's own where the subject signs each", async () => {
      const { riverside } = members;
      const signer = newPasskey();
      await registerKey(riverside, subject, signer);
      const portal = await fhirClient(riverside, 'r4', ['consent-portal']);
      const signed = async (input: object): Promise<Record<string, string>> => {
        const made = await statementFor(riverside, input);
        return { 'consent-ledger-evidence': evidenceHeader(signedOn(made, signer)) };
      };
      const text = treatmentConsent({ subject });
      delete text['id'];
      const first = await portal.post(
        '/Consent',
        text,
        await signed({ statement: 'consent', resource: text }),
      );
      expect(first.status, first.bytes.toString()).to.equal(201);
      const id = String(first.json['id']);
      const changed = { ...text, id, dateTime: '2026-02-02' };
      const second = { statement: 'consent', resource: changed, version: 2 };
      expectOutcome(await portal.put(`/Consent/${id}`, changed), 403, 'role-missing');
      const updated = await portal.put(`/Consent/${id}`, changed, await signed(second));
      expect(updated.status, updated.bytes.toString()).to.equal(200);
      const again = await portal.put(
        `/Consent/${id}`,
        { ...changed, dateTime: '2026-03-03' },
        await signed(second),
      );
      expect(again.status, 'what was signed is another text and version').to.equal(422);
      const withdrawal = await signed({ statement: 'withdrawal', consent: id });
      const revoked = await portal.put(`/Consent/${id}`, { ...changed, status: 'inactive' }, withdrawal);
      expect(revoked.json).to.deep.include({ status: 'inactive', dateTime: '2026-02-02' });
    });

    it('are revoked by oversight, too, and by nobody for another patient', async () => {
      const first = await created();
      const id = String(first['id']);
      const other = { ...first, status: 'inactive', patient: { reference: 'Patient/somebody-else' } };
      expectOutcome(await r4.put(`/Consent/${id}`, other), 422, 'consent-not-of-subject');
      const auditor = await fhirClient(members.sentinel, 'r4', ['auditor']);
      const path = `/Consent/${id}?custodian=Organization/riverside`;
      expect((await auditor.get(path)).json).to.deep.equal(first);
      expectOutcome(await auditor.put(path, { ...first, dateTime: '2026-02-02' }), 403, 'role-missing');
      expect((await auditor.put(path, { ...first, status: 'inactive' })).json['status']).to.equal('inactive');
      // The custodian's peer has the block when it has it.
      const deadline = Date.now() + 20_000;
      const seen = async (): Promise<unknown> => (await r4.get(`/Consent/${id}`)).json['status'];
      while ((await seen()) !== 'inactive' && Date.now() < deadline) await sleep(50);
      expect(await seen()).to.equal('inactive');
    });

    it('can begin with an update, and stay with id, patient and FHIR version', async () => {
      const id = randomUUID();
      const consent = treatmentConsent({ subject, id });
      const made = await r4.put(`/Consent/${id}`, consent);
      expect(made.status, made.bytes.toString()).to.equal(201);
      expect(made.headers['location']).to.match(/_history\/1$/);
      const elsewhere = await r4.put('/Consent/another', consent);
      expect(expectOutcome(elsewhere, 422, 'consent-refused')[0]?.expression).to.deep.equal(['Consent.id']);
      expectOutcome(
        await r5.put(`/Consent/${id}`, { ...r5Consent(subject), id }),
        409,
        'consent-dialect-fixed',
      );
      expectOutcome(await r5.get(`/Consent/${id}`), 404, 'consent-unknown');
      const another = await registerSubject(members.riverside);
      const moved = await r4.put(`/Consent/${id}`, treatmentConsent({ subject: another, id }));
      expectOutcome(moved, 409, 'consent-version-conflict');
    });
  });

  describe('conflicts', () => {
    let deny: Json;

    beforeEach(async () => {
      const { lakeside } = members;
      deny = await created(denial(treatmentConsent({ subject, recipient: lakeside.reference })));
    });

    it('are told as pairs with a question each, at both doors', async () => {
      const consent = treatmentConsent({ subject });
      const [issue] = expectOutcome(await r4.post('/Consent', consent), 409, 'consent-conflicts');
      expect(issue?.expression).to.deep.equal(['Consent.provision']);
      const parts = new Map(
        issue?.extension?.[0]?.extension.map(({ url, ...value }) => [url, Object.values(value)[0]]),
      );
      expect(parts.get('deny')).to.deep.equal({ reference: `Consent/${String(deny['id'])}/_history/1` });
      expect(parts.get('path')).to.equal('Consent.provision');
      expect(JSON.parse(String(parts.get('question')))).to.deep.include({ purpose: ['TREAT'] });

      const problem = await fileConsent(members.riverside, consent);
      expectProblem(problem, 409, 'consent-conflicts');
      const [conflict] = problem.json['conflicts'] as { permit: string; deny: Json; question: Json }[];
      expect(conflict?.permit).to.equal('Consent.provision');
      expect(conflict?.deny).to.deep.equal({ consent: deny['id'], version: 1, path: 'Consent.provision' });
      expect(conflict?.question['requester']).to.deep.include({ member: 'Organization/lakeside' });
    });

    it('end with superseding or acknowledging', async () => {
      const id = String(deny['id']);
      await created({ ...treatmentConsent({ subject }), ...naming('acknowledges', id) });
      await created({ ...treatmentConsent({ subject }), ...naming('supersedes', id) });
      await created();
    });
  });

  describe('searching', () => {
    let all: string[];

    beforeEach(async () => {
      const narrow = treatmentConsent({ subject, recipient: 'Organization/lakeside' });
      const research = treatmentConsent({ subject, purpose: 'HPAYMT' });
      const dated = {
        ...treatmentConsent({ subject }),
        provision: { ...provisionOf(narrow), period: { start: '2024-01-01', end: '2024-12-31' } },
      };
      const made = [];
      for (const consent of [narrow, research, dated]) made.push(await created(consent));
      all = made.map(({ id }) => String(id));
    });

    const found = async (query: string): Promise<string[]> =>
      idsOf(bundleOf(await r4.get(`/Consent?patient=Patient/${subject}${query}`)))
        .map((id) => 'abc'.charAt(all.indexOf(id)))
        .sort();

    it('goes by every parameter, which are ANDed, and whose lists are ORed', async () => {
      for (const [query, expected] of [
        ['', 'abc'],
        ['&status=active', 'abc'],
        ['&status=inactive', ''],
        ['&status=inactive,active', 'abc'],
        ['&actor=Organization/lakeside', 'ac'],
        ['&actor=lakeside', 'ac'],
        [`&actor=${members.riverside.url}/fhir/r4/Organization/lakeside`, 'ac'],
        ['&actor=Organization/riverside', ''],
        ['&purpose=HPAYMT', 'b'],
        [`&purpose=${HL7}/v3-ActReason|HPAYMT`, 'b'],
        ['&purpose=|HPAYMT', ''],
        [`&purpose=${HL7}/v3-ActReason|`, 'abc'],
        ['&purpose=HPAYMT,TREAT', 'abc'],
        ['&purpose=HPAYMT&purpose=TREAT', ''],
        ['&period=2024', 'c'],
        ['&period=2024-06', ''],
        ['&period=ap2024-06', 'c'],
        ['&period=ge2024-12-31', 'c'],
        ['&period=gt2025', ''],
        ['&period=eb2025', 'c'],
        ['&period=sa2023', 'c'],
        ['&period=ne2023', 'c'],
        ['&_lastUpdated=ge2026', 'abc'],
        ['&_lastUpdated=lt2026', ''],
      ] as const) {
        expect((await found(query)).join(''), query).to.equal(expected);
      }
      expect(await found(`&_id=${all[1] ?? ''},${all[2] ?? ''}`)).to.deep.equal(['b', 'c']);
    });

    it('finds the newest versions, and a withdrawn consent as inactive', async () => {
      const { json } = await r4.get(`/Consent/${all[0] ?? ''}`);
      const moved = {
        ...json,
        provision: {
          ...provisionOf(json),
          actor: [
            {
              role: (provisionOf(json)['actor'] as Json[])[0]?.['role'],
              reference: { reference: 'Organization/novacure' },
            },
          ],
        },
      };
      expect((await r4.put(`/Consent/${all[0] ?? ''}`, moved)).status).to.equal(200);
      expect(await found('&actor=lakeside')).to.deep.equal(['c']);
      expect(await found('&actor=novacure')).to.deep.equal(['a']);
      const second = (await r4.get(`/Consent/${all[1] ?? ''}`)).json;
      await r4.put(`/Consent/${all[1] ?? ''}`, { ...second, status: 'inactive' });
      expect(await found('&status=inactive')).to.deep.equal(['b']);
      expect(await found('&status=active')).to.deep.equal(['a', 'c']);
    });

    it('pages by a cursor that says nothing and that nobody can make up', async () => {
      const seen: string[] = [];
      let page = bundleOf(await r4.get(`/Consent?patient=${subject}&_count=2`));
      expect(page).to.deep.include({ type: 'searchset', total: 3 });
      seen.push(...idsOf(page));
      const next = linkOf(page, 'next') ?? '';
      expect(next).not.to.include(subject);
      page = bundleOf(await r4.get(next));
      seen.push(...idsOf(page));
      expect(linkOf(page, 'next')).to.equal(undefined);
      expect(seen).to.deep.equal([...all].sort());
      const cursor = new URL(next).searchParams.get('_cursor') ?? '';
      const at = Math.floor(cursor.length / 2);
      const forged = cursor.slice(0, at) + (cursor[at] === 'A' ? 'B' : 'A') + cursor.slice(at + 1);
      for (const bad of [forged, '', 'AAAA', cursor.slice(0, -2)]) {
        expectOutcome(await r4.get(`/Consent?_cursor=${bad}`), 400, 'parameter-malformed');
      }
      expectOutcome(await r5.get(`/Consent?_cursor=${cursor}`), 400, 'parameter-malformed');
      expectOutcome(await r4.get(`/Consent?_cursor=${cursor}&status=active`), 400, 'parameter-malformed');
    });

    it('counts alone, and never mixes patients or FHIR versions', async () => {
      const counted = bundleOf(await r4.get(`/Consent?patient=${subject}&_summary=count`));
      expect(counted.total).to.equal(3);
      expect(counted).not.to.have.property('entry');
      expect(bundleOf(await r4.get(`/Consent?patient=${subject}&_count=0`)).total).to.equal(3);
      const other = await registerSubject(members.riverside);
      expect(bundleOf(await r4.get(`/Consent?patient=${other}`)).total).to.equal(0);
      expect((await r5.post('/Consent', r5Consent(subject))).status).to.equal(201);
      expect(bundleOf(await r5.get(`/Consent?subject=${subject}&period=2026`)).total).to.equal(1);
      expect(bundleOf(await r4.get(`/Consent?patient=${subject}`)).total).to.equal(3);
    });

    it('takes a form by POST', async () => {
      const answer = await r4.post(
        '/Consent/_search?status=active',
        `patient=Patient%2F${subject}&purpose=HPAYMT`,
        {
          'content-type': 'application/x-www-form-urlencoded',
        },
      );
      expect(idsOf(bundleOf(answer))).to.deep.equal([all[1]]);
      const json = await r4.post('/Consent/_search', {}, {});
      expectOutcome(json, 415, 'media-type-unsupported');
    });

    it('leaves out what it does not know and says so, or refuses it, as is preferred', async () => {
      const lenient = bundleOf(await r4.get(`/Consent?patient=${subject}&category=x&_sort=y`));
      expect(lenient.total).to.equal(3);
      expect(linkOf(lenient, 'self')).not.to.match(/category|_sort/);
      const outcome = lenient.entry?.find(({ search }) => search?.['mode'] === 'outcome');
      expect(JSON.stringify(outcome)).to.include('http.category').and.include('http._sort');
      const strict = await r4.get(`/Consent?patient=${subject}&category=x`, { prefer: 'handling=strict' });
      expect(expectOutcome(strict, 400, 'parameter-malformed')[0]?.location).to.deep.equal(['http.category']);
      for (const query of [
        'patient.identifier=urn:x|1',
        'patient:missing=true',
        'status:not=active',
        'period=yesterday',
        'patient=Group/1',
        'status=',
      ]) {
        expectOutcome(await r4.get(`/Consent?${query}`), 400, 'parameter-malformed');
      }
    });
  });

  it('speaks JSON, in the version that was asked for', async () => {
    const { id } = await created();
    const path = `/Consent/${String(id)}`;
    for (const accept of [
      'application/fhir+json',
      'application/json',
      '*/*',
      'text/html, application/fhir+json;fhirVersion=4.0',
    ]) {
      const answer = await r4.get(path, { accept });
      expect(answer.headers['content-type'], accept).to.equal(
        'application/fhir+json; fhirVersion=4.0; charset=utf-8',
      );
    }
    for (const accept of ['application/fhir+xml', 'application/fhir+json; fhirVersion=5.0']) {
      expectOutcome(await r4.get(path, { accept }), 406, 'not-acceptable');
    }
    expect((await r4.get(`${path}?_format=json`, { accept: 'text/html' })).status).to.equal(200);
    expect((await r4.get(`${path}?_format=application/fhir%2Bjson`)).status).to.equal(200);
    expectOutcome(await r4.get(`${path}?_format=xml`), 406, 'not-acceptable');
    const unchanged = await r4.get(path, { 'if-none-match': 'W/"1"' });
    expect([unchanged.status, unchanged.bytes.length]).to.deep.equal([304, 0]);
    expectOutcome(await r4.get('/Patient/1'), 404, 'route-unknown');
    const token = await members.riverside.token('clerk', ['consent-clerk']);
    const gone = await members.riverside.call('DELETE', `/fhir/r4${path}`, { token });
    expectOutcome(gone, 405, 'method-not-allowed');
    expect(gone.headers['allow']).to.equal('GET, HEAD, PUT');
  });
});
