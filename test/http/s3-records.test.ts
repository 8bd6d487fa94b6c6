import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startS3Server, type S3Server } from '../suites/records/s3-server.js';
import { startConsortium, type TestConsortium, type TestMember } from './support/consortium.js';
import { ask, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS } from './support/shared.js';

describe('a custodian whose records lie on a server that speaks S3', function () {
  this.timeout(2 * PATIENCE_MS);
  let server: S3Server;
  let consortium: TestConsortium;
  let riverside: TestMember;
  let lakeside: TestMember;

  before(async () => {
    server = await startS3Server();
    consortium = await startConsortium((configuration) =>
      configuration.member === 'RiversideMSP'
        ? { ...configuration, records: { ...server.configuration, deadlineMs: 2_000 } }
        : configuration,
    );
    riverside = consortium.member('riverside');
    lakeside = consortium.member('lakeside');
  });

  after(async () => {
    await consortium.stop();
    await server.close();
  });

  it('keeps them there, small and large, releases them, and erases them', async () => {
    const subject = await registerSubject(riverside);
    await fileConsent(riverside, treatmentConsent({ subject }));
    const content = Buffer.alloc(11 * 1024 ** 2, 'a large picture ');
    const large = await putRecord(riverside, { subject, content });
    const small = await putRecord(riverside, { subject });
    expect([large.status, small.status]).to.deep.equal([201, 201]);
    const local = join(riverside.configuration.dataDirectory, 'records');
    expect(existsSync(local) ? readdirSync(local) : []).to.deep.equal([]);

    await riverside.process.stop('SIGKILL');
    await riverside.start();
    const answer = await ask(lakeside, riverside, [large.id]);
    expect(answer.status, answer.bytes.subarray(0, 500).toString()).to.equal(200);
    expect(answer.bytes.equals(content)).to.equal(true);
    expect((await ask(lakeside, riverside, [small.id])).bytes.toString()).to.equal('a finding');

    const token = await riverside.token('officer', ['privacy-officer']);
    const body = { ground: 'objection', reference: 'case-1' };
    const erased = await riverside.call('POST', `/v1/subjects/${subject}/erasure`, { token, body });
    expect(erased.status, erased.bytes.toString()).to.equal(201);
    expect(await server.objects()).to.deep.equal([]);
  });

  it('says that its store is away, and loses nothing over it', async () => {
    const subject = await registerSubject(riverside);
    await fileConsent(riverside, treatmentConsent({ subject }));
    const { id } = await putRecord(riverside, { subject });
    await server.pause();
    expectProblem(await putRecord(riverside, { subject }), 503, 'store-unavailable');
    const answer = await ask(lakeside, riverside, [id]);
    expect(answer.status, answer.bytes.toString()).to.be.oneOf([502, 503]);
    await server.resume();
    expect((await ask(lakeside, riverside, [id])).status).to.equal(200);
  });
});
