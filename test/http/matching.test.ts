import { matchAnswer, searchAnswered, type Demographics } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startConsortium, type Answer, type TestConsortium, type TestMember } from './support/consortium.js';
import { matchParameters, matchRequest, patientOf } from './support/matching.js';
import { events, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS } from './support/shared.js';

interface Found {
  readonly person: string;
  readonly grade: string;
  readonly score: number;
}

describe('a person is found at another member by who they are', function () {
  this.timeout(PATIENCE_MS);
  let consortium: TestConsortium;
  let riverside: TestMember;
  let lakeside: TestMember;
  let novacure: TestMember;
  const patient = patientOf({ identifier: [{ system: 'urn:oid:2.16.756.5.32', value: '756.1234.5678.97' }] });
  let subject: string;
  let record: string;

  before(async () => {
    // Riverside lets one user look for forty people an hour.
    consortium = await startConsortium((configuration) =>
      configuration.member === 'RiversideMSP'
        ? { ...configuration, limits: { ...configuration.limits, matchesPerUser: 40 } }
        : configuration,
    );
    [riverside, lakeside, novacure] = ['riverside', 'lakeside', 'novacure'].map(consortium.member) as [
      TestMember,
      TestMember,
      TestMember,
    ];
    ({ subject, record } = await known(patient));
  });
  after(() => consortium.stop());

  /** A subject who is found by that, with one record that Lakeside may see. */
  async function known(by: Demographics, recipient = lakeside): Promise<{ subject: string; record: string }> {
    const made = await registerSubject(riverside);
    await fileConsent(riverside, treatmentConsent({ subject: made, recipient: recipient.reference }));
    const kept = await putRecord(riverside, { subject: made, facts: { labels: ['N'] } });
    const put = await riverside.call('PUT', `/v1/subjects/${made}/demographics`, {
      token: await riverside.token('registrar', ['records-clerk']),
      body: { patient: by },
    });
    expect(put.status, put.bytes.toString()).to.equal(200);
    return { subject: made, record: kept.id };
  }
  const match = async (
    by: object,
    {
      user = 'doctor',
      at = lakeside,
      ...asked
    }: { user?: string; at?: TestMember; purpose?: string[]; onlyCertainMatches?: boolean } = {},
  ): Promise<Answer> =>
    at.call('POST', '/fhir/r4/Patient/$match', {
      token: await at.token(user, ['practitioner']),
      headers: { 'content-type': 'application/fhir+json' },
      body: Buffer.from(JSON.stringify(matchParameters(riverside.reference, by, asked))),
    });
  const foundIn = (answer: Answer): Found | undefined => {
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    const [entry] = (answer.json['entry'] ?? []) as {
      resource: { identifier: { value: string }[] };
      search: { score: number; extension: { valueCode: string }[] };
    }[];
    if (entry === undefined) return undefined;
    return {
      person: entry.resource.identifier[0]?.value ?? '',
      score: entry.search.score,
      grade: entry.search.extension[0]?.valueCode ?? '',
    };
  };
  const search = async (person: string, user = 'doctor', at = lakeside): Promise<string[]> => {
    const answer = await at.call('POST', '/v1/searches', {
      token: await at.token(user, ['practitioner']),
      body: { custodian: riverside.reference, purpose: ['TREAT'], person },
    });
    expect(answer.status, answer.bytes.toString()).to.equal(200);
    return searchAnswered.parse(answer.json).records.map((one) => one.record);
  };

  it('with a reference by which their records are listed as the consents say, and nothing else of them', async () => {
    const answer = await match(patient);
    const found = foundIn(answer);
    expect(found).to.include({ grade: 'certain', score: 1 });
    // The reference is random and the time is now: what they happen to look like says nothing.
    const rest = answer.bytes
      .toString()
      .replace(found?.person ?? '', '')
      .replace(/"end":"[^"]*"/, '');
    expect(rest).not.to.match(/Quist|1971|8001|756|sub-/);
    expect(await search(found?.person ?? '')).to.deep.equal([record]);
  });

  it('however the name is written; what is only probable, where the user asks for that', async () => {
    const { birthDate, name } = patient;
    const family = name[0]?.family ?? '';
    const written = { ...patient, name: [{ family: family.toUpperCase(), given: ['AMÁLIA'] }] };
    expect(foundIn(await match(written))).to.include({ grade: 'certain' });
    const doubtful = {
      resourceType: 'Patient',
      name: [{ family, given: ['Amelia'] }],
      birthDate,
      gender: 'female',
    };
    expect(foundIn(await match(doubtful))).to.equal(undefined);
    const probable = foundIn(await match(doubtful, { onlyCertainMatches: false }));
    expect(probable?.grade).to.equal('probable');
    expect(await search(probable?.person ?? '')).to.deep.equal([record]);
  });

  it('and by nobody else: not by another user, or another member', async () => {
    const { person = '' } = foundIn(await match(patient)) ?? {};
    expect(await search(person, 'colleague')).to.deep.equal([]);
    expect(await search(person, 'doctor', novacure)).to.deep.equal([]);
    const altered = person.slice(0, -1) + (person.endsWith('A') ? 'B' : 'A');
    expect(await search(altered), 'altered').to.deep.equal([]);
    expect(await search(person)).to.deep.equal([record]);
  });

  it('alike where there is nobody, several, somebody else, or somebody of whom nothing may be known', async () => {
    const twin = patientOf();
    await known(twin);
    await known(twin);
    const others = patientOf();
    await known(others, novacure);
    const bare = patientOf();
    const registered = await registerSubject(riverside);
    await riverside.call('PUT', `/v1/subjects/${registered}/demographics`, {
      token: await riverside.token('registrar', ['records-clerk']),
      body: { patient: bare },
    });
    const answers = await Promise.all(
      [
        patientOf(),
        twin,
        others,
        bare,
        { ...patient, birthDate: '1970-03-04' },
        { ...patient, gender: 'male' },
      ].map((one) => match(one)),
    );
    answers.push(await match(patient, { purpose: ['HPAYMT'] }));
    for (const answer of answers) {
      expect(answer.status).to.equal(200);
      expect(answer.json).to.deep.equal({ resourceType: 'Bundle', type: 'searchset', total: 0 });
    }
    const lengths = await Promise.all(
      [patient, twin, patientOf()].map(async (one) => {
        const sent = await riverside.call('POST', '/v1/matches', {
          body: await matchRequest(lakeside, riverside, one),
        });
        return matchAnswer.parse(sent.json).answer.length;
      }),
    );
    expect(new Set(lengths).size, 'sealed answers are of one length').to.equal(1);
  });

  it('is an access event each time, found or not, without anything of the person', async () => {
    const before = (await events(riverside, {})).length;
    await match(patient);
    await match(patientOf());
    const logged = (await events(riverside, {})).slice(before);
    expect(logged.map(({ requester, records }) => ({ requester, records }))).to.deep.equal([
      { requester: lakeside.reference, records: [] },
      { requester: lakeside.reference, records: [] },
    ]);
  });

  it('needs enough to tell one person from another, and asks nobody else', async () => {
    const { name, birthDate } = patient;
    for (const [wrong, code] of [
      [{ resourceType: 'Patient', name, birthDate }, 'match-incomplete'],
      [{ ...patient, birthDate: '1971' }, 'match-incomplete'],
      [{ ...patient, name: [{ text: 'Amalia' }] }, 'match-incomplete'],
      [{ resourceType: 'Person', name, birthDate, gender: 'female' }, 'match-incomplete'],
    ] as const) {
      const answer = await match(wrong);
      expect(answer.status).to.equal(422);
      expect(answer.bytes.toString()).to.include(code).and.not.include('Quist');
    }
    const token = await lakeside.token('clerk', ['consent-clerk']);
    const body = matchParameters(riverside.reference, patient);
    expect((await lakeside.call('POST', '/fhir/r4/Patient/$match', { token, body })).status).to.equal(403);
  });

  it('is answered once, to who signed it, with the very demographics that were signed for', async () => {
    const send = async (body: object): Promise<Answer> => riverside.call('POST', '/v1/matches', { body });
    const sent = await matchRequest(lakeside, riverside, patient);
    expect((await send(sent)).status).to.equal(200);
    expectProblem(await send(sent), 409, 'request-replayed');
    const other = await matchRequest(lakeside, riverside, patientOf());
    expectProblem(await send({ ...other, demographics: sent.demographics }), 400, 'request-malformed');
    const forged = await matchRequest(novacure, riverside, patient, { iss: lakeside.mspId });
    expectProblem(await send(forged), 401, 'signing-key-unknown');
    const elsewhere = await matchRequest(lakeside, novacure, patient, { aud: riverside.mspId });
    expectProblem(await send(elsewhere), 400, 'request-malformed');
  });

  it('is held up when somebody tries one person after the other', async () => {
    const answers: number[] = [];
    for (let tried = 0; tried < 5; tried += 1) {
      const batch = await Promise.all(
        Array.from({ length: 10 }, () => match(patientOf(), { user: 'snoop' })),
      );
      answers.push(...batch.map(({ status }) => status));
    }
    expect(answers.filter((status) => status === 200)).to.have.length(40);
    expect(answers.filter((status) => status === 429)).to.have.length(10);
    expect((await match(patient)).status, 'others are not held up').to.equal(200);
  });

  it('leaves their demographics in no file, log or metric, and with an erasure nowhere at all', async () => {
    const gone = patientOf();
    const made = await known(gone);
    expect(foundIn(await match(gone))?.grade).to.equal('certain');
    const officer = await riverside.token('officer', ['privacy-officer']);
    const body = { ground: 'registered-in-error', reference: 'case-1' };
    const erased = await riverside.call('POST', `/v1/subjects/${made.subject}/erasure`, {
      token: officer,
      body,
    });
    expect(erased.status, erased.bytes.toString()).to.equal(201);
    expect(foundIn(await match(gone))).to.equal(undefined);
    const token = await riverside.token('registrar', ['records-clerk']);
    for (const call of [
      riverside.call('GET', `/v1/subjects/${made.subject}/demographics`, { token }),
      riverside.call('PUT', `/v1/subjects/${made.subject}/demographics`, { token, body: { patient: gone } }),
    ])
      expectProblem(await call, 410, 'subject-erased');
    const kept = await riverside.call('GET', `/v1/subjects/${subject}/demographics`, { token });
    expect(kept.json['patient']).to.deep.equal(patient);

    const names = [patient, gone].map(({ name: [one] }) => one?.family ?? '');
    const metrics = await riverside.call('GET', '/metrics');
    for (const text of [consortium.logs(), metrics.bytes.toString()])
      for (const name of names) expect(text.includes(name)).to.equal(false);
    for (const file of filesUnder(consortium.directory))
      for (const name of names) expect(readFileSync(file).includes(name), file).to.equal(false);
  });
});

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile() === true);
}
