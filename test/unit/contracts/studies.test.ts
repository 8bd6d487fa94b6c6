import { studyPerson } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import type { Simulation } from './support/fake-ledger.js';
import { EVIDENCE, OTHER_SUBJECT, SUBJECT, recordOf, sha } from './support/fixtures.js';
import {
  STUDY,
  openStudy,
  participationOf,
  studyConsent,
  studyOf,
  termsOf,
  type Chosen,
} from './support/studies.js';
import { signJws } from './support/identities.js';
import {
  LAKESIDE,
  LEDGER_ID,
  NOVACURE,
  NOW,
  NOW_INSTANT,
  PEPPER,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
  refusalOf,
} from './support/world.js';

const DAY = 86_400_000;
const on = (days: number): string => new Date(NOW + days * DAY).toISOString();

describe('studies', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    for (const subject of [SUBJECT, OTHER_SUBJECT])
      await world.custody({ command: 'register-subject', subject });
    await world.custody(recordOf('hb-1'));
    await openStudy(world);
  });

  function tryFile(chosen: Chosen = {}, version = 1): Promise<Simulation> {
    const { id = 's-1', subject = SUBJECT } = chosen;
    const command = {
      command: 'file-consent',
      consent: id,
      subject,
      resource: studyConsent(chosen),
      evidence: EVIDENCE,
    };
    return world.tryCustody(version === 1 ? command : { ...command, version });
  }

  async function file(chosen: Chosen = {}, version = 1): Promise<void> {
    const done = await tryFile(chosen, version);
    expect(done.message).to.equal('');
  }

  async function record(...subjects: string[]): Promise<void> {
    await world.study(
      {
        command: 'record-participations',
        study: STUDY,
        subjects: subjects.length > 0 ? subjects : [SUBJECT],
      },
      { mspId: RIVERSIDE },
    );
  }

  const withdraw = (collected?: 'keep' | 'destroy' | 'anonymise'): Promise<Simulation> =>
    world.withdrawal({
      command: 'withdraw',
      consent: 's-1',
      subject: SUBJECT,
      evidence: EVIDENCE,
      ...(collected === undefined ? {} : { collected }),
    });

  const enrol = (status: string, subject = SUBJECT): Promise<Simulation> =>
    world.tryCustody({ command: 'enrol', study: STUDY, subject, status });

  describe('are stated', () => {
    it('by their sponsor or by oversight, each change as the next version', async () => {
      expect(refusalOf(await world.tryRegister(studyOf(), { mspId: NOVACURE }))).to.equal(
        'study-version-conflict',
      );
      await world.register(studyOf({ version: 2, status: 'ended' }), { mspId: SENTINEL });
      await world.study(termsOf({ version: 2 }), { mspId: SENTINEL });
      expect(refusalOf(await world.tryStudy(termsOf({ version: 2 })))).to.equal('study-version-conflict');
    });

    it('never by another sponsor under the same id, nor with parties of another kind', async () => {
      const taken = studyOf({ version: 2, sponsor: LAKESIDE });
      expect(refusalOf(await world.tryRegister(taken, { mspId: LAKESIDE }))).to.equal('study-sponsor-fixed');
      const hospital = studyOf({ study: 'other', sponsor: LAKESIDE });
      expect(refusalOf(await world.tryRegister(hospital, { mspId: LAKESIDE }))).to.equal(
        'study-parties-refused',
      );
      const site = studyOf({ version: 2, sites: [SENTINEL] });
      expect(refusalOf(await world.tryRegister(site, { mspId: NOVACURE }))).to.equal('study-parties-refused');
    });

    it('at a site only once it has the terms', async () => {
      const both = studyOf({ version: 2, sites: [RIVERSIDE, LAKESIDE] });
      const done = await world.tryRegister(both, { mspId: NOVACURE });
      expect(done.message).to.equal('study-terms-missing ["$.sites[1]"]');
      await world.tryStudy(termsOf(), { mspId: NOVACURE }, LAKESIDE);
      await world.register(both, { mspId: NOVACURE });
    });

    it('with protocols that are only added to', async () => {
      const [first] = termsOf().protocols;
      const changed = { ...first, digest: sha('another document') };
      for (const protocols of [[changed], [{ ...first, version: '0' }, first]]) {
        const done = await world.tryStudy({ ...termsOf({ version: 2 }), protocols });
        expect(done.message).to.equal('study-terms-refused ["$.protocols[0]"]');
      }
    });

    it('with purposes and third parties that are known', async () => {
      const done = await world.tryStudy(
        termsOf({ version: 2, purposes: ['FUN'], thirdParties: ['Organization/nobody', 'Group/lakeside'] }),
      );
      expect(done.message).to.equal(
        'study-terms-refused ["$.purposes[0]","$.thirdParties[0]","$.thirdParties[1]"]',
      );
    });
  });

  describe('have consents', () => {
    it('of the one text that their choices give', async () => {
      const resource = { ...studyConsent(), provision: { type: 'permit' } };
      const command = {
        command: 'file-consent',
        consent: 's-1',
        subject: SUBJECT,
        resource,
        evidence: EVIDENCE,
      };
      expect(refusalOf(await world.tryCustody(command))).to.equal('consent-study-refused');
      expect(refusalOf(await tryFile({ protocol: '9' }))).to.equal('consent-study-refused');
      expect(refusalOf(await tryFile({ study: 'nova-102' }))).to.equal('consent-study-refused');
      const unlawful = { choice: 'samples', disposition: 'keep' } as const;
      expect(refusalOf(await tryFile({ collected: [unlawful] }))).to.equal('consent-study-refused');
      await file();
    });

    it('one of each participant, never again after a withdrawal', async () => {
      await file();
      expect(refusalOf(await tryFile({ id: 's-2' }))).to.equal('consent-study-refused');
      await withdraw();
      expect(refusalOf(await tryFile({ id: 's-2' }))).to.equal('consent-study-refused');
    });

    it('of no participant of another site', async () => {
      const command = {
        command: 'file-consent',
        consent: 's-1',
        subject: SUBJECT,
        resource: studyConsent(),
        evidence: EVIDENCE,
      };
      expect(refusalOf(await world.tryCustody(command, { mspId: LAKESIDE }))).to.equal('caller-not-allowed');
      const elsewhere = await world.tryCustody(command, { mspId: LAKESIDE }, LAKESIDE);
      expect(refusalOf(elsewhere)).to.equal('custody-not-open');
    });
  });

  describe('have participations', () => {
    it('that follow what the custody holds, and are written only when they change', async () => {
      await record();
      expect(participationOf(world)).to.equal(undefined);
      await enrol('invited');
      await record();
      expect(participationOf(world)).to.deep.include({ status: 'invited', version: 1, choices: [] });
      await file({ choices: ['main', 'genetic'] });
      await record();
      const consented = {
        status: 'consented',
        protocol: '1',
        evidence: 'witnessed',
        choices: ['main', 'genetic'],
      };
      expect(participationOf(world)).to.deep.include({ ...consented, version: 2, at: NOW_INSTANT });
      await record();
      expect(participationOf(world)?.version).to.equal(2);
      await enrol('active');
      await withdraw('destroy');
      await record(SUBJECT, OTHER_SUBJECT);
      expect(participationOf(world)).to.deep.include({
        status: 'withdrawn',
        collected: [{ choice: 'main', disposition: 'destroy' }],
        choices: [],
      });
      expect(participationOf(world, OTHER_SUBJECT)).to.equal(undefined);
    });

    it('whose withdrawal does what the study may where the participant asks for what it may not', async () => {
      await file();
      await withdraw('anonymise');
      await record();
      expect(participationOf(world)?.collected).to.deep.equal([{ choice: 'main', disposition: 'keep' }]);
    });

    it('with a choice withdrawn alone', async () => {
      await file({ choices: ['main', 'samples', 'recontact'] });
      const collected = [{ choice: 'samples', disposition: 'destroy' }] as const;
      await file({ choices: ['main', 'recontact'], collected }, 2);
      await record();
      expect(participationOf(world)).to.deep.include({
        status: 'consented',
        choices: ['main', 'recontact'],
        collected,
      });
    });

    it('under a pseudonym of one study, which no other study shares, and no slip either', async () => {
      await world.study(termsOf({ study: 'nova-102' }));
      await world.register(studyOf({ study: 'nova-102' }), { mspId: NOVACURE });
      await file();
      await file({ id: 's-2', study: 'nova-102' });
      await record();
      await world.study(
        { command: 'record-participations', study: 'nova-102', subjects: [SUBJECT] },
        { mspId: RIVERSIDE },
      );
      const [one, other] = [participationOf(world), participationOf(world, SUBJECT, 'nova-102')];
      expect(one?.person).to.equal(studyPerson(PEPPER, STUDY, SUBJECT));
      expect(other?.person).to.be.a('string').and.not.equal(one?.person);
      expect(world.value('slip', 's-1', NOVACURE)['person']).to.equal(one?.person);
      expect(world.value('slip', 's-2', NOVACURE)['person']).to.equal(other?.person);
      const seen = JSON.stringify([...world.ledger.values()].filter(([key]) => key.startsWith('study-')));
      expect(seen).to.not.include(SUBJECT).and.not.include('s-1');
    });

    it('of whom nothing is left at the site once they are erased, their slips included', async () => {
      await enrol('invited');
      await file();
      await record();
      const left = (): string[] =>
        (['enrolment', 'consent', 'slip', 'policies'] as const).filter((kind) =>
          [...world.ledger.values().keys()].some((key) => key.includes(`/${kind}/`)),
        );
      const keys = [
        world.key('enrolment', STUDY, SUBJECT),
        world.key('consent', 's-1'),
        world.key('slip', 's-1', NOVACURE),
        world.key('policies', OTHER_SUBJECT),
      ];
      const erase = (values: string[]): Promise<Simulation> =>
        world.tryCustody({
          command: 'erase-subject',
          subject: SUBJECT,
          ground: 'objection',
          reference: 'case-17',
          values,
          withdrawals: [],
        });
      expect(refusalOf(await erase(keys)), "with what is another's").to.equal('command-malformed');
      expect((await erase(keys.slice(0, 3))).message).to.equal('');
      expect(left()).to.deep.equal(['policies']);
      expect(refusalOf(await enrol('invited'))).to.equal('subject-erased');
      expect(participationOf(world)?.status, 'what was told stays, under a pseudonym').to.equal('consented');
    });

    it('brought by the site from status to status, legally', async () => {
      for (const status of ['active', 'suspended', 'completed'])
        expect(refusalOf(await enrol(status)), status).to.equal('participation-status-refused');
      expect((await enrol('invited')).message).to.equal('');
      expect(refusalOf(await enrol('active'))).to.equal('participation-status-refused');
      await file();
      for (const status of ['active', 'suspended', 'active', 'completed'])
        expect((await enrol(status)).message, status).to.equal('');
      for (const status of ['active', 'suspended', 'invited'])
        expect(refusalOf(await enrol(status)), status).to.equal('participation-status-refused');
      await withdraw();
      expect(refusalOf(await enrol('completed'))).to.equal('participation-status-refused');
      expect(refusalOf(await enrol('invited', 'nobody-here'))).to.equal('subject-unknown');
    });
  });

  describe('are asked for', () => {
    async function decide(changes: object = {}): Promise<string> {
      const request = world.request({ iss: NOVACURE, purpose: ['CLINTRL'], study: STUDY, ...changes });
      const done = await world.custody({ command: 'decide', requests: [request] });
      const details = world.value('details', done.transaction) as {
        details: { records: { reason: string }[] }[];
      };
      return details.details[0]?.records[0]?.reason ?? 'refused';
    }

    it('and permitted by a consent to the study, for that study alone', async () => {
      expect(await decide()).to.equal('no-consent');
      await file({ choices: ['main', 'genetic', 'samples'] });
      expect(await decide()).to.equal('permitted-by-consent');
      expect(await decide({ study: undefined })).to.equal('no-consent');
      expect(await decide({ study: 'nova-102' })).to.equal('study-not-known');
      expect(await decide({ iss: LAKESIDE })).to.equal('not-covered-by-consent');
      await withdraw();
      expect(await decide()).to.equal('consent-withdrawn');
    });

    it('beyond its purposes and its data in vain', async () => {
      await file({ choices: ['main', 'genetic', 'samples', 'future'] });
      expect(await decide({ purpose: ['TREAT'] })).to.equal('beyond-study');
      expect(await decide({ purpose: ['HRESCH'] })).to.equal('permitted-by-consent');
      await world.study(
        termsOf({ version: 2, purposes: ['CLINTRL'], data: { resourceTypes: ['Observation'] } }),
      );
      expect(await decide({ purpose: ['HRESCH'] })).to.equal('beyond-study');
      expect(await decide()).to.equal('permitted-by-consent');
      await world.study(termsOf({ version: 3, data: { resourceTypes: ['Condition'] } }));
      expect(await decide()).to.equal('beyond-study');
    });

    it('in vain where a choice was not made', async () => {
      const labelled = recordOf('gen-1');
      await world.custody({ ...labelled, facts: { ...labelled.facts, labels: ['R', 'GDIS'] } });
      const sample = recordOf('tube-1');
      await world.custody({
        ...sample,
        facts: { ...sample.facts, reference: 'Specimen/1', resourceType: 'Specimen' },
      });
      await file();
      expect(await decide()).to.equal('permitted-by-consent');
      for (const record of ['gen-1', 'tube-1'])
        expect(await decide({ records: [record] }), record).to.equal('denied-by-consent');
      expect(await decide({ purpose: ['HRESCH'] })).to.equal('no-consent');
      await file({ choices: ['main', 'samples', 'genetic', 'future', 'sharing'] }, 2);
      for (const record of ['gen-1', 'tube-1'])
        expect(await decide({ records: [record] }), record).to.equal('permitted-by-consent');
      expect(await decide({ iss: LAKESIDE })).to.equal('permitted-by-consent');
    });

    it('on an old version until the deadline, and not a moment longer', async () => {
      await file({ choices: ['main', 'samples', 'genetic'] });
      const [first] = termsOf().protocols;
      const minor = { version: '1.1', digest: sha('1.1'), from: on(0), consent: 'not-needed' } as const;
      await world.study(termsOf({ version: 2, protocols: [...(first ? [first] : []), minor] }));
      expect(await decide()).to.equal('permitted-by-consent');
      const major = {
        version: '2',
        digest: sha('2'),
        from: on(0),
        consent: 'needed',
        deadline: on(10),
      } as const;
      await world.study(termsOf({ version: 3, protocols: [...(first ? [first] : []), minor, major] }));
      world.now = NOW + 10 * DAY - 1;
      expect(await decide()).to.equal('permitted-by-consent');
      world.now = NOW + 10 * DAY;
      expect(await decide()).to.equal('reconsent-overdue');
      await file({ choices: ['main', 'samples', 'genetic'], protocol: '2' }, 2);
      expect(await decide()).to.equal('permitted-by-consent');
    });

    it('in vain once the approval has expired, the study has ended, or the participation is suspended', async () => {
      await file();
      await enrol('active');
      await enrol('suspended');
      expect(await decide()).to.equal('participation-not-active');
      await enrol('active');
      expect(await decide()).to.equal('permitted-by-consent');
      const approval = { reference: 'EC-2026-17', start: '2026-01-01', end: '2026-11-23' };
      await world.study(termsOf({ version: 2, approval }));
      expect(await decide()).to.equal('study-not-in-force');
      await world.study(termsOf({ version: 3 }));
      await world.register(studyOf({ version: 2, status: 'ended' }), { mspId: NOVACURE });
      expect(await decide()).to.equal('study-not-in-force');
    });

    it('with no more reads where no study is named', async () => {
      await file();
      const request = world.request({ iss: NOVACURE, purpose: ['CLINTRL'] });
      const done = await world.custody({ command: 'decide', requests: [request] });
      expect(
        [...done.reads.keys()].filter((key) => key.includes('study') || key.includes('enrolment')),
      ).to.deep.equal([]);
    });
  });

  describe('are stopped', () => {
    const person = studyPerson(PEPPER, STUDY, SUBJECT);

    function statement(changes: object = {}, signer = NOVACURE): string {
      const claims = {
        iss: NOVACURE,
        aud: RIVERSIDE,
        ledger: LEDGER_ID,
        iat: Math.floor(NOW / 1_000),
        study: STUDY,
        person,
        action: 'destroyed',
        on: NOW_INSTANT,
        ...changes,
      };
      const key = world.signingKey(signer);
      return signJws({ alg: 'ES256', typ: 'consent-ledger-stop+jwt', kid: key.kid }, claims, key.privateKey);
    }

    const acknowledge = (text: string): Promise<Simulation> =>
      world.tryStudy({ command: 'acknowledge-stop', study: STUDY, person, statement: text });

    it('with the signed word of the sponsor, once, and only after a withdrawal', async () => {
      expect(refusalOf(await acknowledge(statement()))).to.equal('participation-unknown');
      await file();
      await record();
      expect(refusalOf(await acknowledge(statement()))).to.equal('stop-refused');
      await withdraw();
      await record();
      const good = statement();
      expect((await acknowledge(good)).message).to.equal('');
      expect((await acknowledge(good)).message).to.equal('');
      expect(refusalOf(await acknowledge(statement({ action: 'kept' })))).to.equal(
        'stop-already-acknowledged',
      );
    });

    it('and with no forged one', async () => {
      await file();
      await withdraw();
      await record();
      for (const [hint, forged] of [
        ['signed by another', statement({}, RIVERSIDE)],
        ['for another site', statement({ aud: LAKESIDE })],
        ['for another study', statement({ study: 'nova-102' })],
        ['of another person', statement({ person: 'a'.repeat(22) })],
        ['on another ledger', statement({ ledger: '0'.repeat(64) })],
        ['before the withdrawal', statement({ on: on(-2) })],
        ['of the future', statement({ on: on(2) })],
        ['altered', statement().replace(/.{5}$/, 'AAAAA')],
      ] as const)
        expect(refusalOf(await acknowledge(forged)), hint).to.equal('stop-refused');
      await world.study(termsOf({ version: 2, withdrawal: { data: ['destroy'], samples: ['destroy'] } }));
      expect(refusalOf(await acknowledge(statement({ action: 'kept' }))), 'kept unlawfully').to.equal(
        'stop-refused',
      );
    });
  });
});
