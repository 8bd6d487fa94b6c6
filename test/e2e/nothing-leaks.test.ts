import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { startConsortium, type TestConsortium, type TestMember } from '../http/support/consortium.js';
import {
  ask,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from '../http/support/people.js';
import { privateHistory, rawBlocks, type HistoricWrite } from '../support/history.js';

/** Words that only somebody who may read a custody has any business with. */
const WORDS = [
  'TREAT',
  'HRESCH',
  'practitioner',
  'consent-clerk',
  'HIV',
  'Hemoglobin',
  '718-7',
  'permit',
  'deny',
  'denied-by-consent',
  'no-consent',
  'permitted-by-consent',
  'not-covered-by-consent',
  'consent-withdrawn',
  'access-denied',
  'application/fhir',
];

describe('what a non-member, an operator and a log reader can see', function () {
  this.timeout(180_000);
  let consortium: TestConsortium;
  let riverside: TestMember;
  let lakeside: TestMember;
  let novacure: TestMember;
  let sentinel: TestMember;
  const secrets = new Set<string>();
  let refused: Awaited<ReturnType<typeof ask>>[];

  before(async () => {
    consortium = await startConsortium();
    [riverside, lakeside, novacure, sentinel] = ['riverside', 'lakeside', 'novacure', 'sentinel'].map(
      (name) => consortium.member(name),
    ) as [TestMember, TestMember, TestMember, TestMember];
    refused = await story();
    for (const write of await privateHistory(sentinel)) collectIdentifiers(write, secrets);
  });
  after(() => consortium.stop());

  /** A consent, a release, denials of every kind that an outsider can meet, a withdrawal. */
  async function story(): Promise<Awaited<ReturnType<typeof ask>>[]> {
    const [subject, other] = [await registerSubject(riverside), await registerSubject(riverside)];
    const code = { system: 'http://loinc.org', code: '718-7' };
    const plain = await putRecord(riverside, { subject, facts: { labels: ['N'], codes: [code] } });
    const labelled = await putRecord(riverside, { subject, facts: { labels: ['R', 'HIV'], codes: [code] } });
    const otherRecord = await putRecord(riverside, { subject: other, facts: { labels: ['N'] } });
    const filed = await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    expect((await ask(lakeside, riverside, [plain.id])).status).to.equal(200);
    const consent = String(filed.json['consent']);
    for (const secret of [subject, other, plain.id, labelled.id, otherRecord.id, consent])
      secrets.add(secret);
    const answers = [
      await ask(lakeside, riverside, [labelled.id]),
      await ask(lakeside, riverside, [otherRecord.id]),
      await ask(lakeside, riverside, ['there-is-no-such-record']),
      await ask(novacure, riverside, [plain.id], 'HRESCH'),
    ];
    expect((await withdraw(riverside, consent)).status).to.equal(200);
    answers.push(await ask(lakeside, riverside, [plain.id]));
    return answers;
  }

  it('has something to look for: this test reads the private history and finds it there', async () => {
    const history = JSON.stringify(await privateHistory(sentinel));
    const visible = WORDS.filter((word) => history.includes(word));
    expect(visible).to.include.members(['TREAT', 'HIV', '718-7', 'permit', 'consent-withdrawn']);
    expect([...secrets].length).to.be.greaterThan(30);
  });

  it('every block, with its arguments, responses, events and hashed keys, tells a non-member nothing', async () => {
    const blocks = await rawBlocks(novacure);
    expect(blocks.length).to.be.greaterThan(10);
    for (const [number, block] of blocks.entries()) {
      for (const found of tracesIn(block, secrets)) expect.fail(`block ${number} shows ${found}`);
    }
  });

  it('a non-member gets no private value from any peer', async () => {
    expect(await privateHistory(novacure)).to.deep.equal([]);
    const foreign = (await privateHistory(lakeside)).filter(
      ({ collection }) => !collection.endsWith(lakeside.mspId),
    );
    expect(foreign).to.deep.equal([]);
  });

  it('no hash of a bare identifier is in a block, so none can be found by trying', async () => {
    const haystack = Buffer.concat(await rawBlocks(novacure));
    // Private keys are on the ledger as their hashes; they hold 256 bits that only members of the collection know.
    for (const secret of [...secrets].filter((text) => !/^[a-z]+\/[0-9a-f]{64}$/.test(text))) {
      const guess = createHash('sha256').update(secret).digest();
      for (const form of [
        guess,
        Buffer.from(guess.toString('hex')),
        Buffer.from(guess.toString('base64url')),
      ]) {
        expect(haystack.includes(form), `hash of ${secret}`).to.equal(false);
      }
    }
  });

  it('no log line and no metric of any process names a person, a record, a purpose or an outcome of one', async () => {
    const logs = consortium.logs();
    expect(logs.length).to.be.greaterThan(1_000);
    for (const line of logs.split('\n')) {
      for (const found of tracesIn(Buffer.from(line), secrets)) expect.fail(`a log shows ${found}: ${line}`);
    }
    for (const member of [riverside, lakeside, novacure, sentinel]) {
      const { status, bytes } = await member.call('GET', '/metrics');
      expect(status).to.equal(200);
      for (const found of tracesIn(bytes, secrets)) expect.fail(`metrics of ${member.name} show ${found}`);
    }
  });

  it('tells a requester nothing by a refusal: one code, one shape, for what is denied and for what is not there', () => {
    const shapes = refused.map(({ status, json }) => ({ status, ...shapeOf(json) }));
    for (const shape of shapes) expect(shape).to.deep.equal(shapes[0]);
  });

  it('nothing plain is left on the requester’s disk', async () => {
    const folder = lakeside.configuration.dataDirectory;
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      const content = await readFile(join(file.parentPath, file.name));
      expect(content.includes('a finding'), file.name).to.equal(false);
    }
  });
});

