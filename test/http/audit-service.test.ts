import { QuestionLog } from '@consent-ledger/audit';
import { memberLayout } from '@consent-ledger/network';
import { expect } from 'chai';
import type { ChildProcessByStdio } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { send } from '@consent-ledger/scripts';
import { startCli, type CliRun } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { temporaryFolder } from '../support/temporary.js';
import {
  ask,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from './support/people.js';
import { PATIENCE_MS, sharedConsortium, sharedMembers, type Members } from './support/shared.js';

type Json = Record<string, unknown>;

describe('the auditor’s service', function () {
  this.timeout(PATIENCE_MS);
  const work = temporaryFolder();
  let members: Members;
  let service: CliRun;
  let url: string;
  let ca: Buffer;
  let token: string;
  let subject: string;
  let record: string;
  let consent: string;

  before(async () => {
    const { directory } = await sharedConsortium();
    members = await sharedMembers();
    const { riverside, lakeside, sentinel } = members;
    ca = readFileSync(sentinel.configuration.members.find(({ name }) => name === 'sentinel')?.tlsCa ?? '');
    subject = await registerSubject(riverside);
    record = (await putRecord(riverside, { subject })).id;
    const filed = await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    consent = String(filed.json['consent']);
    expect((await ask(lakeside, riverside, [record])).status).to.equal(200);
    await withdraw(riverside, consent);
    expect((await ask(lakeside, riverside, [record])).status).to.equal(403);

    service = startCli(
      ['audit', 'serve', '--configuration', memberLayout(directory, 'sentinel').configuration].concat([
        '--projection',
        join(work.path, 'projection.db'),
      ]),
      work.path,
    );
    const { stdout } = service.child as ChildProcessByStdio<null, Readable, Readable>;
    url = await new Promise((resolve) => {
      createInterface(stdout).once('line', (line) => {
        resolve(/https:\S+/.exec(line)?.[0] ?? '');
      });
    });
    token = await sentinel.token('an-auditor', ['auditor']);
    await eventually(async () => {
      expect((await call('/readyz')).status).to.equal(200);
    });
  });
  after(async () => {
    service.child.kill('SIGTERM');
    expect((await service.result).code).to.equal(0);
  });

  async function call(path: string, as = token) {
    const headers = { authorization: `Bearer ${as}` };
    const answer = await send({ method: 'GET', url: url + path, ca, headers });
    const text = answer.body.toString();
    const isJson = String(answer.headers['content-type']).includes('json');
    return { ...answer, text, json: (isJson && !text.includes('\n{') ? JSON.parse(text) : {}) as Json };
  }

  it('answers an auditor of this member, and nobody else', async () => {
    const { sentinel, riverside } = members;
    const path = `/v1/audit/accesses?record=${record}`;
    const answered = await call(path);
    expect(answered.status).to.equal(200);
    expect((answered.json['rows'] as Json[]).map(({ outcome }) => outcome)).to.deep.equal(['permit', 'deny']);
    const refusals = [
      ['none', '', 401, 'token-invalid'],
      ['a doctor', await sentinel.token('a-doctor', ['practitioner']), 403, 'role-missing'],
      ['another member’s auditor', await riverside.token('an-auditor', ['auditor']), 401, 'token-invalid'],
      [
        'a key that the issuer does not publish',
        await sentinel.token('an-auditor', ['auditor'], { foreignKey: true }),
        401,
        'token-invalid',
      ],
    ] as const;
    for (const [who, as, status, code] of refusals) {
      const refused = await call(path, as);
      expect([refused.status, refused.json['code']], who).to.deep.equal([status, code]);
      expect(refused.headers['content-type'], who).to.match(/^application\/problem\+json/);
    }
  });

  it('takes what is documented, and says what else is wrong and where', async () => {
    for (const [path, where] of [
      ['/v1/audit/accesses?nobody=1', 'query'],
      ['/v1/audit/accesses?since=yesterday', 'query.since'],
      ['/v1/audit/accesses?cursor=nowhere', 'query.cursor'],
      ['/v1/audit/accesses?limit=0', 'query.limit'],
      ['/v1/audit/record', 'query.record'],
      ['/v1/audit/accesses?format=pdf', 'query.format'],
    ] as const) {
      const refused = await call(path);
      expect(refused.status, path).to.equal(400);
      expect((refused.json['errors'] as { path: string }[])[0]?.path, path).to.equal(where);
    }
    expect((await call('/v1/audit/nothing')).status).to.equal(404);
  });

  it('gives pages, and all of it as CSV, lines of JSON and PDF', async () => {
    const first = await call(`/v1/audit/subject?subject=${subject}&limit=2`);
    const rows = first.json['rows'] as Json[];
    expect(rows.map(({ what }) => what)).to.deep.equal(['registered', 'consent-filed']);
    const next = await call(`/v1/audit/subject?subject=${subject}&cursor=${String(first.json['next'])}`);
    expect((next.json['rows'] as Json[]).map(({ what }) => what)).to.include.members([
      'access',
      'consent-withdrawn',
    ]);
    const csv = await call(`/v1/audit/disclosures?subject=${subject}&format=csv`);
    expect(csv.headers['content-type']).to.match(/^text\/csv/);
    expect(csv.text.split('\r\n')).to.have.length(3);
    const lines = await call(`/v1/audit/subject?subject=${subject}&format=ndjson`);
    expect(lines.text.trim().split('\n').length).to.be.greaterThan(4);
    const pdf = await call(`/v1/audit/disclosures?subject=${subject}&format=pdf`);
    expect(pdf.body.subarray(0, 8).toString()).to.equal('%PDF-1.7');
  });

  it('is searched for AuditEvents by patient, agent, date, entity and outcome', async () => {
    const search = async (query: string) => {
      const found = await call(`/fhir/r4/AuditEvent?${query}`);
      expect(found.status, found.text).to.equal(200);
      expect(found.headers['content-type']).to.match(/^application\/fhir\+json/);
      return (found.json['entry'] as { resource: Json & { id: string } }[]).map(({ resource }) => resource);
    };
    const all = await search(`patient=Patient/${subject}`);
    expect(all.map(({ outcome }) => outcome)).to.deep.equal(['0', '8']);
    expect(await search(`patient=${subject}&outcome=8`)).to.have.length(1);
    expect(await search(`patient=${subject}&agent=Organization/lakeside`)).to.have.length(2);
    expect(await search(`patient=${subject}&agent=Organization/novacure`)).to.have.length(0);
    expect(await search(`patient=${subject}&agent=Organization/nobody`)).to.have.length(0);
    expect(await search(`entity:identifier=${record}`)).to.have.length(2);
    expect((await search(`entity=Consent/${consent}`)).length).to.be.at.least(1);
    const day = String(all[0]?.['recorded']).slice(0, 10);
    expect((await search(`patient=${subject}&date=ge${day}`)).length).to.be.at.least(1);
    expect(await search(`patient=${subject}&date=lt${day}`)).to.have.length(0);
    expect(await search(`patient=${subject}&date=ge2020-01-01&date=le2020-12-31`)).to.have.length(0);
    expect(await search(`_id=${all[1]?.id ?? ''}`)).to.deep.equal([all[1]]);
    expect((await call(`/fhir/r4/AuditEvent/${all[0]?.id ?? ''}`)).json).to.deep.equal(all[0]);
    const missing = await call('/fhir/r4/AuditEvent/1-1-1');
    expect(missing.json).to.include({ resourceType: 'OperationOutcome' });
    expect(missing.status).to.equal(404);
    const page = await call(`/fhir/r4/AuditEvent?patient=${subject}&_count=1`);
    const link = (page.json['link'] as { relation: string; url: string }[]).find(
      ({ relation }) => relation === 'next',
    );
    expect((await call(`/fhir/r4/${link?.url ?? ''}`)).json['entry']).to.have.length(1);
    const wrong = await call('/fhir/r4/AuditEvent?patient.name=x');
    expect([wrong.status, wrong.json['resourceType']]).to.deep.equal([400, 'OperationOutcome']);
  });

  it('lists unusual access, and takes what was found of one into the log', async () => {
    const listed = await call('/v1/audit/unusual?all=true&limit=1000');
    expect(listed.status, listed.text).to.equal(200);
    const rows = listed.json['rows'] as Json[];
    expect(listed.json['about']).to.deep.include({ rate: 0.1, visits: rows.length });
    const own = rows.find((row) => row['subject'] === subject);
    const event = String(own?.['event']);
    const post = async (body: string, as = token) => {
      const headers = { authorization: `Bearer ${as}`, 'content-type': 'application/json' };
      const answer = await send({ method: 'POST', url: `${url}/v1/audit/findings`, ca, headers, body });
      return {
        status: answer.status,
        json: JSON.parse(answer.body.toString()) as Json,
        headers: answer.headers,
      };
    };
    expect(await post(JSON.stringify({ event, finding: 'justified' }))).to.nested.include({
      status: 201,
      'json.event': event,
    });
    const again = await call('/v1/audit/unusual?all=true&limit=1000');
    expect((again.json['rows'] as Json[]).find((row) => row['event'] === event)).to.deep.include({
      finding: 'justified',
      weight: 0,
    });
    for (const [body, status, code] of [
      ['{', 400, 'body-malformed'],
      [JSON.stringify({ event, finding: 'fine' }), 400, 'body-malformed'],
      [JSON.stringify({ event: `event/${'0'.repeat(64)}`, finding: 'justified' }), 404, 'event-unknown'],
      [JSON.stringify({ event: 'x'.repeat(8_000), finding: 'justified' }), 413, 'body-too-large'],
    ] as const) {
      const refused = await post(body);
      expect([refused.status, refused.json['code']], body.slice(0, 40)).to.deep.equal([status, code]);
    }
    expect((await post('{}', '')).status).to.equal(401);
    const read = await call('/v1/audit/findings');
    expect([read.status, read.headers.allow]).to.deep.equal([405, 'POST']);
  });

  it('describes itself, and every route that it describes is there', async () => {
    const { json } = await call('/openapi.json', '');
    const paths = Object.keys(json['paths'] as object);
    expect(paths).to.include.members(['/v1/audit/subject', '/fhir/r4/AuditEvent', '/v1/audit/status']);
    for (const path of paths) {
      const answered = await call(path.replace('{id}', '1-1-1'), '');
      expect(answered.status, path).to.equal(401);
    }
  });

  it('follows what happens, and logs who asked', async () => {
    const { lakeside, riverside } = members;
    const { id } = await putRecord(riverside, { subject });
    await ask(lakeside, riverside, [id]);
    await eventually(async () => {
      const { json } = await call(`/v1/audit/record?record=${id}`);
      expect((json['rows'] as Json[]).map(({ what }) => what)).to.deep.equal(['record-registered', 'access']);
    });
    const log = new QuestionLog(join(members.sentinel.configuration.dataDirectory, 'audit', 'questions.db'));
    const entries = [...log.entries()].filter(({ via }) => via === 'api');
    log.close();
    expect(new Set(entries.map(({ who }) => who))).to.deep.equal(new Set(['an-auditor']));
    expect(entries.at(-1)).to.deep.include({ question: 'record', parameters: { record: id } });
  });
});
