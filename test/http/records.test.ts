import { expect } from 'chai';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { createRequire } from 'node:module';
import type { TestMember } from './support/consortium.js';
import { ask, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const require = createRequire(import.meta.url);

describe('records come in, encrypted, with their facts on the ledger', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let riverside: TestMember;
  let subject: string;

  before(async () => {
    members = await sharedMembers();
    riverside = members.riverside;
    subject = await registerSubject(riverside);
    await fileConsent(riverside, treatmentConsent({ subject }));
  });

  const files = (): string[] => {
    const folder = join(riverside.configuration.dataDirectory, 'records');
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  };

  const readOwn = async (id: string) =>
    riverside.call('GET', `/v1/records/${id}?purpose=TREAT`, {
      token: await riverside.token('doctor', ['practitioner']),
    });

  it('keeps no byte of the text on the disk, and gives it back whole', async () => {
    const words = 'a very particular finding '.repeat(500);
    const before = new Set(files());
    const { id, status } = await putRecord(riverside, { subject, content: Buffer.from(words) });
    expect(status).to.equal(201);
    const added = files().filter((file) => !before.has(file));
    expect(added).to.have.length(1);
    for (const file of added) expect(readFileSync(file).includes('particular')).to.equal(false);
    const answer = await readOwn(id);
    expect(answer.bytes.toString()).to.equal(words);
    expect(answer.headers['consent-ledger-event']).to.match(/^event\/[0-9a-f]{64}$/);
    expect(answer.headers['cache-control']).to.equal('no-store');
  });

  it('takes sizes around the edges of a segment, and nothing at all', async () => {
    for (const size of [0, 1, 1024 * 1024 - 56, 1024 * 1024 - 55, 2 * 1024 * 1024]) {
      const content = randomBytes(size);
      const { id } = await putRecord(riverside, { subject, content, mediaType: 'application/dicom' });
      const own = await readOwn(id);
      expect(own.bytes.equals(content), `${size} bytes, own`).to.equal(true);
      const released = await ask(members.lakeside, riverside, [id]);
      expect(released.bytes.equals(content), `${size} bytes, released`).to.equal(true);
    }
  });

  it('says the same for the same, wants a reason for the next version, and knows the newest', async () => {
    const id = randomUUID();
    const first = await putRecord(riverside, { id, subject, content: Buffer.from('one') });
    expect(first.json).to.include({ version: 1 });
    const before = files().length;
    const again = await putRecord(riverside, { id, subject, content: Buffer.from('one') });
    expect(again.status).to.equal(200);
    expect(again.json['transaction']).to.equal(first.json['transaction']);
    expectProblem(
      await putRecord(riverside, { id, subject, content: Buffer.from('two') }),
      400,
      'parameter-malformed',
    );
    expect(files().length, 'nothing is left of what was refused').to.equal(before);
    const second = await putRecord(riverside, {
      id,
      subject,
      content: Buffer.from('two'),
      reason: 'correction',
    });
    expect(second.status).to.equal(201);
    expect(second.json).to.include({ version: 2 });
    expect((await readOwn(id)).bytes.toString()).to.equal('two');
    const other = await registerSubject(riverside);
    expectProblem(
      await putRecord(riverside, { id, subject: other, content: Buffer.from('x'), reason: 'x' }),
      409,
      'record-subjects-fixed',
    );
  });

  it('of two at once, one is the first version and the other is told so; nothing is lost', async () => {
    const id = randomUUID();
    const before = files().length;
    const puts = await Promise.all(
      ['a', 'b', 'c'].map((text) => putRecord(riverside, { id, subject, content: Buffer.from(text) })),
    );
    expect(puts.filter(({ status }) => status === 201)).to.have.length(1);
    for (const answer of puts.filter(({ status }) => status !== 201)) {
      expectProblem(answer, 409, 'record-version-conflict');
    }
    expect(files().length).to.equal(before + 1);
  });

  it('leaves nothing of an upload that breaks off', async () => {
    const before = files();
    const token = await riverside.token('clerk', ['records-clerk']);
    await breakOff(riverside, token, `/v1/records/${randomUUID()}?subject=${subject}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(files()).to.deep.equal(before);
  });

  it('takes from a FHIR resource what consents speak about, and none of its text', async () => {
    const path = require.resolve('hl7.fhir.r4.examples/Observation-f202.json');
    const resource = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    resource['meta'] = {
      security: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }],
    };
    const token = await riverside.token('clerk', ['records-clerk']);
    const id = randomUUID();
    const answer = await riverside.call('PUT', `/v1/records/${id}?subject=${subject}`, {
      token,
      headers: { 'content-type': 'application/fhir+json' },
      body: Buffer.from(JSON.stringify(resource)),
    });
    expect(answer.status, answer.bytes.toString()).to.equal(201);
    const facts = answer.json['facts'] as Record<string, unknown>;
    expect(facts['reference']).to.equal('Observation/f202');
    expect(facts['labels']).to.deep.equal(['R']);
    expect(JSON.stringify(facts)).not.to.match(/temperature|display|Patient\//i);
    // Labelled R, and the consent opens N.
    expectProblem(await ask(members.lakeside, riverside, [id]), 403, 'access-denied');
  });

  it('gives several records as parts, the outcome first, and leaves out what is not permitted', async () => {
    const open = await putRecord(riverside, { subject, content: Buffer.from('open') });
    const closed = await putRecord(riverside, {
      subject,
      content: Buffer.from('closed'),
      facts: { labels: ['R', 'HIV'] },
    });
    const answer = await ask(members.lakeside, riverside, [open.id, closed.id, 'no-such-record']);
    expect(answer.status).to.equal(200);
    const boundary = /boundary=(.+)$/.exec(String(answer.headers['content-type']))?.[1] ?? '';
    const parts = answer.bytes.toString().split(`--${boundary}`);
    expect(parts).to.have.length(4);
    const outcome = JSON.parse(parts[1]?.split('\r\n\r\n')[1] ?? '') as {
      records: { outcome: string; code: string }[];
    };
    expect(outcome.records.map((record) => record.outcome)).to.deep.equal(['permit', 'deny', 'deny']);
    expect(outcome.records[1]?.code).to.equal(outcome.records[2]?.code);
    expect(parts[2]).to.match(/\r\n\r\nopen\r\n$/);
    expect(answer.bytes.includes('closed')).to.equal(false);
  });

  it('releases nothing of a ciphertext that somebody changed', async () => {
    const before = new Set(files());
    const { id } = await putRecord(riverside, { subject, content: randomBytes(100_000) });
    const [file] = files().filter((one) => !before.has(one));
    if (file === undefined) throw new Error('no file');
    const bytes = readFileSync(file);
    bytes[5000] = (bytes[5000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    expectProblem(await readOwn(id), 500, 'record-damaged');
    expectProblem(await ask(members.lakeside, riverside, [id]), 502, 'release-broken');
  });

  it('cannot tell a record that does not exist from one that is not for the asker', async () => {
    const other = await registerSubject(riverside);
    const { id } = await putRecord(riverside, { subject: other });
    const denied = await ask(members.lakeside, riverside, [id]);
    const absent = await ask(members.lakeside, riverside, [randomUUID()]);
    const shape = (answer: typeof denied): object => ({
      status: answer.status,
      keys: Object.keys(answer.json).sort(),
      code: answer.json['code'],
      detail: answer.json['detail'],
      length: answer.bytes.length,
      headers: Object.keys(answer.headers).sort(),
    });
    expect(shape(denied)).to.deep.equal(shape(absent));
    const ownDenied = await readOwn(id);
    const ownAbsent = await readOwn(randomUUID());
    expect(shape(ownDenied)).to.deep.equal(shape(ownAbsent));
    expectProblem(ownAbsent, 403, 'access-denied');
  });

  it('keeps keys and secrets for its owner alone', () => {
    const folder = riverside.configuration.dataDirectory;
    const modes = [
      'keys/master.key',
      'keys/pseudonyms.key',
      'keys/vault.db',
      'outbox.db',
      'projection.db',
    ].map((name) => statMode(join(folder, name)));
    expect(new Set(modes)).to.deep.equal(new Set(['600']));
    const vault = readFileSync(join(folder, 'keys/vault.db'));
    const master = readFileSync(join(folder, 'keys/master.key'));
    expect(vault.includes(master)).to.equal(false);
    expect(createHash('sha256').update(master).digest('hex')).to.have.length(64);
  });
});

function statMode(path: string): string {
  return statSync(path).mode.toString(8).slice(-3);
}

/** Sends the beginning of a body and hangs up. */
function breakOff(member: TestMember, token: string, path: string): Promise<void> {
  const own = member.configuration.members.find(({ mspId }) => mspId === member.mspId);
  return new Promise((resolve) => {
    const sent = request(new URL(path, member.url), {
      method: 'PUT',
      ca: own === undefined ? [] : readFileSync(own.tlsCa),
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'text/plain',
        'content-length': 10_000_000,
      },
    });
    sent.on('error', () => {
      resolve();
    });
    sent.write(randomBytes(3_000_000), () => setTimeout(() => sent.destroy(), 200));
  });
}
