import { custodyCollection, withdrawalCollection } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { newAppKey } from '../../support/signers.js';
import { registerKeyCommand } from './support/evidence.js';
import {
  EVIDENCE,
  amendmentOf,
  OTHER_SUBJECT,
  SUBJECT,
  consentOf,
  recordOf,
  registerPatient,
} from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import { LAKESIDE, NOW_INSTANT, RIVERSIDE, World, makeCertificates, refusalOf } from './support/world.js';

const CUSTODY = `${custodyCollection(RIVERSIDE)}/`;
const WITHDRAWAL = `${withdrawalCollection(RIVERSIDE)}/`;
/** What is kept of somebody who is erased. */
const KEPT = /^(?:event|details|delivery|erasure)\/|^custody$/;

describe('erasing a subject', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
    await world.custody(registerKeyCommand(world, newAppKey()));
    await world.custody(amendmentOf('a-1'));
    await world.withdrawal({ command: 'withdraw', consent: 'c-1', subject: SUBJECT, evidence: EVIDENCE });
  });

  const keysIn = (collection: string): string[] =>
    [...world.ledger.state.keys()]
      .filter((key) => key.startsWith(collection))
      .map((key) => key.slice(collection.length));
  const erasable = (): { values: string[]; withdrawals: string[] } => ({
    values: keysIn(CUSTODY).filter((key) => !KEPT.test(key) && !key.startsWith('keycount/')),
    withdrawals: keysIn(WITHDRAWAL),
  });
  const erase = (changes: object = {}): Promise<Simulation> =>
    world.tryCustody({
      command: 'erase-subject',
      subject: SUBJECT,
      ground: 'objection',
      reference: 'case-17',
      values: [],
      withdrawals: [],
      ...changes,
    });
  const decided = async (record: string): Promise<object> => {
    await world.custody({
      command: 'decide',
      requests: [world.request({ records: [record], jti: jtiOf(record) })],
    });
    const { code, outcome, obligations } = (
      world.value('event', LAKESIDE, jtiOf(record))['records'] as Record<string, unknown>[]
    )[0] ?? { code: undefined };
    return { code, outcome, obligations };
  };

  it('purges all that names the subject, keeps what was decided, and says why', async () => {
    await decided('hb-1');
    const before = keysIn(CUSTODY).filter((key) => KEPT.test(key));
    expect((await erase(erasable())).status).to.equal(200);
    const tombstones = [world.key('erasure', 'subject', SUBJECT), world.key('erasure', 'record', 'hb-1')];
    expect(keysIn(CUSTODY).sort()).to.deep.equal([...before, ...tombstones].sort());
    expect(keysIn(WITHDRAWAL)).to.deep.equal([]);
    const { salt, ...tombstone } = world.value('erasure', 'subject', SUBJECT);
    expect(salt).to.be.a('string');
    expect(tombstone).to.deep.equal({
      v: 1,
      of: 'subject',
      subject: SUBJECT,
      ground: 'objection',
      reference: 'case-17',
      at: NOW_INSTANT,
      by: RIVERSIDE,
    });
  });

  it('then answers about their records as about records that never were', async () => {
    await erase(erasable());
    expect(await decided('hb-1')).to.deep.equal(await decided('hb-none'));
  });

  it('takes nothing of or under the erased ids any more', async () => {
    await erase(erasable());
    expect(refusalOf(await world.tryCustody({ command: 'register-subject', subject: SUBJECT }))).to.equal(
      'subject-erased',
    );
    expect(refusalOf(await world.tryCustody(recordOf('hb-2')))).to.equal('subject-erased');
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    expect(refusalOf(await world.tryCustody(recordOf('hb-1', [OTHER_SUBJECT])))).to.equal('record-erased');
    const filed = { command: 'file-consent', consent: 'c-2', resource: consentOf('c-2'), evidence: EVIDENCE };
    expect(refusalOf(await world.tryCustody({ ...filed, subject: SUBJECT }))).to.equal('subject-erased');
  });

  it('takes subject and policies even where the caller names nothing, and goes on where it stopped', async () => {
    expect((await erase()).status).to.equal(200);
    expect(keysIn(CUSTODY).filter((key) => /^(?:subject|policies)\//.test(key))).to.deep.equal([]);
    const tombstone = world.value('erasure', 'subject', SUBJECT);
    const rest = erasable();
    expect(rest.values).to.not.deep.equal([]);
    expect((await erase({ ...rest, ground: 'legal-obligation', reference: 'other' })).status).to.equal(200);
    expect(erasable()).to.deep.equal({ values: [], withdrawals: [] });
    expect(world.value('erasure', 'subject', SUBJECT)).to.deep.equal(tombstone);
    expect((await erase(rest)).status).to.equal(200);
  });

  it('rests on everything that it purges, so that nothing is written unseen meanwhile', async () => {
    const { reads, purges } = await erase(erasable());
    for (const key of purges) expect(reads.has(key), key).to.equal(true);
  });

  it('purges nothing of anybody else’s, and nothing that is kept', async () => {
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    await world.custody(recordOf('hb-other', [OTHER_SUBJECT]));
    await world.custody({
      command: 'file-consent',
      consent: 'c-other',
      subject: OTHER_SUBJECT,
      resource: consentOf('c-other', OTHER_SUBJECT),
      evidence: EVIDENCE,
    });
    await decided('hb-1');
    for (const key of [
      world.key('descriptor', 'hb-other'),
      world.key('subject', OTHER_SUBJECT),
      world.key('consent', 'c-other'),
      world.key('slip', 'c-other', LAKESIDE),
      world.key('event', LAKESIDE, jtiOf('hb-1')),
      'custody/'.padEnd(72, '0'),
    ]) {
      const before = world.ledger.values();
      expect(refusalOf(await erase({ values: [key] })), key).to.equal('command-malformed');
      expect(world.ledger.values()).to.deep.equal(before);
    }
    const details = keysIn(CUSTODY).find((key) => key.startsWith('details/'));
    expect(refusalOf(await erase({ values: [details] }))).to.equal('command-malformed');
  });

  it('takes a record of several subjects from all of them', async () => {
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    await world.custody(recordOf('hb-both', [SUBJECT, OTHER_SUBJECT]));
    expect((await erase({ values: [world.key('descriptor', 'hb-both')] })).status).to.equal(200);
    expect(world.ledger.state.has(`${CUSTODY}${world.key('descriptor', 'hb-both')}`)).to.equal(false);
    expect(world.value('subject', OTHER_SUBJECT)).to.include({ subject: OTHER_SUBJECT });
  });

  it('wants a subject that is there, a ground of the list, and a reference that is no text', async () => {
    expect(refusalOf(await erase({ subject: 'sub-none' }))).to.equal('subject-unknown');
    expect(refusalOf(await erase({ ground: 'because' }))).to.equal('command-malformed');
    expect(refusalOf(await erase({ reference: 'Jane asked for it' }))).to.equal('command-malformed');
    expect(refusalOf(await erase({ reference: undefined }))).to.equal('command-malformed');
  });
});

function jtiOf(record: string): string {
  return record.padEnd(22, '0');
}
