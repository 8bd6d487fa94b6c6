import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

describe('a member whose registered encryption key is hybrid', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;

  before(async () => {
    members = await sharedMembers();
  });

  it('gets a record whose key was wrapped for it, and reads it as it was kept', async () => {
    const { riverside, novacure } = members;
    const jwk = JSON.parse(readFileSync(novacure.configuration.keys.encryption, 'utf8')) as { kty: string };
    expect(jwk.kty).to.equal('AKP');
    const subject = await registerSubject(riverside);
    const content = randomBytes(70_000);
    const record = await putRecord(riverside, { subject, content, mediaType: 'application/pdf' });
    expect(record.status, JSON.stringify(record.json)).to.equal(201);
    const consent = { subject, recipient: novacure.reference, purpose: 'HRESCH' };
    const filed = await fileConsent(riverside, treatmentConsent(consent));
    expect(filed.status, JSON.stringify(filed.json)).to.equal(201);
    const token = await novacure.token('researcher', ['researcher']);
    const released = await novacure.call('POST', '/v1/access-requests', {
      token,
      body: { custodian: riverside.reference, records: [record.id], purpose: ['HRESCH'] },
    });
    expect(released.status, JSON.stringify(released.json)).to.equal(200);
    expect(released.bytes.equals(content)).to.equal(true);
  });
});
