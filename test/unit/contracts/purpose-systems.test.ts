import {
  accessEvent,
  compiledPolicy,
  details as detailsSchema,
  type FhirResource,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import type { Simulation } from './support/fake-ledger.js';
import { consentOf, EVIDENCE, OTHER_SUBJECT, recordOf, SUBJECT } from './support/fixtures.js';
import { LAKESIDE, makeCertificates, NOW_INSTANT, refusalOf, succeeded, World } from './support/world.js';

const SYSTEM = 'urn:riverside:purposes';
const REGISTRY = `${SYSTEM}|quality-registry`;

describe('purposes of systems that a custodian has registered', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open({ purposeSystems: [SYSTEM], signedOnlyPurposes: [`${SYSTEM}|signed-only`] });
    await world.custody({ command: 'register-subject', subject: SUBJECT });
    await world.custody(recordOf('hb-1'));
  });

  /** A permit to Lakeside for that purpose alone. */
  function consentFor(system: string, code: string): FhirResource {
    const provision = consentOf('c-1')['provision'] as object;
    return consentOf('c-1', SUBJECT, { provision: { ...provision, purpose: [{ system, code }] } });
  }

  function file(resource: FhirResource, of = world): Promise<Simulation> {
    return of.tryCustody({
      command: 'file-consent',
      consent: 'c-1',
      subject: SUBJECT,
      resource,
      evidence: EVIDENCE,
    });
  }

  async function reasonFor(...purpose: string[]): Promise<string> {
    const { jti } = world.claims();
    const done = await world.custody({ command: 'decide', requests: [world.request({ jti, purpose })] });
    const { details, refused } = detailsSchema.parse(world.value('details', done.transaction));
    const [refusal] = refused;
    if (refusal !== undefined) return refusal.code;
    accessEvent.parse(world.value('event', LAKESIDE, jti));
    return details[0]?.records[0]?.reason ?? 'no answer';
  }

  it('are compiled, in the slip too, and each is decided as itself alone', async () => {
    succeeded(await file(consentFor(SYSTEM, 'quality-registry')));
    const slip = compiledPolicy.parse(world.value('slip', 'c-1', LAKESIDE)['policy']);
    expect(slip.coverage.purposes).to.deep.equal([REGISTRY]);
    expect(await reasonFor(REGISTRY)).to.equal('permitted-by-consent');
    expect(await reasonFor(`${SYSTEM}|something-else`)).to.equal('no-consent');
    expect(await reasonFor('TREAT')).to.equal('no-consent');
    expect(await reasonFor(REGISTRY, 'TREAT')).to.equal('no-consent');
  });

  it('need the evidence that the policy says', async () => {
    succeeded(await file(consentFor(SYSTEM, 'signed-only')));
    expect(await reasonFor(`${SYSTEM}|signed-only`)).to.equal('evidence-insufficient');
  });

  it('are refused in a request, as unknown ones are, where the system is not registered', async () => {
    for (const purpose of ['urn:other:purposes|quality-registry', 'quality-registry', SYSTEM, `${SYSTEM}|`])
      expect(await reasonFor(purpose), purpose).to.equal('request-malformed');
  });

  it('are refused in a consent where the system is not registered, here or anywhere', async () => {
    const other = await file(consentFor('urn:other:purposes', 'quality-registry'));
    expect(other.message).to.equal('consent-refused ["Consent.provision.purpose[0]"]');
    const elsewhere = await World.open();
    await elsewhere.custody({ command: 'register-subject', subject: SUBJECT });
    const there = await file(consentFor(SYSTEM, 'quality-registry'), elsewhere);
    expect(there.message).to.equal('consent-refused ["Consent.provision.purpose[0]"]');
  });

  it('bound what a delegate may do', async () => {
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    const register = (purposes: string[]): Promise<Simulation> =>
      world.tryCustody({
        command: 'register-delegation',
        delegation: 'd-1',
        subject: SUBJECT,
        delegate: OTHER_SUBJECT,
        relationship: 'guardian',
        scope: { acts: ['file'], scopes: ['patient-privacy'], purposes },
        period: { start: NOW_INSTANT, end: '2036-01-01T00:00:00.000Z' },
        evidence: EVIDENCE,
      });
    expect(refusalOf(await register([REGISTRY, 'urn:other:purposes|x']))).to.equal('command-malformed');
    succeeded(await register([REGISTRY]));
  });

  it('cannot be those of v3 ActReason, which are known already', async () => {
    const policy = {
      impliedPolicy: 'deny',
      emergencyRoles: [],
      reviewHours: 72,
      signedOnlyPurposes: [],
      agreementPurposes: [],
      purposeSystems: ['http://terminology.hl7.org/CodeSystem/v3-ActReason'],
    };
    const pepper = Buffer.alloc(32, 7).toString('base64url');
    const done = await world.tryCustody(
      { command: 'open-custody', pepper, policy },
      { mspId: LAKESIDE },
      LAKESIDE,
    );
    expect(done.message).to.equal('command-malformed ["$.policy.purposeSystems[0]"]');
  });
});
