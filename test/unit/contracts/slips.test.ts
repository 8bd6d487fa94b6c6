import { slip as slipSchema, slipPerson, type FhirResource, type Slip } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { EVIDENCE, OTHER_SUBJECT, SUBJECT, consentOf, registerPatient } from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import {
  bytes,
  LAKESIDE,
  NOVACURE,
  PEPPER,
  RIVERSIDE,
  World,
  makeCertificates,
  payloadOf,
} from './support/world.js';

type Provision = Record<string, unknown> & { actor: { reference: { reference: string } }[] };

const provision = (): Provision => consentOf('c')['provision'] as unknown as Provision;

function actors(...references: string[]): unknown {
  const [actor] = provision().actor;
  return references.map((reference) => ({ ...actor, reference: { reference } }));
}

/** The same terms, naming nobody. */
function forEverybody(): Record<string, unknown> {
  return Object.fromEntries(Object.entries(provision()).filter(([name]) => name !== 'actor'));
}

function naming(id: string, ...references: string[]): FhirResource {
  return { ...consentOf(id), provision: { ...provision(), actor: actors(...references) } } as FhirResource;
}

describe('the slips of a consent', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
  });

  async function file(id: string, version: number, resource: FhirResource): Promise<void> {
    const command = {
      command: 'file-consent',
      consent: id,
      subject: SUBJECT,
      resource,
      evidence: EVIDENCE,
    } as const;
    await world.custody(version === 1 ? command : { ...command, version });
  }

  const slipOf = (id: string, member = LAKESIDE): Slip => slipSchema.parse(world.value('slip', id, member));
  const slips = (): number =>
    [...world.ledger.values().keys()].filter((key) => key.includes('/slip/')).length;

  it('are one for each other member that it names', async () => {
    expect(slips()).to.equal(1);
    await file(
      'c-2',
      1,
      naming('c-2', 'Organization/lakeside', 'Organization/novacure', 'Organization/riverside'),
    );
    expect(slips()).to.equal(3);
    expect(slipOf('c-2', NOVACURE)).to.deep.include({
      consent: 'c-2',
      version: 1,
      custodian: RIVERSIDE,
      member: NOVACURE,
      person: slipPerson(PEPPER, SUBJECT, NOVACURE),
      status: 'current',
      withdrawn: world.key('withdrawn', 'c-2'),
    });
  });

  it('are none where it names nobody, or its custodian alone', async () => {
    const open = forEverybody();
    await file('c-2', 1, { ...consentOf('c-2'), provision: open } as FhirResource);
    await file('c-3', 1, naming('c-3', 'Organization/riverside'));
    expect(slips()).to.equal(1);
  });

  it('name neither the subject nor any other member', async () => {
    const exception = (...references: string[]): unknown => ({
      ...provision(),
      type: 'deny',
      actor: actors(...references),
    });
    const resource = naming('c-2', 'Organization/lakeside', 'Organization/novacure');
    (resource['provision'] as Record<string, unknown>)['provision'] = [
      exception('Organization/novacure'),
      exception('Organization/lakeside', 'Organization/novacure', `Patient/${SUBJECT}`),
    ];
    await file('c-2', 1, resource);
    const text = JSON.stringify(slipOf('c-2'));
    expect(text).to.not.include(SUBJECT).and.not.include('novacure').and.not.include(NOVACURE);
    const { person, policy } = slipOf('c-2');
    expect(policy?.subject).to.equal(`Patient/${person}`);
    expect(policy?.exceptions.map(({ criteria }) => criteria.actor?.recipients)).to.deep.equal([
      { organizations: ['Organization/lakeside'], others: [`Patient/${person}`] },
    ]);
  });

  it('know a person by another pseudonym at each member, and by one at each', async () => {
    await file('c-2', 1, naming('c-2', 'Organization/lakeside', 'Organization/novacure'));
    expect(slipOf('c-1').person).to.equal(slipOf('c-2').person);
    expect(slipOf('c-2', NOVACURE).person).to.not.equal(slipOf('c-2').person);
    expect(slipPerson(PEPPER, OTHER_SUBJECT, LAKESIDE)).to.not.equal(slipOf('c-1').person);
  });

  it('follow the versions, end with the naming, and begin again with it', async () => {
    await file('c-1', 2, naming('c-1', 'Organization/novacure'));
    expect(slipOf('c-1')).to.deep.include({ version: 2, status: 'ended' });
    expect(slipOf('c-1')).to.not.have.property('policy');
    expect(slipOf('c-1', NOVACURE)).to.deep.include({ version: 2, status: 'current' });
    await file('c-1', 3, naming('c-1', 'Organization/novacure'));
    expect(slipOf('c-1').version, 'nothing changed for a member that was not named before').to.equal(2);
    await file('c-1', 4, naming('c-1', 'Organization/lakeside'));
    expect(slipOf('c-1')).to.deep.include({ version: 4, status: 'current' });
    expect(slipOf('c-1', NOVACURE)).to.deep.include({ version: 4, status: 'ended' });
  });

  it('tell of superseded consents only those that the member knows', async () => {
    await file('c-2', 1, naming('c-2', 'Organization/novacure'));
    const supersedes = ['c-1', 'c-2'].map((id) => ({
      url: 'urn:consent-ledger:fhir:supersedes',
      valueReference: { reference: `Consent/${id}` },
    }));
    await file('c-3', 1, {
      ...naming('c-3', 'Organization/lakeside'),
      extension: supersedes,
    });
    expect(slipOf('c-3').policy?.supersedes).to.deep.equal(['c-1']);
  });

  it('can be compared on the peer of a member that does not hold them, and so can a withdrawal', async () => {
    const key = world.key('slip', 'c-1', LAKESIDE);
    const { withdrawn } = slipOf('c-1');
    const value = bytes(slipOf('c-1'));
    const asked = await world.queryCustody({ query: 'slip-hash', slip: key }, { mspId: LAKESIDE });
    expect(payloadOf(asked)).to.deep.equal({ hash: createHash('sha256').update(value).digest('base64url') });
    const query = { query: bytes({ v: 1, query: 'withdrawn-hash', withdrawn }) };
    const ask = (): Promise<Simulation> =>
      world.call(['withdrawal:query', RIVERSIDE], query, { mspId: LAKESIDE });
    const before = await ask();
    expect(before.payload).to.have.length(0);
    await world.withdrawal({ command: 'withdraw', consent: 'c-1', subject: SUBJECT, evidence: EVIDENCE });
    const after = await ask();
    expect(payloadOf(after)).to.have.property('hash');
  });

  it('keep what of a consent is for everybody', async () => {
    const open = forEverybody();
    const exception = { ...provision(), type: 'deny', actor: actors('Organization/lakeside') };
    await file('c-2', 1, {
      ...consentOf('c-2'),
      provision: { ...open, provision: [exception] },
    } as unknown as FhirResource);
    const { policy } = slipOf('c-2');
    expect(policy?.coverage.actor).to.equal(undefined);
    expect(policy?.coverage.purposes).to.deep.equal(['TREAT']);
    expect(policy?.exceptions).to.have.length(1);
  });
});
