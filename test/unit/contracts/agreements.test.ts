import {
  accessEvent,
  agreementKey,
  agreementVersion,
  agreementVersionKey,
  details,
  type AgreementVersion,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import type { Simulation } from './support/fake-ledger.js';
import { registerPatient, sha } from './support/fixtures.js';
import { agree, agreementOf, proposedBetween } from './support/registering.js';
import {
  LAKESIDE,
  NOVACURE,
  NOW,
  NOW_INSTANT,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
  refusalOf,
} from './support/world.js';

const DAY = 86_400_000;
const on = (days: number): string => new Date(NOW + days * DAY).toISOString();
const by = (mspId: string): { mspId: string } => ({ mspId });

describe('agreements between members', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open({ agreementPurposes: ['TREAT'] });
  });

  function agreed(version?: number): AgreementVersion | undefined {
    const key =
      version === undefined
        ? agreementKey(LAKESIDE, RIVERSIDE)
        : agreementVersionKey(LAKESIDE, RIVERSIDE, version);
    const value = world.ledger.values().get(`/${key}`);
    return value === undefined ? undefined : agreementVersion.parse(value);
  }

  const accept = (who: string, other: string, proposal = proposedBetween(world)): Promise<Simulation> =>
    world.tryRegister({ command: 'accept-agreement', with: other, proposal }, by(who));
  const end = (who = LAKESIDE, other = RIVERSIDE): Promise<Simulation> =>
    world.register({ command: 'end-agreement', with: other }, by(who));

  describe('come about', () => {
    it('when one proposes and the other accepts, and not before', async () => {
      await world.register(agreementOf({ document: sha('contract') }), by(RIVERSIDE));
      expect(agreed()).to.equal(undefined);
      const done = await accept(LAKESIDE, RIVERSIDE);
      expect(done.message).to.equal('');
      expect(agreed()).to.deep.equal({
        v: 1,
        parties: [LAKESIDE, RIVERSIDE],
        organizations: ['Organization/lakeside', 'Organization/riverside'],
        version: 1,
        purposes: ['TREAT'],
        document: sha('contract'),
        status: 'active',
        by: [RIVERSIDE, LAKESIDE],
        at: NOW_INSTANT,
      });
    });

    it('never by one alone, by a third, or by somebody who is no member', async () => {
      await world.register(agreementOf(), by(RIVERSIDE));
      const proposal = proposedBetween(world);
      expect(refusalOf(await accept(RIVERSIDE, LAKESIDE))).to.equal('agreement-not-proposed');
      for (const third of [NOVACURE, SENTINEL])
        for (const other of [RIVERSIDE, LAKESIDE])
          expect(refusalOf(await accept(third, other, proposal))).to.equal('agreement-not-proposed');
      expect(refusalOf(await accept('StrangerMSP', RIVERSIDE, proposal))).to.equal('agreement-party-refused');
      expect(agreed()).to.equal(undefined);
    });

    it('with nobody but another registered member', async () => {
      for (const [who, other] of [
        [RIVERSIDE, RIVERSIDE],
        [RIVERSIDE, 'StrangerMSP'],
        ['StrangerMSP', RIVERSIDE],
      ] as const)
        expect(refusalOf(await world.tryRegister(agreementOf({ with: other }), by(who)))).to.equal(
          'agreement-party-refused',
        );
    });

    it('on what the other has read: a proposal that was changed or taken back is accepted by nobody', async () => {
      await world.register(agreementOf(), by(RIVERSIDE));
      const first = proposedBetween(world);
      await world.register(agreementOf({ purposes: ['TREAT', 'HPAYMT'] }), by(RIVERSIDE));
      expect(refusalOf(await accept(LAKESIDE, RIVERSIDE, first))).to.equal('agreement-not-proposed');
      const second = proposedBetween(world);
      await world.register({ command: 'drop-agreement', with: LAKESIDE }, by(RIVERSIDE));
      for (const proposal of [second, proposedBetween(world)])
        expect(refusalOf(await accept(LAKESIDE, RIVERSIDE, proposal))).to.equal('agreement-not-proposed');
    });

    it('on a counter-proposal, which takes the place of the proposal', async () => {
      await world.register(agreementOf(), by(RIVERSIDE));
      const first = proposedBetween(world);
      await world.register(agreementOf({ with: RIVERSIDE, purposes: ['ETREAT'] }), by(LAKESIDE));
      expect(refusalOf(await accept(LAKESIDE, RIVERSIDE, first))).to.equal('agreement-not-proposed');
      expect((await accept(RIVERSIDE, LAKESIDE)).message).to.equal('');
      expect(agreed()).to.deep.include({ purposes: ['ETREAT'], by: [LAKESIDE, RIVERSIDE] });
    });

    it('once: an acceptance that is repeated changes nothing', async () => {
      await agree(world);
      expect(refusalOf(await accept(LAKESIDE, RIVERSIDE))).to.equal('agreement-not-proposed');
    });

    it('with purposes and a period that the rules understand', async () => {
      const done = await world.tryRegister(
        agreementOf({
          purposes: ['TREAT', 'FUN', 'urn:x|y', '|y'],
          period: { start: '2027', end: '2026' },
        }),
        by(RIVERSIDE),
      );
      expect(done.message).to.equal('agreement-terms-refused ["$.purposes[1]","$.purposes[3]","$.period"]');
    });
  });

  describe('change', () => {
    beforeEach(() => agree(world));

    it('to the next version when both agree anew; the one before stays in force until then, and readable for ever', async () => {
      expect(refusalOf(await world.tryRegister(agreementOf(), by(RIVERSIDE)))).to.equal(
        'agreement-version-conflict',
      );
      await world.register(agreementOf({ version: 2, purposes: ['HPAYMT'] }), by(RIVERSIDE));
      expect(agreed()).to.deep.include({ version: 1, purposes: ['TREAT'] });
      await accept(LAKESIDE, RIVERSIDE);
      expect(agreed()).to.deep.include({ version: 2, purposes: ['HPAYMT'] });
      expect(agreed(1)).to.deep.include({ version: 1, purposes: ['TREAT'], status: 'active' });
      expect(agreed(2)).to.deep.equal(agreed());
    });

    it('to ended at the word of either alone, also twice', async () => {
      await end(LAKESIDE, RIVERSIDE);
      expect(agreed()).to.deep.include({ version: 2, status: 'ended', by: [LAKESIDE], purposes: ['TREAT'] });
      const again = await end(RIVERSIDE, LAKESIDE);
      expect(again.writes.size).to.equal(0);
      await agree(world, { version: 3 });
      await end(RIVERSIDE, LAKESIDE);
      expect(agreed()).to.deep.include({ version: 4, status: 'ended', by: [RIVERSIDE] });
      expect(agreed(1)?.status).to.equal('active');
    });

    it('never back by the acceptance of what was proposed before the end', async () => {
      await world.register(agreementOf({ version: 2 }), by(RIVERSIDE));
      const proposal = proposedBetween(world);
      await end(RIVERSIDE, LAKESIDE);
      expect(refusalOf(await accept(LAKESIDE, RIVERSIDE, proposal))).to.equal('agreement-not-proposed');
    });

    it('at the word of nobody else', async () => {
      for (const who of [NOVACURE, SENTINEL, 'StrangerMSP'])
        for (const other of [RIVERSIDE, LAKESIDE])
          for (const command of ['end-agreement', 'drop-agreement'])
            expect(refusalOf(await world.tryRegister({ command, with: other }, by(who)))).to.equal(
              'agreement-unknown',
            );
      expect(agreed()?.status).to.equal('active');
    });
  });

  describe('are what a decision rests on', () => {
    beforeEach(async () => {
      await registerPatient(world);
    });

    async function decide(changes: object = {}): Promise<{ reason: string; done: Simulation }> {
      const request = world.request({ records: ['hb-1'], ...changes });
      const done = await world.custody({ command: 'decide', requests: [request] });
      const [detail] = details.parse(world.value('details', done.transaction)).details;
      return { reason: detail?.records[0]?.reason ?? '', done };
    }

    it('where the purpose needs one: missing, made, ended, and not yet or no longer in its period', async () => {
      expect((await decide()).reason).to.equal('agreement-missing');
      await world.register(agreementOf(), by(RIVERSIDE));
      expect((await decide()).reason, 'proposed').to.equal('agreement-missing');
      await accept(LAKESIDE, RIVERSIDE);
      expect((await decide()).reason).to.equal('permitted-by-consent');
      expect((await decide({ purpose: ['ETREAT'] })).reason, 'what descends from it').to.equal(
        'permitted-by-consent',
      );
      await end();
      expect((await decide()).reason).to.equal('agreement-missing');
      await agree(world, { version: 3, period: { start: on(1) } });
      expect((await decide()).reason).to.equal('agreement-missing');
      world.now = NOW + 2 * DAY;
      expect((await decide()).reason).to.equal('permitted-by-consent');
      await agree(world, { version: 4, purposes: ['HPAYMT'] });
      expect((await decide()).reason).to.equal('agreement-missing');
    });

    it('by a read of its key, once for all requests: so an end that is ordered first makes the permit invalid', async () => {
      await agree(world);
      const key = `/${agreementKey(RIVERSIDE, LAKESIDE)}`;
      const requests = [1, 2, 3].map(() => world.request({ records: ['hb-1'] }));
      const deciding = await world.custody({ command: 'decide', requests });
      const read = deciding.reads.get(key);
      expect(read, 'it is in the read set').to.be.a('string').and.not.equal('absent');
      expect([...deciding.reads.keys()].filter((one) => one.startsWith('/agreement'))).to.deep.equal([key]);
      await end();
      expect((await decide()).done.reads.get(key), 'another version').to.not.equal(read);
      await world.register(agreementOf({ version: 3 }), by(RIVERSIDE));
      expect((await decide()).done.reads.has(key)).to.equal(true);
    });

    it('by a read of its absence, where there is none', async () => {
      const { done } = await decide();
      expect(done.reads.get(`/${agreementKey(RIVERSIDE, LAKESIDE)}`)).to.equal('absent');
    });

    it('and read for nobody who needs none: own staff, other purposes, an emergency', async () => {
      for (const changes of [
        { iss: RIVERSIDE },
        { purpose: ['HPAYMT'] },
        { purpose: ['BTG'], emergency: { reason: 'unconscious' } },
      ]) {
        const { reason, done } = await decide(changes);
        expect(reason).to.not.equal('agreement-missing');
        expect([...done.reads.keys()].filter((key) => key.startsWith('/agreement'))).to.deep.equal([]);
      }
    });

    it('of which the requester is told no more than of any other refusal', async () => {
      const { jti } = world.claims();
      await decide({ jti });
      const event = accessEvent.parse(world.value('event', LAKESIDE, jti));
      expect(event.records[0]?.code).to.equal('not-permitted');
    });
  });
});
