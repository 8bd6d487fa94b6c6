import {
  canonicalBytes,
  consent as consentSchema,
  custodyCollection,
  policies as policiesSchema,
  type FhirResource,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { consentOf, EVIDENCE, OTHER_SUBJECT, registerPatient, SUBJECT } from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import { makeCertificates, payloadOf, refusalOf, RIVERSIDE, succeeded, World } from './support/world.js';

const names = (kind: 'supersedes' | 'acknowledges', ...ids: string[]): FhirResource => ({
  extension: ids.map((id) => ({
    url: `urn:consent-ledger:fhir:${kind}`,
    valueReference: { reference: `Consent/${id}` },
  })),
});
const terms = (id: string): Record<string, never> => consentOf(id)['provision'] as Record<string, never>;
const denial = (id: string): FhirResource =>
  consentOf(id, SUBJECT, { provision: { ...terms(id), type: 'deny' } });
const narrower = (id: string): FhirResource =>
  consentOf(id, SUBJECT, { provision: { ...terms(id), period: { start: '2026-01-01', end: '2026-12-31' } } });

describe('the versions of a consent', () => {
  let world: World;

  before(makeCertificates);

  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
  });

  function file(id: string, version: number, resource: FhirResource, subject = SUBJECT): Promise<Simulation> {
    const command = { command: 'file-consent', consent: id, subject, resource, evidence: EVIDENCE };
    return world.tryCustody(version === 1 ? command : { ...command, version });
  }

  it('all stay as they were filed, and the newest is what is evaluated', async () => {
    const first = world.value('consent', 'c-1');
    succeeded(await file('c-1', 2, narrower('c-1')));
    expect(world.value('consent', 'c-1')).to.deep.equal(first);
    expect(consentSchema.parse(world.value('consent', 'c-1', '2'))).to.deep.include({
      consent: 'c-1',
      version: 2,
      resource: narrower('c-1'),
    });
    const { consents } = policiesSchema.parse(world.value('policies', SUBJECT));
    expect(consents.map(({ consent, version }) => [consent, version])).to.deep.equal([['c-1', 2]]);
    expect(consents[0]?.policy.period?.until).to.equal(Date.parse('2027-01-01T00:00:00Z'));
    const asked = await world.queryCustody({ query: 'consent', consent: 'c-1', version: 2 });
    expect(payloadOf(asked)).to.deep.include({ version: 2 });
    expect(payloadOf(await world.queryCustody({ query: 'consent', consent: 'c-1' }))).to.deep.equal(first);
  });

  it('count once, and a subject has at most 1024 consents: one more is refused, and nothing of it is stored', async () => {
    const { consents } = policiesSchema.parse(world.value('policies', SUBJECT));
    const [first] = consents;
    if (first === undefined) throw new Error('nothing is on file');
    const many = Array.from({ length: 1_023 }, (_, index) => {
      const id = `old-${index}`;
      return { ...first, consent: id, policy: { ...first.policy, id, status: 'inactive' } };
    });
    fill([first, ...many.slice(1)]);
    succeeded(await file('c-2', 1, consentOf('c-2')));
    expect(policiesSchema.parse(world.value('policies', SUBJECT)).consents).to.have.length(1_024);

    const before = new Map(world.ledger.state);
    expect(refusalOf(await file('c-3', 1, consentOf('c-3')))).to.equal('consent-limit-reached');
    expect(refusalOf(await file('c-3', 1, denial('c-3')))).to.equal('consent-limit-reached');
    expect(world.ledger.state).to.deep.equal(before);

    succeeded(await file('c-1', 2, narrower('c-1')));
    expect(policiesSchema.parse(world.value('policies', SUBJECT)).consents).to.have.length(1_024);
    await world.withdrawal({ command: 'withdraw', consent: 'c-2', subject: SUBJECT, evidence: EVIDENCE });
    expect(refusalOf(await file('c-3', 1, consentOf('c-3')))).to.equal('consent-limit-reached');
  });

  /** As if the subject had filed all of them. */
  function fill(consents: readonly object[]): void {
    const key = `${custodyCollection(RIVERSIDE)}/${world.key('policies', SUBJECT)}`;
    world.ledger.state.set(key, canonicalBytes({ ...world.value('policies', SUBJECT), consents }));
  }

  it('are kept with dates as fine as any system writes them', async () => {
    const start = '2026-01-01T00:00:00.1234567Z';
    const fine = consentOf('c-1', SUBJECT, { provision: { ...terms('c-1'), period: { start } } });
    succeeded(await file('c-1', 2, fine));
    const { consents } = policiesSchema.parse(world.value('policies', SUBJECT));
    expect(consents[0]?.policy.period?.from).to.equal(Date.parse('2026-01-01T00:00:00.123Z'));
  });

  it('follow each other without a gap, and a lost update is refused', async () => {
    expect(refusalOf(await file('c-1', 3, narrower('c-1')))).to.equal('consent-version-conflict');
    succeeded(await file('c-1', 2, narrower('c-1')));
    expect(refusalOf(await file('c-1', 2, consentOf('c-1')))).to.equal('consent-version-conflict');
    expect(refusalOf(await file('c-9', 2, consentOf('c-9')))).to.equal('consent-version-conflict');
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    const elsewhere = await file('c-1', 3, consentOf('c-1', OTHER_SUBJECT), OTHER_SUBJECT);
    expect(refusalOf(elsewhere)).to.equal('consent-version-conflict');
  });

  it('end with the withdrawal', async () => {
    succeeded(await file('c-1', 2, narrower('c-1')));
    await world.withdrawal({ command: 'withdraw', consent: 'c-1', subject: SUBJECT, evidence: EVIDENCE });
    expect(refusalOf(await file('c-1', 3, consentOf('c-1')))).to.equal('consent-is-withdrawn');
  });

  it('stay in one version of FHIR', async () => {
    const r5: FhirResource = {
      resourceType: 'Consent',
      id: 'c-1',
      status: 'active',
      subject: { reference: `Patient/${SUBJECT}` },
      decision: 'permit',
    };
    expect(refusalOf(await file('c-1', 2, r5))).to.equal('consent-dialect-fixed');
  });

  it('never give up what they superseded, nor supersede in a circle', async () => {
    const wide = { ...consentOf('c-2'), ...names('supersedes', 'c-1') };
    succeeded(await file('c-2', 1, wide));
    expect(refusalOf(await file('c-2', 2, narrower('c-2')))).to.equal('consent-supersedes-refused');
    succeeded(await file('c-2', 2, { ...narrower('c-2'), ...names('supersedes', 'c-1') }));
    const back = { ...narrower('c-1'), ...names('supersedes', 'c-2') };
    expect(refusalOf(await file('c-1', 2, back))).to.equal('consent-supersedes-refused');
    const itself = { ...narrower('c-1'), ...names('supersedes', 'c-1') };
    expect(refusalOf(await file('c-1', 2, itself))).to.equal('consent-supersedes-refused');
  });

  describe('a permit that a deny in force defeats', () => {
    const refused = 'consent-conflicts ["Consent.provision"]';

    beforeEach(async () => {
      succeeded(await file('no', 1, denial('no')));
    });

    it('is refused, naming the permit; a deny never is', async () => {
      expect((await file('c-2', 1, consentOf('c-2'))).message).to.equal(refused);
      expect((await file('c-1', 2, narrower('c-1'))).message).to.equal(refused);
      succeeded(await file('no-2', 1, denial('no-2')));
    });

    it('is filed once the deny is superseded, acknowledged, withdrawn or no deny any more', async () => {
      succeeded(await file('c-2', 1, { ...consentOf('c-2'), ...names('acknowledges', 'no') }));
      succeeded(await file('c-3', 1, { ...consentOf('c-3'), ...names('supersedes', 'no') }));
      await world.withdrawal({ command: 'withdraw', consent: 'c-3', subject: SUBJECT, evidence: EVIDENCE });
      expect((await file('c-4', 1, consentOf('c-4'))).message, 'the deny is back').to.equal(refused);
      await world.withdrawal({ command: 'withdraw', consent: 'no', subject: SUBJECT, evidence: EVIDENCE });
      succeeded(await file('c-4', 1, consentOf('c-4')));
    });

    it('is refused where it acknowledges another consent than the one that denies', async () => {
      const other = { ...consentOf('c-2'), ...names('acknowledges', 'c-1') };
      expect((await file('c-2', 1, other)).message).to.equal(refused);
    });
  });
});
