import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';
import {
  ask,
  events,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from './support/people.js';

describe('a record leaves its custodian only on a consent, and never unlogged', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;

  before(async () => {
    members = await sharedMembers();
  });

  it('refuses, releases byte for byte, refuses again after the withdrawal, and logs all three', async () => {
    const { riverside, lakeside, novacure, sentinel } = members;
    const subject = await registerSubject(riverside);
    const content = randomBytes(3 * 1024 * 1024 + 17);
    const record = await putRecord(riverside, { subject, content, mediaType: 'application/pdf' });
    expect(record.status, JSON.stringify(record.json)).to.equal(201);

    const before = await ask(lakeside, riverside, [record.id]);
    expect(before.status, JSON.stringify(before.json)).to.equal(403);

    const filed = await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    expect(filed.status, JSON.stringify(filed.json)).to.equal(201);

    const released = await ask(lakeside, riverside, [record.id]);
    expect(released.status, JSON.stringify(released.json)).to.equal(200);
    expect(released.bytes.equals(content)).to.equal(true);
    expect(released.headers['content-type']).to.equal('application/pdf');

    const other = await ask(novacure, riverside, [record.id]);
    expect(other.status).to.equal(403);

    const withdrawn = await withdraw(riverside, String(filed.json['consent']));
    expect(withdrawn.status, JSON.stringify(withdrawn.json)).to.equal(200);
    const after = await ask(lakeside, riverside, [record.id]);
    expect(after.status).to.equal(403);

    const own = await riverside.call('GET', `/v1/records/${record.id}?purpose=TREAT`, {
      token: await riverside.token('doctor', ['practitioner']),
    });
    expect(own.status).to.equal(403);
    const reasons = [
      'no-consent',
      'permitted-by-consent',
      'not-covered-by-consent',
      'consent-withdrawn',
      'no-consent',
    ];
    // The auditor's peer may be a block behind.
    let log: string[] = [];
    for (let tries = 0; tries < 100 && log.length < reasons.length; tries += 1) {
      if (tries > 0) await sleep(100);
      log = (await events(sentinel, { subject })).flatMap(({ records }) =>
        (records as { reason: string }[]).map(({ reason }) => reason),
      );
    }
    expect(log).to.deep.equal(reasons);
  });
});
