import {
  MAX_SUBJECT_BASES,
  details,
  policies as policiesSchema,
  subjectBasis,
  type SubjectBasis,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import type { Simulation } from './support/fake-ledger.js';
import {
  EVIDENCE,
  OTHER_SUBJECT,
  SUBJECT,
  consentOf,
  recordOf,
  registerPatient,
  sha,
} from './support/fixtures.js';
import {
  PRIVATE_BASIS,
  legalBasisOf,
  proposedAbout,
  registerAbout,
  subjectBasisOf,
} from './support/registering.js';
import {
  LAKESIDE,
  NOVACURE,
  NOW,
  NOW_INSTANT,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
  must,
  refusalOf,
  succeeded,
} from './support/world.js';

const by = (mspId: string): { mspId: string } => ({ mspId });
const YEAR = 365 * 86_400_000;

describe('legal bases about one patient', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    await world.custody(recordOf('other', [OTHER_SUBJECT]));
    await world.custody(recordOf('both', [SUBJECT, OTHER_SUBJECT]));
  });

  it('are no more than readers take, however many were proposed while there was room', async () => {
    const named = (nth: number): string => `private.order-${nth}`;
    for (let nth = 0; nth < MAX_SUBJECT_BASES - 1; nth += 1)
      await registerAbout(world, { basis: named(nth) });
    const last = [MAX_SUBJECT_BASES, MAX_SUBJECT_BASES + 1].map(named);
    for (const basis of last) succeeded(await propose({ basis }));
    const [first, second] = last.map((basis) => ({
      command: 'confirm-subject-basis' as const,
      subject: SUBJECT,
      basis,
      proposal: proposedAbout(world, basis),
    }));
    succeeded(await world.tryCustody(must(first), by(SENTINEL)));
    expect(refusalOf(await world.tryCustody(must(second), by(SENTINEL)))).to.equal(
      'legal-basis-limit-reached',
    );
    policiesSchema.parse(world.value('policies', SUBJECT));
  });

  const about = { subject: SUBJECT, basis: PRIVATE_BASIS };
  const propose = (changes: object = {}, who = RIVERSIDE): Promise<Simulation> =>
    world.tryCustody({ ...subjectBasisOf(), ...changes }, by(who));
  const confirm = (who: string, proposal = proposedAbout(world)): Promise<Simulation> =>
    world.tryCustody({ command: 'confirm-subject-basis', ...about, proposal }, by(who));
  const end = (who = RIVERSIDE): Promise<Simulation> =>
    world.tryCustody({ command: 'end-subject-basis', ...about }, by(who));
  const drop = (who = RIVERSIDE): Promise<Simulation> =>
    world.tryCustody({ command: 'drop-subject-basis', ...about }, by(who));

  function registered(version = 1): SubjectBasis {
    return subjectBasis.parse(world.value('basis', SUBJECT, PRIVATE_BASIS, `${version}`));
  }
  const filed = (subject = SUBJECT): unknown =>
    policiesSchema.parse(world.value('policies', subject)).legalBases;

  describe('come about', () => {
    it('when the custodian proposes and oversight confirms, and not before', async () => {
      expect((await propose()).message).to.equal('');
      expect(filed()).to.equal(undefined);
      expect((await confirm(SENTINEL)).message).to.equal('');
      const { salt, ...rest } = registered();
      expect(salt).to.be.a('string');
      expect(rest).to.deep.equal({
        v: 1,
        ...about,
        version: 1,
        requester: LAKESIDE,
        organization: 'Organization/lakeside',
        purposes: ['TREAT'],
        cites: ['45 CFR 164.512(e)(1)(i)'],
        jurisdiction: 'US-NY',
        period: { start: '2026', end: '2027' },
        document: sha('the order'),
        status: 'active',
        by: [RIVERSIDE, SENTINEL],
        at: NOW_INSTANT,
      });
    });

    it('also when oversight proposes and the custodian confirms', async () => {
      await propose({}, SENTINEL);
      expect((await confirm(RIVERSIDE)).message).to.equal('');
      expect(registered().by).to.deep.equal([SENTINEL, RIVERSIDE]);
    });

    it('never by one alone, by the one that gains, or by who reads nothing of the patient', async () => {
      await propose();
      expect(refusalOf(await confirm(RIVERSIDE))).to.equal('legal-basis-party-refused');
      for (const who of [LAKESIDE, NOVACURE, 'StrangerMSP'])
        expect(refusalOf(await confirm(who)), who).to.equal('caller-not-allowed');
      for (const who of [LAKESIDE, NOVACURE, 'StrangerMSP'])
        expect(refusalOf(await propose({}, who)), who).to.equal('caller-not-allowed');
      expect(refusalOf(await propose({ requester: RIVERSIDE }))).to.equal('legal-basis-party-refused');
      await propose({ requester: RIVERSIDE }, SENTINEL);
      expect(refusalOf(await confirm(RIVERSIDE)), 'the custodian gains').to.equal(
        'legal-basis-party-refused',
      );
      await propose({ requester: SENTINEL });
      expect(refusalOf(await confirm(SENTINEL)), 'oversight gains').to.equal('legal-basis-party-refused');
      expect(filed()).to.equal(undefined);
    });

    it('as they were read: another proposal than the one meant is confirmed by nobody', async () => {
      await propose();
      const first = proposedAbout(world);
      await propose({ purposes: ['HPAYMT'] });
      expect(refusalOf(await confirm(SENTINEL, first))).to.equal('legal-basis-not-proposed');
      const second = proposedAbout(world);
      expect((await drop(SENTINEL)).message).to.equal('');
      expect(refusalOf(await confirm(SENTINEL, second))).to.equal('legal-basis-not-proposed');
      expect(refusalOf(await drop())).to.equal('legal-basis-unknown');
    });

    it('with terms that the rules understand, that could open something, and that have an end', async () => {
      const wrong = { purposes: ['FUN', 'urn:x|y'], labels: ['R', 'SUD'], period: { end: '2026-13' } };
      expect((await propose({ ...wrong, requester: 'StrangerMSP' })).message).to.equal(
        'legal-basis-terms-refused ["$.purposes[0]","$.purposes[1]","$.period","$.requester","$.labels[0]","$.cites"]',
      );
      expect((await propose({ period: { end: '2025' } })).message).to.equal(
        'legal-basis-terms-refused ["$.period.end"]',
      );
      for (const period of [undefined, {}, { start: '2026' }])
        expect(refusalOf(await propose({ period }))).to.equal('command-malformed');
      for (const basis of ['lb-1', 'private.', 'Private.x'])
        expect(refusalOf(await propose({ basis }))).to.equal('command-malformed');
      expect(refusalOf(await propose({ subject: 'sub-nobody' }))).to.equal('subject-unknown');
      await propose({ labels: ['SUD'], cites: ['42 CFR 2.61'] });
      expect((await confirm(SENTINEL)).message).to.equal('');
    });

    it('under ids that are no general ones, so that nothing is looked for in public', async () => {
      const general = legalBasisOf({ basis: PRIVATE_BASIS });
      expect(refusalOf(await world.tryRegister(general, by(SENTINEL)))).to.equal('command-malformed');
    });

    it('and show nothing of the patient in public: no argument, answer, key or public value', async () => {
      const one = await propose();
      const two = await confirm(SENTINEL);
      for (const { writes, payload, reads } of [one, two]) {
        expect([...writes.keys()].filter((key) => key.startsWith('/'))).to.deep.equal([]);
        expect(payload).to.have.length(0);
        const keys = [...writes.keys(), ...reads.keys()].join('\n');
        for (const secret of [SUBJECT, PRIVATE_BASIS, 'order-17']) expect(keys).to.not.include(secret);
      }
    });
  });

  describe('change', () => {
    beforeEach(() => registerAbout(world));

    it('to the next version by the same two steps; the one before stays in force until then', async () => {
      expect(refusalOf(await propose())).to.equal('legal-basis-version-conflict');
      await propose({ version: 2, purposes: ['HPAYMT'] });
      expect(filed()).to.deep.include.members([(filed() as { version: number }[])[0]]);
      expect((filed() as { version: number }[])[0]?.version).to.equal(1);
      await confirm(SENTINEL);
      expect(filed()).to.have.length(1);
      expect(registered(2).purposes).to.deep.equal(['HPAYMT']);
      expect(registered(1).purposes).to.deep.equal(['TREAT']);
    });

    it('to ended at the word of the custodian or of oversight, and of nobody else', async () => {
      for (const who of [LAKESIDE, NOVACURE, 'StrangerMSP'])
        expect(refusalOf(await end(who)), who).to.equal('caller-not-allowed');
      await propose({ version: 2 });
      const proposal = proposedAbout(world);
      expect((await end(SENTINEL)).message).to.equal('');
      expect(registered(2)).to.deep.include({ status: 'ended', by: [SENTINEL] });
      expect(refusalOf(await confirm(SENTINEL, proposal)), 'proposed before').to.equal(
        'legal-basis-not-proposed',
      );
      expect((await end()).writes.size, 'again').to.equal(0);
      expect(
        refusalOf(await world.tryCustody({ command: 'end-subject-basis', ...about, basis: 'private.x' })),
      ).to.equal('legal-basis-unknown');
    });

    it('and stay when a consent is filed', async () => {
      const before = filed();
      await world.custody({
        command: 'file-consent',
        consent: 'c-2',
        subject: SUBJECT,
        resource: consentOf('c-2'),
        evidence: EVIDENCE,
      });
      expect(filed()).to.deep.equal(before);
    });

    it('and are purged with the subject, with what is proposed and every version that there was', async () => {
      await propose({ version: 2 });
      await propose({ basis: 'private.other' });
      const values = [world.key('basis', SUBJECT, PRIVATE_BASIS, '1')];
      const done = await world.tryCustody({
        command: 'erase-subject',
        subject: SUBJECT,
        ground: 'objection',
        reference: 'case-17',
        values,
        withdrawals: [],
      });
      expect(done.message).to.equal('');
      for (const key of [...values, world.key('policies', SUBJECT), world.key('basisproposals', SUBJECT)])
        expect([...done.purges].some((one) => one.endsWith(key))).to.equal(true);
      expect(refusalOf(await propose())).to.equal('subject-erased');
      expect(refusalOf(await end())).to.equal('subject-erased');
    });

    it('of another subject are none of an erasure', async () => {
      const erase = {
        command: 'erase-subject',
        subject: OTHER_SUBJECT,
        ground: 'objection',
        reference: 'case-18',
        values: [world.key('basis', SUBJECT, PRIVATE_BASIS, '1')],
        withdrawals: [],
      };
      expect(refusalOf(await world.tryCustody(erase))).to.equal('command-malformed');
    });
  });

  describe('are what a decision rests on', () => {
    const naming = { legalBasis: PRIVATE_BASIS, references: [], purpose: ['HRESCH'] };
    const order = { purposes: ['HRESCH'] };

    async function decide(changes: object = {}): Promise<{ reasons: unknown[]; done: Simulation }> {
      const request = world.request({ records: ['hb-1', 'other', 'both'], ...naming, ...changes });
      const done = await world.custody({ command: 'decide', requests: [request] });
      const [detail] = details.parse(world.value('details', done.transaction)).details;
      return { reasons: (detail?.records ?? []).map(({ reason }) => reason), done };
    }

    it('for the records of that patient alone, for whom and what it names, until it ends', async () => {
      const { reasons: before } = await decide();
      await registerAbout(world, order);
      const open = ['legal-basis', before[1], before[2]];
      expect((await decide()).reasons).to.deep.equal(open);
      expect((await decide({ legalBasis: 'private.other' })).reasons, 'another').to.deep.equal(before);
      expect((await decide({ purpose: ['HPAYMT'] })).reasons).to.not.include('legal-basis');
      expect((await decide({ iss: NOVACURE })).reasons, 'of another member').to.not.include('legal-basis');
      await registerAbout(world, { ...order, subject: OTHER_SUBJECT });
      expect((await decide()).reasons, 'about both').to.deep.equal(Array(3).fill('legal-basis'));
      await end(SENTINEL);
      expect((await decide()).reasons, 'ended').to.deep.equal([before[0], 'legal-basis', before[2]]);
    });

    it('until its period is over', async () => {
      await registerAbout(world, order);
      world.now = NOW + 2 * YEAR;
      expect((await decide({ records: ['other'] })).reasons).to.not.include('legal-basis');
      expect((await decide({ records: ['hb-1'] })).reasons).to.not.include('legal-basis');
    });

    it('without one read more than a decision makes that names none, and none in public', async () => {
      const plain = await decide({ legalBasis: undefined });
      await registerAbout(world, order);
      const { done, reasons } = await decide();
      expect(reasons[0]).to.equal('legal-basis');
      const shape = ({ reads }: Simulation): string[] =>
        [...reads.keys()].filter((key) => !key.includes('/event/')).sort();
      expect(shape(done)).to.deep.equal(shape(plain.done));
      expect(done.roundTrips).to.equal(plain.done.roundTrips);
    });

    it('so that an end that is ordered first makes the permit invalid, and a proposal does not', async () => {
      await registerAbout(world, order);
      const key = [...(await decide()).done.reads.keys()].find((one) =>
        one.endsWith(world.key('policies', SUBJECT)),
      );
      const readOf = async (): Promise<unknown> => (await decide()).done.reads.get(key ?? '');
      const before = await readOf();
      await propose({ ...order, version: 2 });
      expect(await readOf()).to.equal(before);
      await end();
      expect(await readOf()).to.not.equal(before);
    });
  });
});
