import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { cdsCards, type CdsCards } from '@consent-ledger/chaincode/wire/http';
import type { Answer, TestMember } from './support/consortium.js';
import { fileConsent, registerSubject, treatmentConsent, withdraw } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { cdsClient, PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const SERVICE = '/cds-services/patient-consent-consult';
const HL7 = 'http://terminology.hl7.org/CodeSystem';
type Card = CdsCards['cards'][number];

describe('an EHR consults before it shows (CDS Hooks)', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let riverside: TestMember;
  let token: string;
  let subject: string;

  before(async () => {
    members = await sharedMembers();
    riverside = members.riverside;
    token = await riverside.token('doctor', ['practitioner']);
  });

  beforeEach(async () => {
    subject = await registerSubject(riverside);
  });

  const context = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
    patientId: [
      { system: 'http://hl7.org/fhir/sid/us-ssn', value: '111111111' },
      { system: 'urn:consent-ledger:subject', value: subject },
    ],
    actor: [{ value: 'Organization/lakeside' }],
    purposeOfUse: ['TREAT'],
    ...more,
  });
  const call = (given: Record<string, unknown>, bearer = token): Promise<Answer> =>
    riverside.call('POST', SERVICE, {
      token: bearer,
      body: { hook: 'patient-consent-consult', hookInstance: randomUUID(), context: given },
    });
  const consult = async (more: Record<string, unknown> = {}): Promise<Card> => {
    const answer = await call(context(more));
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    const [card, ...others] = cdsCards.parse(answer.json).cards;
    expect(others).to.deep.equal([]);
    if (card === undefined) throw new Error('no card');
    expect(card.extension.decision).to.equal(card.summary);
    return card;
  };

  it('finds the service by discovery', async () => {
    const { json } = await riverside.call('GET', '/cds-services');
    const [service] = json['services'] as { id: string; hook: string }[];
    expect(service).to.include({ id: 'patient-consent-consult', hook: 'patient-consent-consult' });
  });

  it('is told that no consent speaks, that one permits, and when it ends', async () => {
    const none = await consult();
    expect(none).to.include({ summary: 'NO_CONSENT', indicator: 'warning' });
    expect(none.extension).to.include({ outcome: 'deny', reason: 'no-consent' });
    const consent = treatmentConsent({ subject, recipient: 'Organization/lakeside' });
    await fileConsent(riverside, consent);
    const permit = await consult();
    expect(permit).to.include({ summary: 'CONSENT_PERMIT', indicator: 'info' });
    expect(permit.source.url).to.equal(riverside.url);
    const id = String(consent['id']);
    expect(permit.extension.basedOn).to.equal(`${riverside.url}/fhir/r4/Consent/${id}/_history/1`);
    expect((await consult({ actor: [{ value: 'Organization/novacure' }] })).summary).to.equal('NO_CONSENT');
    await withdraw(riverside, id);
    expect((await consult()).extension).to.include({ decision: 'NO_CONSENT', reason: 'consent-withdrawn' });
  });

  it('is told what to redact, from the labels that the consents speak about', async () => {
    await fileConsent(riverside, treatmentConsent({ subject, recipient: 'Organization/lakeside' }));
    const { obligations } = (await consult()).extension;
    const redact = obligations.filter(({ id }) => id.code === 'REDACT');
    const conf = (...codes: string[]): object[] =>
      codes.map((code) => ({ system: `${HL7}/v3-Confidentiality`, code }));
    expect(redact[0]?.parameters?.exceptAnyOfCodes).to.deep.equal(conf('U', 'L', 'M', 'N'));
    expect(redact[1]?.parameters?.codes).to.deep.equal(conf('R', 'V'));
  });

  it('is told that a consent denies, for one of the classes or all', async () => {
    const deny = treatmentConsent({ subject });
    const resourceTypes = 'http://hl7.org/fhir/resource-types';
    await fileConsent(riverside, treatmentConsent({ subject }));
    await fileConsent(riverside, {
      ...deny,
      policyRule: undefined,
      provision: { type: 'deny', class: [{ system: resourceTypes, code: 'MedicationStatement' }] },
    });
    const asked = (...codes: string[]): Promise<Card> =>
      consult({ class: codes.map((code) => ({ system: resourceTypes, code })) });
    expect((await asked('Observation')).summary).to.equal('CONSENT_PERMIT');
    expect(await asked('MedicationStatement')).to.include({ summary: 'CONSENT_DENY', indicator: 'critical' });
    expect((await asked('Observation', 'MedicationStatement')).summary).to.equal('CONSENT_DENY');
    expect((await consult()).summary, 'what is not known matches a deny').to.equal('CONSENT_DENY');
  });

  it('is in the log of checks', async () => {
    await consult();
    const auditor = await riverside.token('auditor', ['auditor']);
    const { json } = await riverside.call('GET', `/v1/checks?subject=${subject}`, { token: auditor });
    const [logged] = (json['calls'] as { checks: unknown[] }[]).flatMap(({ checks }) => checks);
    expect(logged).to.deep.include({
      subjects: [subject],
      requester: 'Organization/lakeside',
      outcome: 'deny',
    });
  });

  it('is refused for what cannot be understood, naming it', async () => {
    for (const [given, path] of [
      [{ patientId: [{ system: 'urn:other', value: 'x' }] }, '$.context.patientId'],
      [
        { actor: [{ value: 'Organization/lakeside' }, { value: 'Organization/novacure' }] },
        '$.context.actor',
      ],
      [{ purposeOfUse: 'NOPURPOSE' }, '$.context.purposeOfUse[0]'],
      [{ purposeOfUse: undefined }, '$.context.purposeOfUse'],
      [{ category: [{ system: 'urn:x', code: 'y' }] }, '$.context.category[0]'],
      [{ content: { resourceType: 'Bundle', entry: [] } }, '$.context'],
    ] as const) {
      const answer = await call(context(given));
      expectProblem(answer, 400, 'body-malformed', path);
      expect((answer.json['errors'] as { path: string }[])[0]?.path).to.equal(path);
    }
  });

  describe('with a token that the EHR signs itself', () => {
    const sign = async (
      claims: Record<string, unknown> = {},
      header: Record<string, unknown> = {},
    ): Promise<string> => {
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({
        iss: cdsClient.issuer,
        aud: `${riverside.url}${SERVICE}`,
        iat: now,
        exp: now + 300,
        jti: randomUUID(),
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES384', typ: 'JWT', kid: cdsClient.kid, ...header })
        .sign(cdsClient.privateKey);
    };

    it('is answered once for each token, and nothing else is open to it', async () => {
      const bearer = await sign();
      expect((await call(context(), bearer)).status).to.equal(200);
      expectProblem(await call(context(), bearer), 401, 'token-invalid', 'used before');
      const members = await riverside.call('GET', '/v1/members', { token: await sign() });
      expectProblem(members, 401, 'token-invalid', 'another route');
    });

    it('is refused where anything of the token is wrong', async () => {
      const now = Math.floor(Date.now() / 1000);
      for (const [hint, bearer] of [
        ['another client', await sign({ iss: 'https://other.example' })],
        ['another service', await sign({ aud: 'https://other.example/cds-services/x' })],
        ['expired', await sign({ iat: now - 600, exp: now - 300 })],
        ['good for too long', await sign({ exp: now + 3600 })],
        ['old', await sign({ iat: now - 3600 })],
        ['without jti', await sign({ jti: undefined })],
        ['of another key', await sign({}, { kid: 'unknown' })],
        ['not signed', `${Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')}.e30.`],
      ] as const) {
        expectProblem(await call(context(), bearer), 401, 'token-invalid', hint);
      }
    });
  });
});
