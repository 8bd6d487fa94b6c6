import { expect } from 'chai';
import { EVIDENCE, SUBJECT, recordOf, registerPatient } from './support/fixtures.js';
import { LAKESIDE, NOW, RIVERSIDE, SENTINEL, World, makeCertificates, refusalOf } from './support/world.js';

const OVERSIGHT = { mspId: SENTINEL };

describe('an epoch bounds how long a transaction can be held back', () => {
  let world: World;

  before(makeCertificates);

  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
  });

  const move = (number: number, who = OVERSIGHT) => world.tryRegister({ command: 'move-epoch', number }, who);

  it('is begun by an oversight organisation, at the time of its transaction', async () => {
    expect((await move(1)).status).to.equal(200);
    expect(world.ledger.values().get('/epoch')).to.deep.equal({
      v: 1,
      number: 1,
      startedAt: new Date(NOW).toISOString(),
      by: SENTINEL,
    });
    const asked = await world.queryRegistry({ query: 'epoch' }, { mspId: LAKESIDE });
    expect(JSON.parse(Buffer.from(asked.payload).toString())).to.include({ number: 1, by: SENTINEL });
  });

  it('is not moved by a custodian, however it asks', async () => {
    for (const role of ['client', 'admin'] as const) {
      const done = await world.tryRegister({ command: 'move-epoch', number: 1 }, { mspId: RIVERSIDE, role });
      expect(refusalOf(done)).to.equal('caller-not-allowed');
    }
  });

  it('follows on the one before it, once, and not sooner than epochs may', async () => {
    await move(1);
    world.now += 30_000;
    for (const number of [1, 3]) expect(refusalOf(await move(number))).to.equal('epoch-not-next');
    world.now -= 1;
    expect(refusalOf(await move(2))).to.equal('epoch-too-early');
    world.now += 1;
    expect((await move(2)).status).to.equal(200);
    expect(refusalOf(await move(3))).to.equal('epoch-too-early');
  });

  it('cannot be begun by a clock that goes wrong by more than is allowed', async () => {
    await move(1);
    world.proposedAt = world.now + 121_000;
    expect(refusalOf(await move(2))).to.equal('transaction-time-refused');
  });

  it('is read by everything that writes private values, and by nothing that writes public ones', async () => {
    await world.custody(recordOf('hb-9'));
    const request = { command: 'decide', requests: [world.request({ records: ['hb-9'] })] } as const;
    const written = [
      await world.tryCustody({ command: 'register-subject', subject: 'sub-9' }),
      await world.tryCustody(recordOf('hb-8')),
      await world.tryCustody(request),
      await world.tryWithdrawal({
        command: 'withdraw',
        consent: 'c-9',
        subject: SUBJECT,
        evidence: EVIDENCE,
      }),
    ];
    for (const { reads } of written) expect(reads.get('/epoch')).to.equal('absent');
    await move(1);
    const after = await world.tryCustody({ command: 'register-subject', subject: 'sub-10' });
    expect(after.reads.get('/epoch')).to.match(/^[0-9a-f]{64}$/);
    const registered = await world.registerMember(world.statementOf(LAKESIDE));
    expect([...registered.reads.keys()]).to.not.include('/epoch');
  });
});
