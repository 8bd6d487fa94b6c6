import { review as reviewSchema, type RequestClaims } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { registerPatient } from './support/fixtures.js';
import {
  LAKESIDE,
  NOW,
  NOW_INSTANT,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
  refusalOf,
  type Who,
} from './support/world.js';

const EMERGENCY_ACCESS = { authenticatedWithinSeconds: 900, methods: ['mfa', 'hwk'], accessHours: 24 };
const CLINICIAN = 'dr-lake-0123456789';
const REVIEWER = 'privacy-officer-01';

describe('an emergency that is declared, and what becomes of it', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open({ emergencyAccess: EMERGENCY_ACCESS });
    await registerPatient(world);
  });

  interface Asked {
    readonly event: string;
    readonly text: string;
  }

  async function ask(changes: Partial<RequestClaims> = {}): Promise<Asked> {
    const iat = Math.floor(NOW / 1_000);
    const claims = world.claims({
      purpose: ['BTG'],
      roles: ['emergency-physician'],
      emergency: { reason: 'unconscious' },
      auth: { time: iat - 60, methods: ['pwd', 'mfa'] },
      sub: CLINICIAN,
      ...changes,
    });
    const text = world.request(claims);
    await world.custody({ command: 'decide', requests: [text] });
    return { text, event: world.key('event', claims.iss, claims.jti) };
  }

  function answerTo({ event }: Asked): { outcome: string; obligations: { code: string; at?: string }[] } {
    const value = [...world.ledger.values()].find(([key]) => key.endsWith(event))?.[1];
    const [record] = value?.['records'] as {
      outcome: string;
      obligations: { code: string; at?: string }[];
    }[];
    if (record === undefined) throw new Error('no event');
    return record;
  }

  const iat = Math.floor(NOW / 1_000);

  it('opens to who has just authenticated strongly, is to be reviewed, and ends', async () => {
    const { outcome, obligations } = answerTo(await ask());
    expect(outcome).to.equal('permit');
    const due = obligations.filter(({ code }) => code !== 'prohibit-redisclosure');
    expect(due).to.deep.equal([
      { code: 'review-by', at: new Date(NOW + 72 * 3_600_000).toISOString() },
      { code: 'expires-at', at: new Date(NOW + 24 * 3_600_000).toISOString() },
    ]);
  });

  const WEAK: readonly [string, RequestClaims['auth']][] = [
    ['by a password alone', { time: iat - 60, methods: ['pwd'] }],
    ['too long ago', { time: iat - 901, methods: ['mfa'] }],
    ['in the future', { time: iat + 60, methods: ['mfa'] }],
  ];
  for (const [how, auth] of WEAK) {
    it(`stays shut to who authenticated ${how}`, async () => {
      expect(answerTo(await ask({ auth })).outcome).to.equal('deny');
    });
  }

  it('does not ask for that where the custody was opened without it', async () => {
    world = await World.open();
    await registerPatient(world);
    const { outcome, obligations } = answerTo(await ask({ auth: { time: 1, methods: ['pwd'] } }));
    expect(outcome).to.equal('permit');
    expect(obligations.map(({ code }) => code)).to.not.include('expires-at');
  });

  function reviewed(
    { event, text }: Asked,
    changes: object = {},
    who: Who = { mspId: RIVERSIDE },
  ): ReturnType<World['tryCustody']> {
    const command = { command: 'review-emergency', event, request: text, reviewer: REVIEWER };
    return world.tryCustody({ ...command, finding: 'justified', ...changes }, who);
  }

  it('keeps what was found, by whom and when; the same again changes nothing, another does not stand', async () => {
    const asked = await ask();
    expect((await reviewed(asked)).message).to.equal('');
    const kept = reviewSchema.parse(world.value('review', asked.event));
    expect(kept).to.deep.include({
      event: asked.event,
      finding: 'justified',
      reviewer: REVIEWER,
      by: RIVERSIDE,
      at: NOW_INSTANT,
    });
    expect((await reviewed(asked)).message).to.equal('');
    for (const changes of [{ finding: 'not-justified' }, { reviewer: 'somebody-else-0001' }]) {
      expect(refusalOf(await reviewed(asked, changes))).to.equal('emergency-already-reviewed');
    }
    expect(reviewSchema.parse(world.value('review', asked.event))).to.deep.equal(kept);
  });

  it('is reviewed by oversight as well, and by nobody else', async () => {
    const asked = await ask();
    expect((await reviewed(asked, {}, { mspId: SENTINEL })).message).to.equal('');
    expect(reviewSchema.parse(world.value('review', asked.event)).by).to.equal(SENTINEL);
    expect(refusalOf(await reviewed(await ask(), {}, { mspId: LAKESIDE }))).to.equal('caller-not-allowed');
  });

  it('is not judged by who looked, whatever request they show', async () => {
    const own = await ask({
      iss: RIVERSIDE,
      enc: world.encryptionKey(RIVERSIDE).kid,
      sub: REVIEWER,
    });
    expect(answerTo(own).outcome).to.equal('permit');
    expect(refusalOf(await reviewed(own))).to.equal('reviewer-not-independent');
    const another = await ask({
      iss: RIVERSIDE,
      enc: world.encryptionKey(RIVERSIDE).kid,
      sub: 'another-one-000000',
    });
    expect(refusalOf(await reviewed({ event: own.event, text: another.text }))).to.equal('command-malformed');
    expect((await reviewed(own, { reviewer: 'another-one-000000' })).message).to.equal('');
  });

  it('is one: what was refused, or rests on something else, is not reviewed', async () => {
    const refused = await ask({ emergency: undefined as never, roles: ['practitioner'] });
    expect(refusalOf(await reviewed(refused))).to.equal('event-not-emergency');
    const nowhere = { event: world.key('event', LAKESIDE, 'a'.repeat(22)), text: refused.text };
    expect(refusalOf(await reviewed(nowhere))).to.equal('event-unknown');
  });
});
