import {
  accessEvent,
  canonicalBytes,
  details as detailsSchema,
  digestOf,
  sha256,
  type AccessEvent,
  type Details,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import type { Simulation } from './support/fake-ledger.js';
import {
  consentOf,
  EVIDENCE,
  OTHER_SUBJECT,
  SUBJECT,
  recordOf,
  registerPatient,
} from './support/fixtures.js';
import { newKey } from './support/identities.js';
import {
  LAKESIDE,
  NOVACURE,
  NOW,
  NOW_INSTANT,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
} from './support/world.js';

describe('decide', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
  });

  function eventOf(jti: string, requester = LAKESIDE): AccessEvent {
    return accessEvent.parse(world.value('event', requester, jti));
  }

  function detailsOf({ transaction }: Simulation): Details {
    return detailsSchema.parse(world.value('details', transaction));
  }

  function eventsIn({ writes }: Simulation): number {
    return [...writes.keys()].filter((key) => key.includes('/event/')).length;
  }

  function decide(...requests: string[]): Promise<Simulation> {
    return world.custody({ command: 'decide', requests });
  }

  it('logs a permit with what the requester may read, and apart from it what only custodian and oversight may', async () => {
    const { jti, enc } = world.claims();
    const request = world.request({ jti });
    const done = await decide(request);

    const key = world.key('event', LAKESIDE, jti);
    const { details, refused } = detailsOf(done);
    expect(refused).to.deep.equal([]);
    const [detail] = details;
    expect(detail).to.deep.include({ event: key, request });
    expect(detail?.records).to.deep.equal([
      {
        record: 'hb-1',
        reason: 'permitted-by-consent',
        basis: [
          { consent: 'c-1', version: 1, outcome: 'permit', path: 'Consent.provision', evidence: 'witnessed' },
        ],
        descriptorVersion: 1,
        subjects: [SUBJECT],
      },
    ]);
    const event = eventOf(jti);
    expect(event).to.deep.include({
      custodian: RIVERSIDE,
      requester: LAKESIDE,
      jti,
      enc,
      at: NOW_INSTANT,
      request: sha256(request),
      details: digestOf(detail ?? {}),
      rules: '1',
    });
    expect(event.records).to.deep.equal([
      {
        record: 'hb-1',
        outcome: 'permit',
        code: 'permitted',
        version: 1,
        obligations: [{ code: 'expires-at', at: '2028-01-01T00:00:00Z' }],
      },
    ]);
  });

  it('decides a search on what its custodian found for it, and nothing else on that word', async () => {
    await world.custody({ ...recordOf('very'), facts: { ...recordOf('very').facts, labels: ['V'] } });
    const search = { person: 'subject/p', limit: 10 };
    const [looking, empty, plain] = ['a'.repeat(22), 'b'.repeat(22), 'c'.repeat(22)];
    const searching = world.request({ jti: looking, records: [], search });
    const lonely = world.request({ jti: empty, records: [], search });
    const naming = world.request({ jti: plain });
    await world.custody({
      command: 'decide',
      requests: [searching, lonely, naming],
      found: [
        { request: sha256(searching), records: ['hb-1', 'very'] },
        { request: sha256(naming), records: ['very'] },
      ],
    });
    const answers = eventOf(looking).records.map(({ record, outcome }) => [record, outcome]);
    expect(answers).to.deep.equal([
      ['hb-1', 'permit'],
      ['very', 'deny'],
    ]);
    expect(eventOf(empty).records).to.deep.equal([]);
    expect(eventOf(plain).records.map(({ record }) => record)).to.deep.equal(['hb-1']);
    const both = await decide(world.request({ jti: 'd'.repeat(22), search }));
    expect(detailsOf(both).refused.map(({ code }) => code)).to.deep.equal(['request-malformed']);
  });

  it('denies alike what is unknown, not consented to and withdrawn, and tells them apart only inside', async () => {
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    await world.custody(recordOf('other', [OTHER_SUBJECT]));
    await world.custody({ ...recordOf('very'), facts: { ...recordOf('very').facts, labels: ['V'] } });
    const records = ['unknown', 'other', 'very'];
    const { jti } = world.claims();
    const done = await decide(world.request({ jti, records }));
    expect(eventOf(jti).records).to.deep.equal(
      records.map((record) => ({ record, outcome: 'deny', code: 'not-permitted', obligations: [] })),
    );
    const inside = detailsOf(done).details[0]?.records ?? [];
    expect(inside.map(({ reason }) => reason)).to.deep.equal([
      'not-known',
      'no-consent',
      'not-covered-by-consent',
    ]);
    expect(inside.map(({ subjects }) => subjects)).to.deep.equal([[], [OTHER_SUBJECT], [SUBJECT]]);
    expect(inside.every(({ exception }) => exception?.startsWith('45 CFR 171.') === true)).to.be.true;
  });

  it('does the same work for a record that does not exist as for one that is denied, withdrawn, not covered or without consent', async () => {
    const subjects = ['without', 'denied', 'withdrawn', 'uncovered'];
    for (const subject of subjects) {
      await world.custody({ command: 'register-subject', subject });
      await world.custody(recordOf(`of-${subject}`, [subject]));
    }
    const consentFor = (subject: string, provision: object): ReturnType<typeof consentOf> => {
      const consent = consentOf(`c-${subject}`, subject);
      return {
        ...consent,
        provision: { ...(consent['provision'] as object), ...provision },
      };
    };
    const file = (subject: string, provision: object): Promise<Simulation> =>
      world.custody({
        command: 'file-consent',
        consent: `c-${subject}`,
        subject,
        resource: consentFor(subject, provision),
        evidence: EVIDENCE,
      });
    const lowOnly = {
      securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'L' }],
    };
    await file('denied', { type: 'deny', ...lowOnly });
    await file('withdrawn', {});
    await file('uncovered', lowOnly);
    await world.withdrawal(
      { command: 'withdraw', consent: 'c-withdrawn', subject: 'withdrawn', evidence: EVIDENCE },
      { mspId: SENTINEL },
    );
    const works: object[] = [];
    const reasons: string[] = [];
    for (const record of ['unknown', ...subjects.map((subject) => `of-${subject}`)]) {
      const { jti } = world.claims();
      const done = await decide(world.request({ jti, records: [record] }));
      reasons.push(detailsOf(done).details[0]?.records[0]?.reason ?? '');
      const { records, ...rest } = eventOf(jti);
      works.push({
        roundTrips: done.roundTrips,
        reads: [...done.reads.keys()].map(kindOf).sort(),
        writes: [...done.writes.keys()].map(kindOf).sort(),
        outward: records.map((one) => ({ ...one, record: '' })),
        fields: Object.keys(rest).sort(),
        bytes: canonicalBytes({ ...eventOf(jti), records: [] }).length,
      });
    }
    expect(reasons).to.deep.equal([
      'not-known',
      'no-consent',
      'denied-by-consent',
      'consent-withdrawn',
      'not-covered-by-consent',
    ]);
    for (const work of works) expect(work).to.deep.equal(works[0]);
  });

  /** `custody-RiversideMSP/event/0f…` without what differs from key to key. */
  function kindOf(key: string): string {
    return key.replace(/[0-9a-f]{64}$/, '');
  }

  it('denies from the moment of a withdrawal on', async () => {
    const [before, after] = [world.claims(), world.claims()];
    await decide(world.request(before));
    await world.withdrawal(
      { command: 'withdraw', consent: 'c-1', subject: SUBJECT, evidence: EVIDENCE },
      { mspId: SENTINEL },
    );
    const done = await decide(world.request(after));
    expect(eventOf(before.jti).records[0]?.outcome).to.equal('permit');
    expect(eventOf(after.jti).records[0]?.outcome).to.equal('deny');
    expect(detailsOf(done).details[0]?.records[0]?.reason).to.equal('consent-withdrawn');
  });

  it('rests on everything that it read: a withdrawal ordered first would make it invalid', async () => {
    const done = await decide(world.request());
    const withdrawal = `withdrawal-RiversideMSP/${world.key('withdrawal', SUBJECT)}`;
    expect(done.reads.get(withdrawal)).to.equal('absent');
    for (const key of done.writes.keys()) {
      if (!key.includes('/details/')) expect(done.reads.get(key), key).to.equal('absent');
    }
  });

  it("goes by the same rules for the custodian's own staff, who use and do not disclose", async () => {
    const claims = world.claims({ iss: RIVERSIDE, sub: 'nurse-riverside-1' });
    const done = await decide(world.request(claims));
    expect(eventOf(claims.jti, RIVERSIDE).records[0]?.outcome).to.equal('deny');
    expect(detailsOf(done).details[0]?.records[0]?.reason).to.equal('not-covered-by-consent');
  });

  it('opens in an emergency, for a role that may, with a reason', async () => {
    const emergency = { reason: 'unconscious on arrival' };
    const may = world.claims({ purpose: ['BTG'], roles: ['emergency-physician'], emergency });
    const mayNot = world.claims({ purpose: ['BTG'], emergency });
    const done = await decide(world.request(may), world.request(mayNot));
    expect(eventOf(may.jti).records[0]).to.deep.include({ outcome: 'permit' });
    expect(eventOf(may.jti).records[0]?.obligations.map(({ code }) => code)).to.include('review-by');
    expect(eventOf(mayNot.jti).records[0]).to.deep.include({ outcome: 'deny', code: 'not-permitted' });
    expect(detailsOf(done).details[1]?.records[0]?.reason).to.equal('break-glass-incomplete');
  });

  describe('an authentic request that cannot be granted', () => {
    const iat = Math.floor(NOW / 1_000);
    for (const [code, changes] of [
      ['request-expired', { iat: iat - 200, exp: iat - 1 }],
      ['request-not-yet-valid', { iat: iat + 60, exp: iat + 120 }],
      ['key-not-registered', { enc: newKey().kid }],
    ] as const) {
      it(`makes an event that denies: ${code}`, async () => {
        const { jti } = world.claims();
        const done = await decide(world.request({ jti, records: ['hb-1', 'unknown'], ...changes }));
        expect(eventOf(jti).records).to.deep.equal([
          { record: 'hb-1', outcome: 'deny', code, obligations: [] },
          { record: 'unknown', outcome: 'deny', code, obligations: [] },
        ]);
        expect(detailsOf(done).refused).to.deep.equal([]);
      });
    }

    it('because its member is suspended', async () => {
      const stored = { v: 1, ...world.statementOf(LAKESIDE), status: 'suspended' };
      world.ledger.state.set(`/member/${LAKESIDE}`, canonicalBytes(stored));
      const { jti } = world.claims();
      await decide(world.request({ jti }));
      expect(eventOf(jti).records[0]).to.deep.include({ outcome: 'deny', code: 'member-not-active' });
    });
  });

  describe('the same request', () => {
    it('twice in one batch makes one event', async () => {
      const { jti } = world.claims();
      const request = world.request({ jti });
      const done = await decide(request, request);
      expect(eventsIn(done)).to.equal(1);
      expect(detailsOf(done).refused).to.deep.equal([{ request: sha256(request), code: 'request-replayed' }]);
    });

    it('with another content under the same jti makes no second event', async () => {
      const { jti } = world.claims();
      const [first, second] = [world.request({ jti }), world.request({ jti, purpose: ['HPAYMT'] })];
      const done = await decide(first, second);
      expect(eventOf(jti).request).to.equal(sha256(first));
      expect(detailsOf(done).refused).to.deep.equal([{ request: sha256(second), code: 'request-replayed' }]);
    });

    it('later makes none, and harms nobody else in its batch', async () => {
      const { jti } = world.claims();
      const request = world.request({ jti });
      await decide(request);
      const logged = eventOf(jti);
      world.now += 10_000;
      const done = await decide(request, world.request());
      expect(eventsIn(done)).to.equal(1);
      expect(eventOf(jti)).to.deep.equal(logged);
      expect(detailsOf(done).refused).to.deep.equal([{ request: sha256(request), code: 'request-replayed' }]);
      const alone = await decide(request);
      expect(eventsIn(alone)).to.equal(0);
    });

    it('is not claimed by somebody else who uses its jti', async () => {
      const { jti } = world.claims();
      const forged = world.request({ jti }, {}, newKey());
      const theirs = world.request({ jti, iss: NOVACURE });
      const done = await decide(forged, theirs, world.request({ jti }));
      expect(eventsIn(done)).to.equal(2);
      expect(eventOf(jti).records[0]?.outcome).to.equal('permit');
      expect(eventOf(jti, NOVACURE).records[0]?.outcome).to.equal('deny');
    });
  });

  describe('one bad request among a hundred', () => {
    const bad: readonly [string, string, (world: World) => string][] = [
      ['nothing', 'request-malformed', () => ''],
      ['garbage', 'request-malformed', () => '\u0000.}{.'],
      ['a huge text', 'request-malformed', () => 'A'.repeat(200_000)],
      ['no algorithm', 'request-malformed', (w) => w.request({}, { alg: 'none' })],
      ['an unknown purpose', 'request-malformed', (w) => w.request({ purpose: ['CURIOSITY'] })],
      ['another custodian', 'request-wrong-audience', (w) => w.request({ aud: LAKESIDE })],
      ['another ledger', 'request-wrong-ledger', (w) => w.request({ ledger: '0'.repeat(64) })],
      ['an unknown member', 'requester-unknown', (w) => w.request({ iss: 'NobodyMSP' })],
      ['an unknown key', 'signing-key-unknown', (w) => w.request({}, {}, newKey())],
      ['an altered claim', 'request-signature-invalid', (w) => altered(w.request({ records: ['hb-1'] }))],
    ];
    for (const [name, code, make] of bad) {
      it(`${name}: is refused by itself and makes no event`, async () => {
        const good = Array.from({ length: 99 }, () => world.request());
        const wrong = make(world);
        const done = await decide(...good.slice(0, 50), wrong, ...good.slice(50));
        expect(eventsIn(done)).to.equal(99);
        const { details, refused } = detailsOf(done);
        expect(details.map(({ request }) => request)).to.deep.equal(good);
        expect(details.every(({ records }) => records[0]?.reason === 'permitted-by-consent')).to.be.true;
        expect(refused).to.deep.equal([{ request: sha256(wrong), code }]);
      });
    }

    function altered(request: string): string {
      const [header = '', claims = '', signature = ''] = request.split('.');
      const text = Buffer.from(claims, 'base64url').toString().replace('hb-1', 'hb-2');
      return [header, Buffer.from(text).toString('base64url'), signature].join('.');
    }
  });

  it('takes at most a hundred requests, and at least one', async () => {
    for (const requests of [[], Array.from({ length: 101 }, () => 'a')]) {
      const done = await world.tryCustody({ command: 'decide', requests });
      expect(done.message).to.equal('command-malformed ["$.requests"]');
    }
  });

  it('reads every key once and asks the peer seven times, however many requests there are', async () => {
    for (let index = 0; index < 5; index += 1) await world.custody(recordOf(`r-${index}`));
    const records = Array.from({ length: 5 }, (_, index) => `r-${index}`);
    const one = await decide(world.request({ records }));
    // epoch and ledger, custody, member; events and descriptors, policies, withdrawals; one batch of writes
    expect(one.roundTrips).to.equal(3 + 3 + 1);
    expect(one.reads.size).to.equal(4 + 8);
    const many = await decide(...Array.from({ length: 10 }, () => world.request({ records })));
    expect(many.roundTrips).to.equal(3 + 3 + 1);
    expect(many.reads.size).to.equal(4 + 10 + 7);
    expect(many.writes.size).to.equal(10 + 1);
  });

  it('says nothing in its answer, and nothing of it is public', async () => {
    const done = await decide(world.request());
    expect(done).to.deep.include({ status: 200, message: '' });
    expect(done.payload).to.have.length(0);
    expect([...done.writes.keys()].every((key) => key.startsWith('custody-RiversideMSP/'))).to.be.true;
  });
});
