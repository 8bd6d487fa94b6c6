import {
  withdrawals as withdrawalsSchema,
  withdrawn as withdrawnSchema,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { newAppKey, newPasskey } from '../../support/signers.js';
import { consentToSign, registerKeyCommand, say, signedBy } from './support/evidence.js';
import { EVIDENCE, OTHER_SUBJECT, SUBJECT, consentOf, registerPatient } from './support/fixtures.js';
import {
  NOW,
  NOW_INSTANT,
  RIVERSIDE,
  SENTINEL,
  World,
  makeCertificates,
  must,
  payloadOf,
  refusalOf,
} from './support/world.js';

describe('withdraw', () => {
  let world: World;
  const command = { command: 'withdraw', consent: 'c-1', subject: SUBJECT, evidence: EVIDENCE } as const;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
  });

  for (const mspId of [RIVERSIDE, SENTINEL]) {
    it(`is taken by ${mspId} alone, and writes into no collection but the withdrawals`, async () => {
      const done = await world.withdrawal({ ...command, reason: 'moved-away' }, { mspId });
      expect([...done.writes.keys()]).to.deep.equal([
        `withdrawal-RiversideMSP/${world.key('withdrawal', SUBJECT)}`,
        `withdrawal-RiversideMSP/${world.key('withdrawn', 'c-1')}`,
      ]);
      expect(withdrawalsSchema.parse(world.value('withdrawal', SUBJECT))).to.deep.include({
        subject: SUBJECT,
        withdrawals: [
          { consent: 'c-1', at: NOW_INSTANT, by: mspId, evidence: 'witnessed', reason: 'moved-away' },
        ],
      });
      expect(withdrawnSchema.parse(world.value('withdrawn', 'c-1'))).to.deep.include({
        consent: 'c-1',
        subject: SUBJECT,
        by: mspId,
        evidence: EVIDENCE,
      });
    });
  }

  it('again changes nothing: the first time stays', async () => {
    await world.withdrawal(command);
    world.now += 60_000;
    const again = await world.withdrawal(command, { mspId: SENTINEL });
    expect(again.writes.size).to.equal(0);
    const query = { v: 1, query: 'withdrawals', subject: SUBJECT };
    const answer = await world.call(
      ['withdrawal:query', RIVERSIDE],
      { query: Buffer.from(JSON.stringify(query)) },
      { mspId: SENTINEL },
    );
    const { withdrawals } = payloadOf(answer) as { withdrawals: object[] };
    expect(withdrawals).to.have.length(1);
    expect(withdrawals[0]).to.deep.include({ by: RIVERSIDE, at: NOW_INSTANT });
  });

  it('adds to what was withdrawn before', async () => {
    await world.custody({
      command: 'file-consent',
      consent: 'c-2',
      subject: SUBJECT,
      resource: consentOf('c-2'),
      evidence: EVIDENCE,
    });
    await world.withdrawal(command);
    await world.withdrawal({ ...command, consent: 'c-2' });
    const { withdrawals } = withdrawalsSchema.parse(world.value('withdrawal', SUBJECT));
    expect(withdrawals.map(({ consent }) => consent)).to.deep.equal(['c-1', 'c-2']);
  });

  it("knows no consent but the subject's own", async () => {
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    for (const changes of [{ consent: 'c-9' }, { subject: OTHER_SUBJECT }, { subject: 'sub-9' }]) {
      expect(refusalOf(await world.tryWithdrawal({ ...command, ...changes }))).to.equal('consent-unknown');
    }
  });

  it('reads nothing that another filing or decision writes, so that none can make it invalid', async () => {
    const done = await world.withdrawal(command);
    const written = new Set([
      ...(await world.custody({ command: 'decide', requests: [world.request()] })).writes.keys(),
      ...(
        await world.custody({
          command: 'file-consent',
          consent: 'c-2',
          subject: SUBJECT,
          resource: consentOf('c-2'),
          evidence: EVIDENCE,
        })
      ).writes.keys(),
    ]);
    expect([...done.reads.keys()].filter((key) => written.has(key))).to.deep.equal([]);
  });

  it('is not held up by what somebody wrote alone where only the evidence lies', async () => {
    await world.withdrawal(command);
    const evidenceKey = `withdrawal-RiversideMSP/${world.key('withdrawn', 'c-1')}`;
    const junk = world.ledger.state.get(evidenceKey);
    world.ledger.state.clear();
    world = await World.open();
    await registerPatient(world);
    world.ledger.state.set(evidenceKey, must(junk));
    await world.withdrawal(command, { mspId: SENTINEL });
    const { withdrawals } = withdrawalsSchema.parse(world.value('withdrawal', SUBJECT));
    expect(withdrawals.map(({ consent, by }) => [consent, by])).to.deep.equal([['c-1', SENTINEL]]);
  });

  it('counts from the time of its transaction', async () => {
    world.now = NOW + 1_000;
    await world.withdrawal(command);
    const { withdrawals } = withdrawalsSchema.parse(world.value('withdrawal', SUBJECT));
    expect(withdrawals[0]?.at).to.equal(new Date(NOW + 1_000).toISOString());
  });

  describe('signed by the subject', () => {
    for (const [name, make] of [
      ['with an application', () => newAppKey('EdDSA')],
      ['with a passkey', () => newPasskey('ES256')],
    ] as const) {
      it(`${name}, for that consent and reason alone, however old the signature is`, async () => {
        const key = make();
        await world.custody(registerKeyCommand(world, key));
        const date = new Date(NOW - 400 * 86_400_000).toISOString();
        const statement = say(world, { statement: 'withdrawal', consent: 'c-1', reason: 'moved' }, { date });
        const evidence = signedBy(statement, key);
        for (const changes of [{}, { reason: 'other' }]) {
          const done = await world.tryWithdrawal({ ...command, evidence, ...changes });
          expect(refusalOf(done)).to.equal('evidence-signature-refused');
        }
        const done = await world.withdrawal({ ...command, evidence, reason: 'moved' }, { mspId: SENTINEL });
        expect([...done.writes.keys()].every((one) => one.startsWith('withdrawal-'))).to.equal(true);
        expect(world.value('withdrawn', 'c-1')).to.deep.include({ evidence, reason: 'moved' });
      });
    }

    it('reads of keys and delegations only what is written once', async () => {
      const key = newPasskey();
      await world.custody(registerKeyCommand(world, key));
      const evidence = signedBy(say(world, { statement: 'withdrawal', consent: 'c-1' }), key);
      const done = await world.withdrawal({ ...command, evidence });
      const more = newAppKey();
      const later = await world.custody(registerKeyCommand(world, more));
      const signed = consentToSign(world);
      const filed = await world.custody({
        command: 'file-consent',
        consent: signed.consent,
        subject: SUBJECT,
        resource: signed.resource,
        evidence: {
          ...signedBy(signed.statement, key),
          proof: key.prove(signed.statement, { count: 7 }),
        },
      });
      const written = [...later.writes.keys(), ...filed.writes.keys()];
      expect([...done.reads.keys()].filter((one) => written.includes(one))).to.deep.equal([]);
    });

    it('is not taken with a key that was revoked, and is then taken before a witness', async () => {
      const key = newAppKey();
      await world.custody(registerKeyCommand(world, key));
      await world.custody({ command: 'revoke-key', subject: SUBJECT, key: key.kid, evidence: EVIDENCE });
      const evidence = signedBy(say(world, { statement: 'withdrawal', consent: 'c-1' }), key);
      expect(refusalOf(await world.tryWithdrawal({ ...command, evidence }))).to.equal('evidence-key-ended');
      await world.withdrawal(command, { mspId: SENTINEL });
    });
  });
});