/** Ids of subjects, records, consents, users, requests and events, wherever they stand in a private value. */
function collectIdentifiers({ value, key }: HistoricWrite, into: Set<string>): void {
  // The one key that everybody knows; its value is salted.
  if (key !== 'custody') into.add(key);
  const names = new Set([
    'subject',
    'record',
    'consent',
    'jti',
    'sub',
    'salt',
    'pepper',
    'request',
    'digest',
    'by',
    'form',
  ]);
  const walk = (node: unknown, name?: string): void => {
    if (typeof node === 'string' && name !== undefined && names.has(name) && !isMember(node)) into.add(node);
    else if (Array.isArray(node)) for (const item of node) walk(item, name);
    else if (typeof node === 'object' && node !== null) {
      for (const [inner, item] of Object.entries(node)) walk(item, inner);
    }
  };
  walk(value);
}

/** Members are public. */
function isMember(text: string): boolean {
  return /^[A-Za-z]+MSP$/.test(text);
}

/** The secrets, and the words as words of their own, that the bytes show. */
function tracesIn(bytes: Buffer, secrets: ReadonlySet<string>): string[] {
  const text = bytes.toString('latin1');
  return [
    ...[...secrets].filter((secret) => bytes.includes(secret)),
    ...WORDS.filter((word) => new RegExp(`(?<![A-Za-z-])${word}(?![A-Za-z-])`).test(text)),
  ];
}

/** A problem without what differs by chance: ids and times. */
function shapeOf(problem: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(problem)
    .replaceAll(/"[0-9a-f]{64}"|"event\/[0-9a-f]{64}"|"[0-9a-f-]{36}"|"urn:uuid:[^"]*"/g, '"id"')
    .replaceAll(/"block":\d+/g, '"block":0')
    .replaceAll(/"record":"[^"]*"/g, '"record":"id"');
  return JSON.parse(text) as Record<string, unknown>;
}
