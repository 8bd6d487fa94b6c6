import { amendment as amendmentSchema, amendmentTold } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { amendmentOf, OTHER_SUBJECT, recordOf, registerPatient, sha, SUBJECT } from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import {
  LAKESIDE,
  NOW,
  NOW_INSTANT,
  RIVERSIDE,
  World,
  makeCertificates,
  refusalOf,
} from './support/world.js';

const DAY_MS = 86_400_000;
const OFFICER = 'officer-0123456789';

describe('a request to amend a record', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
    await world.custody(amendmentOf('a-1'));
  });

  const held = () => amendmentSchema.parse(world.value('amendment', 'a-1'));
  const step = (command: string, more: object): Promise<Simulation> =>
    world.tryCustody({ command, amendment: 'a-1', ...more });
  const answer = (given: object): Promise<Simulation> =>
    step('answer-amendment', { answeredBy: OFFICER, answer: given });
  const denied = { outcome: 'denied', ground: 'accurate-and-complete', basis: sha('basis') };
  const amended = (): Promise<Simulation> =>
    world.custody({ ...recordOf('hb-1'), version: 2, reason: 'amended' });
  const say = (kind: string): Promise<Simulation> =>
    step('dispute-amendment', {
      statement: kind === 'inclusion' ? { kind } : { kind, statement: sha(kind) },
    });
  const done = async (doing: Promise<Simulation>): Promise<void> => {
    expect((await doing).message).to.equal('');
  };

  it('is due in 60 days, and once and in time in 30 more', async () => {
    expect(held().dueAt).to.equal(new Date(NOW + 60 * DAY_MS).toISOString());
    world.now = NOW + 60 * DAY_MS;
    await done(step('extend-amendment', { reason: sha('reason') }));
    expect(held().dueAt).to.equal(new Date(NOW + 90 * DAY_MS).toISOString());
    expect(refusalOf(await step('extend-amendment', { reason: sha('again') }))).to.equal(
      'amendment-out-of-turn',
    );
    await world.custody(amendmentOf('a-2'));
    world.now += 61 * DAY_MS;
    const late = await world.tryCustody({
      command: 'extend-amendment',
      amendment: 'a-2',
      reason: sha('late'),
    });
    expect(refusalOf(late)).to.equal('amendment-out-of-turn');
  });

  it('is about a version that there is, of a record about that subject, under an id of its own', async () => {
    const refused = async (changes: Parameters<typeof amendmentOf>[1], id = 'a-3'): Promise<string> =>
      refusalOf(await world.tryCustody(amendmentOf(id, changes)));
    expect(await refused({ version: 2 })).to.equal('amendment-record-unknown');
    expect(await refused({ record: 'none' })).to.equal('amendment-record-unknown');
    expect(await refused({ subject: OTHER_SUBJECT })).to.equal('subject-unknown');
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    expect(await refused({ subject: OTHER_SUBJECT })).to.equal('amendment-record-unknown');
    expect(await refused({}, 'a-1')).to.equal('amendment-out-of-turn');
  });

  it('takes no words about a person: texts are digests, a finding is a rule and a path', async () => {
    for (const changes of [
      { request: 'Peter Chalmers has no diabetes' },
      { finding: { rule: 'other-subject', path: 'Patient.name = Chalmers' } },
      { finding: { rule: 'a b', path: 'Patient.name' } },
    ])
      expect(refusalOf(await world.tryCustody(amendmentOf('a-4', changes)))).to.equal('command-malformed');
    const finding = { rule: 'unit-of-code', path: 'Observation.component[0].valueQuantity.code' };
    await world.custody(amendmentOf('a-4', { requestedBy: 'custodian', finding }));
  });

  it('is accepted by naming the version that holds it, and by nothing less', async () => {
    for (const version of [1, 2])
      expect(refusalOf(await answer({ outcome: 'accepted', version }))).to.equal('amendment-not-made');
    await amended();
    await done(answer({ outcome: 'accepted', version: 2 }));
    expect(held().answer).to.deep.equal({
      outcome: 'accepted',
      version: 2,
      at: NOW_INSTANT,
      answeredBy: OFFICER,
    });
    const before = held();
    await done(answer({ outcome: 'accepted', version: 2 }));
    expect(held()).to.deep.equal(before);
    expect(refusalOf(await answer(denied))).to.equal('amendment-out-of-turn');
    expect(refusalOf(await say('disagreement'))).to.equal('amendment-out-of-turn');
    expect(refusalOf(await step('extend-amendment', { reason: sha('x') }))).to.equal('amendment-out-of-turn');
  });

  it('is denied on one of the four grounds, and then disputed, each kind of statement once', async () => {
    expect(refusalOf(await answer({ ...denied, ground: 'too-much-work' }))).to.equal('command-malformed');
    expect(refusalOf(await say('disagreement'))).to.equal('amendment-out-of-turn');
    await done(answer(denied));
    expect(refusalOf(await say('rebuttal'))).to.equal('amendment-out-of-turn');
    for (const kind of ['disagreement', 'rebuttal', 'inclusion']) {
      await done(say(kind));
      expect(refusalOf(await say(kind))).to.equal('amendment-out-of-turn');
    }
    expect(held()).to.deep.include({
      disagreement: { statement: sha('disagreement'), at: NOW_INSTANT },
      rebuttal: { statement: sha('rebuttal'), at: NOW_INSTANT },
      inclusion: { at: NOW_INSTANT },
    });
  });

  it('logs who was told: only of an accepted one, and only who had an earlier version', async () => {
    const asked = async (records: string[]): Promise<string> => {
      const claims = world.claims({ records });
      await world.custody({ command: 'decide', requests: [world.request(claims)] });
      return world.key('event', LAKESIDE, claims.jti);
    };
    const early = await asked(['hb-1']);
    await amended();
    const late = await asked(['hb-1']);
    const other = await asked(['none']);
    const tell = (...events: string[]): Promise<Simulation> => step('tell-amendment', { events });
    expect(refusalOf(await tell(early))).to.equal('amendment-out-of-turn');
    await done(answer({ outcome: 'accepted', version: 2 }));
    for (const event of [late, other, world.key('event', LAKESIDE, 'a'.repeat(22))])
      expect(refusalOf(await tell(early, event))).to.equal('event-unknown');
    await done(tell(early));
    const told = amendmentTold.parse(world.value('amendmenttold', 'a-1', early));
    expect(told).to.deep.include({ amendment: 'a-1', subject: SUBJECT, at: NOW_INSTANT, by: RIVERSIDE });
    world.now += 1_000;
    await done(tell(early));
    expect(amendmentTold.parse(world.value('amendmenttold', 'a-1', early))).to.deep.equal(told);
  });

  it('is there, or nothing can be done with it', async () => {
    for (const [command, more] of [
      ['extend-amendment', { reason: sha('x') }],
      ['answer-amendment', { answeredBy: OFFICER, answer: denied }],
      ['dispute-amendment', { statement: { kind: 'inclusion' } }],
      ['tell-amendment', { events: [world.key('event', LAKESIDE, 'a'.repeat(22))] }],
    ] as const)
      expect(refusalOf(await world.tryCustody({ command, amendment: 'none', ...more }))).to.equal(
        'amendment-unknown',
      );
  });

  it('changes nothing that a decision reads', async () => {
    const claims = world.claims({ records: ['hb-1'] });
    const simulated = await world.custody({ command: 'decide', requests: [world.request(claims)] });
    expect([...simulated.reads.keys()].filter((key) => key.includes('/amendment'))).to.deep.equal([]);
    expect(simulated.reads.size).to.be.greaterThan(3);
  });
});
