import {
  details,
  legalBasisKey,
  legalBasisVersion,
  legalBasisVersionKey,
  type LegalBasisVersion,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import type { Simulation } from './support/fake-ledger.js';
import { recordOf, registerPatient, sha } from './support/fixtures.js';
import { BASIS, confirm, legalBasisOf, proposedBasis, registerBasis } from './support/registering.js';
import {
  LAKESIDE,
  NOVACURE,
  NOW_INSTANT,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
  refusalOf,
} from './support/world.js';

function labelled(record: string, labels: string[]): ReturnType<typeof recordOf> {
  const command = recordOf(record);
  return { ...command, facts: { ...command.facts, labels } };
}

const by = (mspId: string): { mspId: string } => ({ mspId });

describe('general legal bases', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
  });

  function registered(version?: number): LegalBasisVersion | undefined {
    const key = version === undefined ? legalBasisKey(BASIS) : legalBasisVersionKey(BASIS, version);
    const value = world.ledger.values().get(`/${key}`);
    return value === undefined ? undefined : legalBasisVersion.parse(value);
  }

  const tryConfirm = (who: string, proposal = proposedBasis(world)): Promise<Simulation> =>
    world.tryRegister({ command: 'confirm-legal-basis', basis: BASIS, proposal }, by(who));
  const tryEnd = (who: string): Promise<Simulation> =>
    world.tryRegister({ command: 'end-legal-basis', basis: BASIS }, by(who));

  describe('come about', () => {
    it('when oversight proposes and another member confirms, and not before', async () => {
      await world.register(legalBasisOf({ period: { end: '2030' } }), by(SENTINEL));
      expect(registered()).to.equal(undefined);
      await confirm(world);
      expect(registered()).to.deep.equal({
        v: 1,
        basis: BASIS,
        version: 1,
        requester: LAKESIDE,
        organization: 'Organization/lakeside',
        purposes: ['PUBHLTH'],
        cites: ['45 CFR 164.512(b)(1)(i)'],
        jurisdiction: 'US',
        period: { end: '2030' },
        status: 'active',
        by: [SENTINEL, RIVERSIDE],
        at: NOW_INSTANT,
      });
    });

    it('never proposed by others than oversight', async () => {
      for (const who of [RIVERSIDE, LAKESIDE, NOVACURE, 'StrangerMSP'])
        expect(refusalOf(await world.tryRegister(legalBasisOf(), by(who)))).to.equal('caller-not-allowed');
    });

    it('never by the one that gains, be it oversight, nor by one alone, nor by somebody who is no member', async () => {
      const forItself = legalBasisOf({ requester: SENTINEL });
      expect(refusalOf(await world.tryRegister(forItself, by(SENTINEL)))).to.equal(
        'legal-basis-party-refused',
      );
      await world.register(legalBasisOf(), by(SENTINEL));
      for (const who of [LAKESIDE, SENTINEL, 'StrangerMSP'])
        expect(refusalOf(await tryConfirm(who)), who).to.equal('legal-basis-party-refused');
      expect(registered()).to.equal(undefined);
      expect((await tryConfirm(NOVACURE)).message).to.equal('');
    });

    it('as they were read: another proposal than the one meant is confirmed by nobody', async () => {
      await world.register(legalBasisOf(), by(SENTINEL));
      const first = proposedBasis(world);
      await world.register(legalBasisOf({ purposes: ['TREAT'] }), by(SENTINEL));
      expect(refusalOf(await tryConfirm(RIVERSIDE, first))).to.equal('legal-basis-not-proposed');
      await world.register({ command: 'drop-legal-basis', basis: BASIS }, by(SENTINEL));
      expect(refusalOf(await tryConfirm(RIVERSIDE))).to.equal('legal-basis-not-proposed');
      expect(refusalOf(await tryConfirm(RIVERSIDE, sha('none')))).to.equal('legal-basis-not-proposed');
    });

    it('with terms that the rules understand, and could let open something', async () => {
      const wrong = legalBasisOf({
        requester: 'StrangerMSP',
        purposes: ['FUN'],
        labels: ['R', 'HIV', 'SUD'],
        period: { start: 'never' },
      });
      const done = await world.tryRegister({ ...wrong, period: { start: '2026-13' } }, by(SENTINEL));
      expect(done.message).to.equal(
        'legal-basis-terms-refused ["$.purposes[0]","$.period","$.requester","$.labels[0]","$.cites"]',
      );
      await world.register(
        legalBasisOf({ labels: ['SUD'], cites: ['42 CFR 2.61', 'a court order'] }),
        by(SENTINEL),
      );
    });
  });

  describe('change', () => {
    beforeEach(() => registerBasis(world));

    it('as they came about, to the next version; the one before stays in force until then', async () => {
      expect(refusalOf(await world.tryRegister(legalBasisOf(), by(SENTINEL)))).to.equal(
        'legal-basis-version-conflict',
      );
      await world.register(legalBasisOf({ version: 2, purposes: ['TREAT'] }), by(SENTINEL));
      expect(registered()).to.deep.include({ version: 1, purposes: ['PUBHLTH'] });
      await confirm(world);
      expect(registered()).to.deep.include({ version: 2, purposes: ['TREAT'] });
      expect(registered(1)).to.deep.include({ version: 1, purposes: ['PUBHLTH'] });
    });

    it('to ended at the word of oversight or of the one that confirmed, and of nobody else', async () => {
      for (const who of [LAKESIDE, NOVACURE, 'StrangerMSP'])
        expect(refusalOf(await tryEnd(who)), who).to.equal('legal-basis-party-refused');
      await world.register(legalBasisOf({ version: 2 }), by(SENTINEL));
      const proposal = proposedBasis(world);
      expect((await tryEnd(RIVERSIDE)).message).to.equal('');
      expect(registered()).to.deep.include({ version: 2, status: 'ended', by: [RIVERSIDE] });
      expect(refusalOf(await tryConfirm(NOVACURE, proposal)), 'proposed before').to.equal(
        'legal-basis-not-proposed',
      );
      expect((await tryEnd(SENTINEL)).writes.size, 'again').to.equal(0);
      await registerBasis(world, { version: 3 });
      expect((await tryEnd(SENTINEL)).message).to.equal('');
      expect(registered()).to.deep.include({ version: 4, status: 'ended', by: [SENTINEL] });
    });

    it('only where there is one', async () => {
      for (const command of ['end-legal-basis', 'drop-legal-basis'])
        expect(refusalOf(await world.tryRegister({ command, basis: 'other' }, by(SENTINEL)))).to.equal(
          'legal-basis-unknown',
        );
    });
  });

  describe('are what a decision rests on', () => {
    beforeEach(async () => {
      await registerPatient(world);
      await world.custody(labelled('lb-1', []));
      await world.custody(labelled('lb-2', ['HIV']));
    });

    async function decide(changes: object = {}): Promise<{ reasons: unknown[]; done: Simulation }> {
      const request = world.request({ records: ['lb-1', 'lb-2'], purpose: ['PUBHLTH'], ...changes });
      const done = await world.custody({ command: 'decide', requests: [request] });
      const [detail] = details.parse(world.value('details', done.transaction)).details;
      return { reasons: (detail?.records ?? []).map(({ reason }) => reason), done };
    }
    const naming = { legalBasis: BASIS };

    it('where a request names one that is for its member and purpose and in force', async () => {
      const { reasons: before } = await decide(naming);
      await registerBasis(world);
      expect((await decide(naming)).reasons).to.deep.equal(['legal-basis', before[1]]);
      expect((await decide()).reasons, 'not named').to.deep.equal(before);
      expect((await decide({ legalBasis: 'other' })).reasons, 'not registered').to.deep.equal(before);
      expect((await decide({ ...naming, iss: NOVACURE })).reasons[0], 'of another').to.not.equal(
        'legal-basis',
      );
      expect((await decide({ ...naming, purpose: ['TREAT'] })).reasons[0]).to.not.equal('legal-basis');
      await tryEnd(SENTINEL);
      expect((await decide(naming)).reasons, 'ended').to.deep.equal(before);
      await registerBasis(world, { version: 3, labels: ['HIV'] });
      expect((await decide(naming)).reasons, 'with labels').to.deep.equal([before[0], 'legal-basis']);
      await registerBasis(world, { version: 4, period: { end: '2025' } });
      expect((await decide(naming)).reasons, 'over').to.deep.equal(before);
    });

    it('by a read of its key and of no other, so an end that is ordered first makes the permit invalid', async () => {
      await registerBasis(world);
      const key = `/${legalBasisKey(BASIS)}`;
      const { done } = await decide(naming);
      const readOf = (simulation: Simulation): string[] =>
        [...simulation.reads.keys()].filter((one) => one.startsWith('/legal-basis'));
      expect(readOf(done)).to.deep.equal([key]);
      await tryEnd(RIVERSIDE);
      const after = await decide(naming);
      expect(after.done.reads.get(key)).to.not.equal(done.reads.get(key));
      expect(readOf((await decide()).done), 'not named').to.deep.equal([]);
    });
  });
});
