import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Answer, TestMember } from './support/consortium.js';
import { ask, fileConsent, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const require = createRequire(import.meta.url);

interface Entry {
  readonly entry: number;
  readonly outcome: string;
  readonly record: string;
  readonly reference?: string;
  readonly labels?: readonly string[];
  readonly message?: string;
}

describe('FHIR Bundles come in, each resource a record of its own', function () {
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

  const published = (name: string): string =>
    readFileSync(require.resolve(`hl7.fhir.r4.examples/Bundle-${name}.json`), 'utf8');
  const send = async (text: string, query: Record<string, string> = {}): Promise<Answer> =>
    riverside.call('POST', `/v1/bundles?${new URLSearchParams({ subject, ...query }).toString()}`, {
      token: await riverside.token('clerk', ['records-clerk']),
      headers: { 'content-type': 'application/fhir+json' },
      body: text,
    });
  const entriesOf = (answer: Answer): readonly Entry[] => answer.json['entries'] as readonly Entry[];
  const descriptor = async (record: string) =>
    (
      await riverside.call('GET', `/v1/records/${record}/descriptor`, {
        token: await riverside.token('clerk', ['records-clerk']),
      })
    ).json as { transaction: string; facts: Record<string, unknown> };
  const ciphertexts = (): number =>
    readdirSync(join(riverside.configuration.dataDirectory, 'records'), {
      recursive: true,
      withFileTypes: true,
    }).filter((one) => one.isFile()).length;
  const unconfirmed = (): unknown => {
    const file = readdirSync(join(riverside.configuration.dataDirectory, 'keys')).find((name) =>
      name.endsWith('.db'),
    );
    const database = new DatabaseSync(join(riverside.configuration.dataDirectory, 'keys', file ?? ''), {
      readOnly: true,
    });
    const row = database.prepare('SELECT count(*) AS n FROM record_key WHERE confirmed = 0').get();
    database.close();
    return row?.['n'];
  };

  it('registers a published report and its observations in one transaction, and gives each back as it came', async () => {
    const text = published('101');
    const answer = await send(text, { prefix: 'lab', label: 'N' });
    expect(answer.status, answer.bytes.toString()).to.equal(201);
    const entries = entriesOf(answer);
    expect(entries).to.have.length(18);
    const { entry } = JSON.parse(text) as { entry: { resource: { resourceType: string; id: string } }[] };
    for (const one of entries) {
      const { resource } = entry[one.entry] ?? { resource: { resourceType: '', id: '' } };
      expect(one).to.include({
        outcome: 'registered',
        record: `lab.${resource.resourceType}-${resource.id}`,
        reference: `${resource.resourceType}/${resource.id}`,
      });
      expect((await descriptor(one.record)).transaction).to.equal(answer.json['transaction']);
    }
    const last = entries.at(-1);
    const got = await ask(members.lakeside, riverside, [last?.record ?? '']);
    expect(got.status, got.bytes.toString()).to.equal(200);
    expect(text).to.include(got.bytes.toString());

    const again = await send(text, { prefix: 'lab', label: 'N' });
    expect(again.status).to.equal(200);
    expect(entriesOf(again).every(({ outcome }) => outcome === 'unchanged')).to.equal(true);
    expect(again.json).not.to.have.property('transaction');
  });

  it('keeps what a document’s resources refer to, both ways, and no patient’s id', async () => {
    const answer = await send(published('father'), { prefix: 'doc', label: 'N' });
    expect(answer.status, answer.bytes.toString()).to.equal(201);
    const entries = entriesOf(answer);
    const composition = entries.find(({ reference }) => reference?.startsWith('Composition/'));
    const encounter = entries.find(({ reference }) => reference?.startsWith('Encounter/'));
    const patient = entries.find(({ reference }) => reference === undefined);
    const facts = (await descriptor(composition?.record ?? '')).facts;
    expect(facts['refersTo']).to.include(encounter?.reference);
    expect(facts['referredToBy']).to.deep.equal([]);
    expect((await descriptor(encounter?.record ?? '')).facts['referredToBy']).to.include(
      composition?.reference,
    );
    expect(patient?.record).to.match(/^doc\.Patient-[0-9a-f]{32}$/);
    const told = JSON.stringify([answer.json, facts, (await descriptor(patient?.record ?? '')).facts]);
    expect(told).not.to.include('Patient/');
  });

  it('decides each resource by its own labels, and passes on those of the bundle to what has none', async () => {
    const security = (code: string) => [
      { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code },
    ];
    const observation = (id: string, code: string, meta?: object) => ({
      resource: {
        resourceType: 'Observation',
        id,
        ...(meta === undefined ? {} : { meta }),
        code: { coding: [{ system: 'http://loinc.org', code }] },
      },
    });
    const bundle = {
      resourceType: 'Bundle',
      type: 'searchset',
      meta: { security: security('N') },
      entry: [
        observation('own', '718-7', { security: security('R') }),
        observation('inherits', '718-7'),
        observation('hiv', '7918-6'),
      ],
    };
    const answer = await send(JSON.stringify(bundle), { prefix: 'each' });
    expect(answer.status, answer.bytes.toString()).to.equal(201);
    const entries = entriesOf(answer);
    expect(entries.map(({ labels }) => labels)).to.deep.equal([['R'], ['N'], ['N', 'HIV', 'R']]);
    for (const [index, status] of [403, 200, 403].entries())
      expect((await ask(members.lakeside, riverside, [entries[index]?.record ?? ''])).status).to.equal(
        status,
      );
  });

  it('keeps all or nothing, says which entries are wrong, and leaves no ciphertext or key behind', async () => {
    const good = { resource: { resourceType: 'Observation', id: 'good', code: { text: 'x' } } };
    const changed = { resource: { resourceType: 'Observation', id: 'changed', status: 'final' } };
    const bundleOf = (...entry: object[]) => JSON.stringify({ resourceType: 'Bundle', type: 'batch', entry });
    const first = await send(bundleOf({ resource: { ...changed.resource, status: 'registered' } }), {
      prefix: 'all',
    });
    expect(first.status).to.equal(201);
    const before = [ciphertexts(), unconfirmed()];

    const late = await send(bundleOf(good, changed), { prefix: 'all' });
    expectProblem(late, 422, 'bundle-refused');
    expect((late.json['errors'] as { path: string; message: string }[])[0]).to.deep.include({
      path: '$.entry[1]',
    });
    const early = await send(
      bundleOf(
        good,
        good,
        { request: { method: 'DELETE', url: 'Observation/x' } },
        {
          resource: { resourceType: 'Observation', id: 'day', effectiveDateTime: '2026-02-30' },
        },
      ),
      { prefix: 'all' },
    );
    expectProblem(early, 422, 'bundle-refused');
    expect((early.json['errors'] as { path: string }[]).map(({ path }) => path)).to.deep.equal([
      '$.entry[1]',
      '$.entry[2]',
      '$.entry[3]',
    ]);
    expect([ciphertexts(), unconfirmed()]).to.deep.equal(before);

    const partial = await send(bundleOf(good, changed), { prefix: 'all', partial: 'true' });
    expect(partial.status, partial.bytes.toString()).to.equal(201);
    expect(entriesOf(partial).map(({ outcome }) => outcome)).to.deep.equal(['registered', 'refused']);
    const reasoned = await send(bundleOf(good, changed), { prefix: 'all', reason: 'correction' });
    expect(entriesOf(reasoned).map(({ outcome }) => outcome)).to.deep.equal(['unchanged', 'registered']);
  });

  it('refuses what is no bundle, is about two patients, or is too large', async () => {
    expectProblem(await send(published('b248b1b2-1686-4b94-9936-37d7a5f94b51')), 422, 'bundle-refused');
    expectProblem(await send(published('bundle-response')), 422, 'bundle-refused');
    expectProblem(await send('{"resourceType":"Patient"}'), 422, 'bundle-refused');
    expectProblem(await send('{"resourceType":"Bundle"'), 400, 'body-malformed');
    const large = { resourceType: 'Bundle', type: 'batch', entry: [], fill: 'x'.repeat(17 * 1024 ** 2) };
    expectProblem(await send(JSON.stringify(large)), 413, 'body-too-large');
    const doctor = await riverside.token('doctor', ['practitioner']);
    expectProblem(
      await riverside.call('POST', `/v1/bundles?subject=${subject}`, {
        token: doctor,
        headers: { 'content-type': 'application/fhir+json' },
        body: published('101'),
      }),
      403,
      'role-missing',
    );
  });
});
