import {
  consent as consentSchema,
  descriptor,
  policies as policiesSchema,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import {
  EVIDENCE,
  OTHER_SUBJECT,
  SUBJECT,
  consentOf,
  fieldsOf,
  recordOf,
  registerPatient,
} from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import {
  LAKESIDE,
  NOVACURE,
  NOW_INSTANT,
  PEPPER,
  POLICY,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
  payloadOf,
  refusalOf,
} from './support/world.js';

describe('custody', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
  });

  /** `written`, or the code of the refusal. */
  async function outcomeOf(command: object, mspId = RIVERSIDE): Promise<string> {
    const done: Simulation = await world.tryCustody(command, { mspId }, mspId);
    return done.status === 200 ? 'written' : refusalOf(done);
  }

  describe('open-custody', () => {
    const command = { command: 'open-custody', pepper: PEPPER.toString('base64url'), policy: POLICY };

    it('keeps pepper and policy for the members of the collection', async () => {
      const done = await world.queryCustody({ query: 'custody' }, { mspId: SENTINEL });
      expect(payloadOf(done)).to.deep.include({
        v: 1,
        custodian: RIVERSIDE,
        organization: 'Organization/riverside',
        pepper: command.pepper,
        policy: POLICY,
      });
    });

    it('happens once', async () => {
      expect(await outcomeOf(command)).to.equal('custody-already-open');
    });

    it('is for hospitals that are registered', async () => {
      expect(await outcomeOf(command, NOVACURE)).to.equal('member-not-custodian');
      expect(await outcomeOf(command, 'StrangerMSP')).to.equal('member-unknown');
    });

    it('comes before everything else', async () => {
      expect(await outcomeOf({ command: 'register-subject', subject: 'sub-2' }, LAKESIDE)).to.equal(
        'custody-not-open',
      );
      const query = { v: 1, query: 'subject', subject: SUBJECT };
      const done = await world.call(
        ['custody:query', LAKESIDE],
        { query: Buffer.from(JSON.stringify(query)) },
        { mspId: LAKESIDE },
      );
      expect(refusalOf(done)).to.equal('custody-not-open');
    });

    it('refuses purposes that nobody knows', async () => {
      const policy = { ...POLICY, agreementPurposes: ['CURIOSITY'] };
      const done = await world.tryCustody({ ...command, policy }, { mspId: LAKESIDE }, LAKESIDE);
      expect(done.message).to.equal('command-malformed ["$.policy.agreementPurposes[0]"]');
    });
  });

  describe('register-subject', () => {
    it('happens once for each id', async () => {
      expect(await outcomeOf({ command: 'register-subject', subject: SUBJECT })).to.equal(
        'subject-already-registered',
      );
      expect(payloadOf(await world.queryCustody({ query: 'subject', subject: SUBJECT }))).to.deep.include({
        subject: SUBJECT,
        status: 'active',
        registeredAt: NOW_INSTANT,
      });
    });
  });

  describe('register-record', () => {
    const next = { ...recordOf('hb-1'), version: 2, reason: 'relabelled' };

    it('keeps the facts as they were stated', () => {
      const stated: Record<string, unknown> = { ...recordOf('hb-1') };
      delete stated['command'];
      expect(descriptor.parse(world.value('descriptor', 'hb-1'))).to.deep.include({
        ...stated,
        status: 'active',
        registeredAt: NOW_INSTANT,
      });
    });

    it('takes each version after the one before, with a reason', async () => {
      expect(await outcomeOf({ ...next, version: 3 })).to.equal('record-version-conflict');
      expect(await outcomeOf(recordOf('hb-1'))).to.equal('record-version-conflict');
      expect(await outcomeOf({ ...recordOf('new'), version: 2, reason: 'moved' })).to.equal(
        'record-version-conflict',
      );
      expect(await outcomeOf({ ...recordOf('hb-1'), version: 2 })).to.equal('command-malformed');
      expect(await outcomeOf(next)).to.equal('written');
      expect(await outcomeOf(next)).to.equal('record-version-conflict');
    });

    it('is about registered subjects, and about the same ones for ever', async () => {
      expect(await outcomeOf(recordOf('new', [OTHER_SUBJECT]))).to.equal('subject-unknown');
      await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
      expect(await outcomeOf(recordOf('new', [OTHER_SUBJECT, SUBJECT]))).to.equal('written');
      expect(await outcomeOf({ ...next, subjects: [OTHER_SUBJECT] })).to.equal('record-subjects-fixed');
      expect(await outcomeOf({ ...next, subjects: [SUBJECT, OTHER_SUBJECT] })).to.equal(
        'record-subjects-fixed',
      );
    });

    it('takes many at once, all of them or none, and none twice', async () => {
      const all = (...records: object[]) => ({ command: 'register-records', records }) as const;
      expect(await outcomeOf(all(fieldsOf('b-1'), fieldsOf('b-1')))).to.equal('command-malformed');
      expect(await outcomeOf(all())).to.equal('command-malformed');
      expect(await outcomeOf(all(fieldsOf('b-1'), fieldsOf('b-2', [OTHER_SUBJECT])))).to.equal(
        'subject-unknown',
      );
      expect(await outcomeOf(all(fieldsOf('b-1'), fieldsOf('hb-1')))).to.equal('record-version-conflict');
      expect(await outcomeOf(all(fieldsOf('b-1'), fieldsOf('b-2')))).to.equal('written');
      const [one, other] = ['b-1', 'b-2'].map((id) => descriptor.parse(world.value('descriptor', id)));
      expect(one?.record).to.equal('b-1');
      expect(one?.salt).not.to.equal(other?.salt);
    });

    it('keeps where labels come from, and refuses to leave out one that its own explanation says', async () => {
      const coding = { system: 'http://loinc.org', code: '7918-6' };
      const found = [{ rule: 'hiv-test', labels: ['HIV'], coding }];
      const table = 'A'.repeat(43);
      const labelled = (labels: readonly string[] | undefined, labelling: object) => {
        const command = recordOf('new');
        const facts: Record<string, unknown> = { ...command.facts, labels };
        if (labels === undefined) delete facts['labels'];
        return { ...command, facts, labelling: { table, found: [], ...labelling } };
      };
      for (const [labels, labelling] of [
        [['N'], { found }],
        [undefined, { found }],
        [['N'], { own: ['N', 'TBOO'] }],
        [['N'], { stated: ['SEX'] }],
        [['N', 'R'], { decided: ['N'] }],
        [['N'], { decided: ['N', 'R'] }],
        [['N'], { own: ['TBOO'], decided: ['N'] }],
      ] as const) {
        const done = await world.tryCustody(labelled(labels, labelling));
        expect(done.message, JSON.stringify(labelling)).to.equal('record-facts-refused ["$.labelling"]');
      }
      const good = { own: ['TBOO'], stated: ['SEX'], found: [], decided: ['TBOO'], overruled: ['hiv-test'] };
      expect(await outcomeOf(labelled(['TBOO'], good))).to.equal('written');
      expect(descriptor.parse(world.value('descriptor', 'new')).labelling).to.deep.equal({ table, ...good });
    });

    for (const [name, facts, path] of [
      ['a label that nobody knows', { labels: ['N', 'SECRET'] }, '$.facts.labels[1]'],
      ['a day that is none', { authored: '2026-02-30' }, '$.facts.authored'],
      [
        'a span that ends before it starts',
        { authored: { start: '2026-02-02', end: '2026-02-01' } },
        '$.facts.authored',
      ],
    ] as const) {
      it(`refuses ${name}, saying where`, async () => {
        const command = recordOf('new');
        const done = await world.tryCustody({ ...command, facts: { ...command.facts, ...facts } });
        expect(done.message).to.equal(`record-facts-refused ["${path}"]`);
      });
    }
  });

  describe('file-consent', () => {
    function file(id: string, resource: object, subject = SUBJECT): Promise<Simulation> {
      return world.tryCustody({
        command: 'file-consent',
        consent: id,
        subject,
        resource,
        evidence: EVIDENCE,
      });
    }

    it('keeps the text with its hash, and what the rules make of it beside the others', async () => {
      await file('c-2', consentOf('c-2'));
      const resource = consentOf('c-2');
      const stored = consentSchema.parse(world.value('consent', 'c-2'));
      expect(stored).to.deep.include({
        consent: 'c-2',
        version: 1,
        subject: SUBJECT,
        resource,
        evidence: EVIDENCE,
      });
      expect(stored).to.include({ filedAt: NOW_INSTANT, filedBy: RIVERSIDE });
      const { consents } = policiesSchema.parse(world.value('policies', SUBJECT));
      expect(consents.map(({ consent, evidence, policy }) => [consent, evidence, policy.id])).to.deep.equal([
        ['c-1', 'witnessed', 'c-1'],
        ['c-2', 'witnessed', 'c-2'],
      ]);
    });

    it('takes an id once, whatever the text', async () => {
      expect(refusalOf(await file('c-1', consentOf('c-1')))).to.equal('consent-already-filed');
      await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
      const elsewhere = await file('c-1', consentOf('c-1', OTHER_SUBJECT), OTHER_SUBJECT);
      expect(refusalOf(elsewhere)).to.equal('consent-already-filed');
    });

    it('needs a registered subject, whom the resource names', async () => {
      expect(refusalOf(await file('c-2', consentOf('c-2', OTHER_SUBJECT), OTHER_SUBJECT))).to.equal(
        'subject-unknown',
      );
      expect((await file('c-2', consentOf('c-2', OTHER_SUBJECT))).message).to.equal(
        'consent-not-of-subject ["Consent.patient"]',
      );
      expect((await file('c-2', consentOf('c-3'))).message).to.equal('consent-not-of-subject ["Consent.id"]');
    });

    it('refuses what the rules do not understand, with its FHIRPaths', async () => {
      const strange = consentOf('c-2', SUBJECT, {
        modifierExtension: [{ url: 'urn:x', valueBoolean: true }],
      });
      expect((await file('c-2', strange)).message).to.equal('consent-refused ["Consent.modifierExtension"]');
      expect((await file('c-2', { resourceType: 'Patient', id: 'c-2' })).message).to.equal(
        'consent-refused ["Consent.resourceType"]',
      );
    });

    it('refuses what could identify a person, with its FHIRPaths', async () => {
      const named = consentOf('c-2', SUBJECT, {
        text: { status: 'generated', div: '<div>Jane Roe</div>' },
        patient: { reference: `Patient/${SUBJECT}`, display: 'Jane Roe', identifier: { value: '42' } },
      });
      expect((await file('c-2', named)).message).to.equal(
        'consent-identifies-person ["Consent.patient.display","Consent.patient.identifier","Consent.text"]',
      );
    });

    it('refuses recipients that are no members, wherever they are named', async () => {
      const actor = (reference: string): object => ({
        actor: [
          {
            role: {
              coding: [
                { system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' },
              ],
            },
            reference: { reference },
          },
        ],
      });
      const base = consentOf('c-2')['provision'] as object;
      const inBase = { ...consentOf('c-2'), provision: { ...base, ...actor('Organization/nobody') } };
      expect((await file('c-2', inBase)).message).to.equal(
        'consent-actor-not-member ["Consent.provision.actor"]',
      );
      const exception = { type: 'deny', ...actor('Organization/LAKESIDE') };
      const inException = { ...consentOf('c-2'), provision: { ...base, provision: [exception] } };
      expect((await file('c-2', inException)).message).to.equal(
        'consent-actor-not-member ["Consent.provision.provision[0].actor"]',
      );
    });

    it('supersedes only what is on file for the subject', async () => {
      const superseding = (id: string): object => ({
        extension: [
          { url: 'urn:consent-ledger:fhir:supersedes', valueReference: { reference: `Consent/${id}` } },
        ],
      });
      expect(refusalOf(await file('c-2', { ...consentOf('c-2'), ...superseding('c-9') }))).to.equal(
        'consent-supersedes-refused',
      );
      expect(refusalOf(await file('c-2', { ...consentOf('c-2'), ...superseding('c-2') }))).to.match(
        /^consent-(?:supersedes-)?refused$/,
      );
      expect((await file('c-2', { ...consentOf('c-2'), ...superseding('c-1') })).message).to.equal('');
    });
  });

  describe('private values', () => {
    it('are found under keys that nobody without the pepper can name, each with a salt of its own', async () => {
      await world.custody({ command: 'decide', requests: [world.request()] });
      await world.withdrawal({ command: 'withdraw', consent: 'c-1', subject: SUBJECT, evidence: EVIDENCE });
      const all = [...world.ledger.values()].filter(([key]) => !key.startsWith('/'));
      const salts = all.map(([, value]) => value['salt']);
      expect(all.length).to.be.greaterThan(6);
      expect(new Set(salts).size).to.equal(salts.length);
      for (const salt of salts) expect(salt).to.match(/^[A-Za-z0-9_-]{22}$/);
      for (const [key] of all)
        expect(key).to.match(/^(?:custody|withdrawal)-RiversideMSP\/(?:custody|[a-z]+\/[0-9a-f]{64})$/);
    });

    it('are canonical JSON, so that equal values have equal hashes', () => {
      for (const bytes of world.ledger.state.values()) {
        const names = [...bytes.toString().matchAll(/^\{|"([a-zA-Z]+)":/g)].map(([, name]) => name);
        expect(names.length).to.be.greaterThan(1);
        expect(bytes.toString()).to.not.match(/[\n\t]|: |, "/);
      }
    });

    it('come back as they are, and an event hash from a peer that may not read the event', async () => {
      const claims = world.claims();
      await world.custody({ command: 'decide', requests: [world.request(claims)] });
      const { jti } = claims;
      const event = await world.queryCustody({ query: 'event', requester: LAKESIDE, jti });
      const key = world.key('event', LAKESIDE, jti);
      const hash = await world.queryCustody({ query: 'event-hash', event: key }, { mspId: LAKESIDE });
      expect(payloadOf(hash)).to.deep.equal({
        hash: createHash('sha256').update(event.payload).digest('base64url'),
      });
      const nothing = await world.queryCustody(
        { query: 'event-hash', event: world.key('event', 'x') },
        { mspId: LAKESIDE },
      );
      expect(nothing.payload).to.have.length(0);
      for (const query of [
        { query: 'record', record: 'hb-1' },
        { query: 'consent', consent: 'c-1' },
        { query: 'policies', subject: SUBJECT },
      ] as const) {
        expect((await world.queryCustody(query)).payload.length).to.be.greaterThan(0);
      }
      expect((await world.queryCustody({ query: 'record', record: 'nothing' })).payload).to.have.length(0);
    });

    it('that a peer does not have yet are said to be pending', async () => {
      const { state } = world.ledger;
      const get = state.get.bind(state);
      state.get = (key) => {
        if (!key.includes('/subject/')) return get(key);
        throw new Error(
          'GET_STATE failed: transaction ID: x: private data matching public hash version is not available. Public hash version = {1,2}, Private data version = nil',
        );
      };
      expect(await outcomeOf({ command: 'register-subject', subject: SUBJECT })).to.equal(
        'private-data-pending',
      );
    });

    it('that cannot be read are a failure without words, for the log of the chaincode alone', async () => {
      const [key = ''] = [...world.ledger.state.keys()].filter((name) => name.includes('/subject/'));
      for (const damaged of ['{"v":2}', '{', 'null']) {
        world.ledger.state.set(key, Buffer.from(damaged));
        expect(await outcomeOf({ command: 'register-subject', subject: SUBJECT })).to.equal(
          'chaincode-failed',
        );
      }
      expect(world.ledger.failures).to.have.length(6);
    });
  });

  it('has no use for a ledger that is not founded', async () => {
    world.ledger.state.delete('/ledger');
    expect(await outcomeOf({ command: 'decide', requests: [world.request()] })).to.equal(
      'ledger-not-founded',
    );
  });
});
