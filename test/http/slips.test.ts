import { SLIP_TYP, slip as slipSchema, type SlipClaims } from '@consent-ledger/chaincode/wire';
import {
  slipPage,
  slipVerification,
  type SlipDocument,
  type SlipVerification,
} from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { startConsortium, type Answer, type TestConsortium, type TestMember } from './support/consortium.js';
import { fhirClient } from './support/fhir.js';
import { fileConsent, registerSubject, treatmentConsent, withdraw } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { signedBy } from './support/requests.js';
import { PATIENCE_MS } from './support/shared.js';

describe('a member that a consent names is handed a slip, and verifies it alone', function () {
  this.timeout(2 * PATIENCE_MS);
  let consortium: TestConsortium;
  let riverside: TestMember;
  let lakeside: TestMember;
  let novacure: TestMember;
  let sentinel: TestMember;

  before(async () => {
    consortium = await startConsortium();
    riverside = consortium.member('riverside');
    lakeside = consortium.member('lakeside');
    novacure = consortium.member('novacure');
    sentinel = consortium.member('sentinel');
  });

  after(() => consortium.stop());

  async function slips(at = lakeside, query = ''): Promise<SlipDocument[]> {
    const token = await at.token('clerk', ['consent-clerk']);
    const answer = await at.call('GET', `/v1/slips${query}`, { token });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return slipPage.parse(answer.json).slips;
  }

  async function slipOf(consent: string, at = lakeside): Promise<SlipDocument | undefined> {
    return (await slips(at, '?limit=200')).find((one) => one.consent === consent);
  }

  async function arrived(
    consent: string,
    holds: (slip: SlipDocument) => boolean = () => true,
    at = lakeside,
  ): Promise<SlipDocument> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const slip = await slipOf(consent, at);
      if (slip !== undefined && holds(slip)) return slip;
      if (Date.now() > deadline) throw new Error(`the slip did not come\n${consortium.logs().slice(-3_000)}`);
      await sleep(50);
    }
  }

  async function verified({ slip }: SlipDocument, at = lakeside): Promise<SlipVerification> {
    const token = await at.token('auditor', ['auditor']);
    const answer = await at.call('GET', `/v1/slips/${slip}/verification`, { token });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return slipVerification.parse(answer.json);
  }

  async function becomes(slip: SlipDocument, status: string, at = lakeside): Promise<SlipVerification> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const said = await verified(slip, at);
      if (said.status === status) return said;
      if (Date.now() > deadline) throw new Error(`it is ${said.status} and not ${status}`);
      await sleep(50);
    }
  }

  async function grant(recipient?: TestMember, subject?: string): Promise<string> {
    const whose = subject ?? (await registerSubject(riverside));
    const named = recipient === undefined ? {} : { recipient: recipient.reference };
    const filed = await fileConsent(
      riverside,
      treatmentConsent({ id: randomUUID(), subject: whose, ...named }),
    );
    expect(filed.status, filed.bytes.toString()).to.equal(201);
    return String(filed.json['consent']);
  }

  async function change(
    consent: string,
    subject: string,
    recipient: TestMember,
    from: number,
  ): Promise<void> {
    const fhir = await fhirClient(riverside);
    const resource = treatmentConsent({ id: consent, subject, recipient: recipient.reference });
    const done = await fhir.put(`/Consent/${consent}`, resource, { 'if-match': `W/"${from}"` });
    expect(done.status, done.bytes.toString()).to.equal(200);
  }

  /** The bytes that a gateway keeps of a slip. */
  function keptBytes({ slip }: SlipDocument, at = lakeside): Buffer {
    const database = new DatabaseSync(join(at.configuration.dataDirectory, 'slips.db'), { readOnly: true });
    const row = database.prepare('SELECT value FROM slip WHERE id = ?').get(slip) as { value: Uint8Array };
    database.close();
    return Buffer.from(row.value);
  }

  function claimsOf(slip: SlipDocument, value = keptBytes(slip)): SlipClaims {
    return {
      iss: riverside.mspId,
      aud: lakeside.mspId,
      ledger: lakeside.configuration.ledger.id,
      iat: Math.floor(Date.now() / 1_000),
      key: slipKey(slip.slip),
      value: value.toString('base64url'),
    };
  }

  const slipKey = (id: string): string => `slip/${id}`;

  async function send(claims: object, signer = riverside, typ: string = SLIP_TYP): Promise<Answer> {
    return lakeside.call('POST', '/v1/slips', { body: { slip: await signedBy(signer, claims, { typ }) } });
  }

  it('when it is granted, changed, and withdrawn at an oversight member', async () => {
    const subject = await registerSubject(riverside);
    const consent = await grant(lakeside, subject);
    const granted = await arrived(consent);
    expect(granted).to.deep.include({ custodian: riverside.reference, version: 1, names: 'current' });
    expect(JSON.stringify(granted)).to.not.include(subject);
    const current = await becomes(granted, 'current');
    expect(current.height).to.be.greaterThan(0);

    await change(consent, subject, lakeside, 1);
    const changed = await arrived(consent, ({ version }) => version === 2);
    await becomes(changed, 'current');

    await withdraw(sentinel, consent, riverside);
    const noted = await arrived(consent, ({ noted: note }) => note === 'withdrawn');
    await becomes(noted, 'withdrawn');
  });

  it('and is told when a new version names it no more, and the next member that it is named', async () => {
    const subject = await registerSubject(riverside);
    const consent = await grant(lakeside, subject);
    await arrived(consent);
    await change(consent, subject, novacure, 1);
    const ended = await arrived(consent, ({ names }) => names === 'ended');
    expect(ended).to.not.have.property('policy');
    expect(await becomes(ended, 'current')).to.deep.include({ names: 'ended', version: 2 });
    const begun = await arrived(consent, () => true, novacure);
    expect(begun).to.deep.include({ version: 2, names: 'current' });
    expect(begun.person).to.not.equal(ended.person);
    expect((await becomes(begun, 'current', novacure)).slip).to.not.equal(ended.slip);
  });

  it('but of a consent that names nobody there is none', async () => {
    const open = await grant();
    await arrived(await grant(lakeside));
    for (const member of [lakeside, novacure, sentinel])
      expect(await slipOf(open, member), member.name).to.equal(undefined);
  });

  it('and refuses what is forged, altered, for somebody else, or on another ledger', async () => {
    const slip = await arrived(await grant(lakeside));
    const good = claimsOf(slip);
    const content = slipSchema.parse(JSON.parse(keptBytes(slip).toString()));
    const asValue = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const attempts: [string, Answer][] = [
      ["signed by somebody else's key", await send(good, novacure)],
      ['issued by somebody else', await send({ ...good, iss: novacure.mspId }, novacure)],
      ['for another member', await send({ ...good, aud: novacure.mspId })],
      ['on another ledger', await send({ ...good, ledger: '0'.repeat(64) })],
      ['of another type', await send(good, riverside, 'consent-ledger-receipt+jwt')],
      [
        'a slip of another member',
        await send({ ...good, value: asValue({ ...content, member: 'NovacureMSP' }) }),
      ],
      ['no slip at all', await send({ ...good, value: asValue({ hello: 'there' }) })],
    ];
    for (const [hint, answer] of attempts) expectProblem(answer, 422, 'slip-refused', hint);
    const signed = await signedBy(riverside, good, { typ: SLIP_TYP });
    const [header = '', , signature = ''] = signed.split('.');
    const altered = Buffer.from(JSON.stringify({ ...good, note: 'withdrawn' })).toString('base64url');
    const body = { slip: [header, altered, signature].join('.') };
    expectProblem(await lakeside.call('POST', '/v1/slips', { body }), 422, 'slip-refused', 'altered');
    await becomes(slip, 'current');
  });

  it('and sees on its own peer that a slip is not what the ledger has, or was never there', async () => {
    const slip = await arrived(await grant(lakeside));
    await becomes(slip, 'current');
    const content = slipSchema.parse(JSON.parse(keptBytes(slip).toString()));
    const widened = Buffer.from(JSON.stringify({ ...content, version: 7 }));
    expect((await send(claimsOf(slip, widened))).json['status']).to.equal('kept');
    expect((await verified(slip)).status).to.equal('changed');
    const id = 'ab'.repeat(32);
    expect((await send({ ...claimsOf(slip), key: slipKey(id) })).status).to.equal(200);
    expect((await verified({ ...slip, slip: id })).status).to.equal('unknown');
  });

  it('and is not taken back by an older one that is sent again', async () => {
    const subject = await registerSubject(riverside);
    const consent = await grant(lakeside, subject);
    const first = await arrived(consent);
    const replay = claimsOf(first);
    expect((await send(replay)).json).to.deep.equal({ slip: first.slip, status: 'known' });
    await change(consent, subject, lakeside, 1);
    const second = await arrived(consent, ({ version }) => version === 2);
    expect((await send(replay)).json).to.deep.equal({ slip: first.slip, status: 'known' });
    expect((await slipOf(consent))?.version).to.equal(2);
    await becomes(second, 'current');
  });

  it('also after its gateway, and the custodian, were down for a while', async () => {
    await lakeside.process.stop('SIGKILL');
    const subject = await registerSubject(riverside);
    const consent = await grant(lakeside, subject);
    await change(consent, subject, lakeside, 1);
    await riverside.process.stop('SIGKILL');
    await Promise.all([riverside.start(), lakeside.start()]);
    const slip = await arrived(consent, ({ version }) => version === 2);
    await becomes(slip, 'current');
  });

  it('page by page, and for those only who see consents', async () => {
    const all = await slips(lakeside, '?limit=200');
    const token = await lakeside.token('clerk', ['consent-clerk']);
    const seen: string[] = [];
    let after = '';
    do {
      const answer = await lakeside.call('GET', `/v1/slips?limit=2${after}`, { token });
      const page = slipPage.parse(answer.json);
      seen.push(...page.slips.map(({ slip }) => slip));
      after = page.next === undefined ? '' : `&after=${page.next}`;
    } while (after !== '');
    expect(seen).to.deep.equal(all.map(({ slip }) => slip));
    expect(await slips(lakeside, `?custodian=${novacure.reference}`)).to.deep.equal([]);
    const doctor = await lakeside.token('doctor', ['practitioner']);
    expectProblem(await lakeside.call('GET', '/v1/slips', { token: doctor }), 403, 'role-missing');
    const path = `/v1/slips/${'cd'.repeat(32)}/verification`;
    expectProblem(await lakeside.call('GET', path, { token }), 404, 'not-found');
  });
});
