import type { FhirResource } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { newAppKey, newPasskey, type Signer } from '../../support/signers.js';
import { consentToSign, registerKeyCommand, say, signedBy } from './support/evidence.js';
import { EVIDENCE, OTHER_SUBJECT, SUBJECT, consentOf, registerPatient } from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import { NOW, SENTINEL, World, makeCertificates, refusalOf } from './support/world.js';

const HL7 = 'http://terminology.hl7.org/CodeSystem';
const YEAR = 365 * 86_400_000;

/** Terms under which the other subject acts for this one: treatment and payment, for a year from now. */
function termsOf(changes: object = {}) {
  return {
    delegation: 'd-1',
    subject: SUBJECT,
    delegate: OTHER_SUBJECT,
    relationship: 'guardian' as const,
    scope: {
      acts: ['file', 'withdraw'] as ('file' | 'withdraw')[],
      scopes: ['patient-privacy'] as ('patient-privacy' | 'research')[],
      purposes: ['TREAT', 'HPAYMT'],
    },
    period: { start: new Date(NOW).toISOString(), end: new Date(NOW + YEAR).toISOString() },
    ...changes,
  };
}

describe('somebody who acts for a subject', () => {
  let world: World;
  let guardian: Signer;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
    await world.custody({ command: 'register-subject', subject: OTHER_SUBJECT });
    guardian = newPasskey();
    await world.custody(registerKeyCommand(world, guardian, OTHER_SUBJECT));
  });

  const delegate = (changes: object = {}, evidence: object = EVIDENCE): Promise<Simulation> =>
    world.tryCustody({ command: 'register-delegation', ...termsOf(changes), evidence });

  /** Files a consent, signed by the guardian's key for the subject. */
  function fileSigned(resource = consentOf('unsigned'), signer = guardian, delegation = 'd-1') {
    const signed = consentToSign(world, { resource, delegation });
    const act = signedBy(signed.statement, signer);
    return fileWith(signed.consent, signed.resource, { kind: 'delegated', delegation, act });
  }

  function fileWitnessed(resource: FhirResource): Promise<Simulation> {
    const evidence = { kind: 'delegated', delegation: 'd-1', act: EVIDENCE };
    return fileWith(resource['id'] as string, resource, evidence);
  }

  function fileWith(consent: string, resource: FhirResource, evidence: object): Promise<Simulation> {
    return world.tryCustody({ command: 'file-consent', consent, subject: SUBJECT, resource, evidence });
  }

  function withdraw(consent: string, evidence: object): Promise<Simulation> {
    return world.tryWithdrawal(
      { command: 'withdraw', consent, subject: SUBJECT, evidence },
      { mspId: SENTINEL },
    );
  }

  it('files with their own key or before a witness; what they filed says so', async () => {
    expect((await delegate()).message).to.equal('');
    expect((await fileSigned()).message).to.equal('');
    expect((await fileWitnessed(consentOf('c-2'))).message).to.equal('');
    const { consents } = world.value('policies', SUBJECT) as { consents: { evidence: string }[] };
    expect(consents.map(({ evidence }) => evidence)).to.deep.equal(['witnessed', 'delegated', 'delegated']);
  });

  it('withdraws, at oversight as well, what lies within what they were entrusted with', async () => {
    await delegate();
    const statement = say(world, { statement: 'withdrawal', consent: 'c-1', delegation: 'd-1' });
    const act = signedBy(statement, guardian);
    expect((await withdraw('c-1', { kind: 'delegated', delegation: 'd-1', act })).message).to.equal('');
    expect(world.value('withdrawal', SUBJECT)).to.deep.include({ subject: SUBJECT });
    expect(world.value('withdrawn', 'c-1')).to.deep.include({
      evidence: { kind: 'delegated', delegation: 'd-1', act },
    });
  });

  it("does nothing with another's key, under another's delegation, or in the subject's own name", async () => {
    await delegate();
    await delegate({ delegation: 'd-2', subject: OTHER_SUBJECT, delegate: SUBJECT });
    const own = newAppKey();
    await world.custody(registerKeyCommand(world, own));
    expect(refusalOf(await fileSigned(consentOf('unsigned'), own))).to.equal('evidence-key-unknown');
    expect(refusalOf(await fileSigned(consentOf('unsigned'), guardian, 'd-2'))).to.equal(
      'delegation-unknown',
    );
    expect(refusalOf(await fileSigned(consentOf('unsigned'), guardian, 'd-9'))).to.equal(
      'delegation-unknown',
    );
    const signed = consentToSign(world);
    const evidence = signedBy(signed.statement, guardian);
    expect(refusalOf(await fileWith(signed.consent, signed.resource, evidence))).to.equal(
      'evidence-key-unknown',
    );
    const asGuardian = { kind: 'delegated', delegation: 'd-1', act: evidence };
    expect(refusalOf(await fileWith(signed.consent, signed.resource, asGuardian))).to.equal(
      'evidence-signature-refused',
    );
  });

  it('acts from the first instant to before the last', async () => {
    const period = { start: new Date(NOW + 1_000).toISOString(), end: new Date(NOW + 5_000).toISOString() };
    await delegate({ period });
    for (const [after, code] of [
      [999, 'delegation-not-in-force'],
      [1_000, undefined],
      [4_999, undefined],
      [5_000, 'delegation-not-in-force'],
    ] as const) {
      world.now = NOW + after;
      const done = await fileSigned();
      expect(done.status === 200 ? undefined : refusalOf(done), `${after}`).to.equal(code);
    }
    expect(refusalOf(await delegate({ delegation: 'd-3', period }))).to.equal('delegation-not-in-force');
  });

  const provision = (purpose: string[] | undefined, changes: object = {}): FhirResource => ({
    type: 'permit',
    ...(purpose === undefined
      ? {}
      : { purpose: purpose.map((code) => ({ system: `${HL7}/v3-ActReason`, code })) }),
    ...changes,
  });

  const OUTSIDE: readonly [string, object][] = [
    ['another purpose', { provision: provision(['TREAT', 'HRESCH']) }],
    ['all purposes', { provision: provision(undefined) }],
    ['a purpose beside', { provision: provision(['HOPERAT']) }],
    [
      'an exception for another purpose',
      { provision: provision(['TREAT'], { provision: [provision(['HOPERAT'])] }) },
    ],
    [
      'a refusal for all purposes',
      { provision: provision(['TREAT'], { provision: [{ ...provision(undefined), type: 'deny' }] }) },
    ],
    ['research', { scope: { coding: [{ system: `${HL7}/consentscope`, code: 'research' }] } }],
  ];

  for (const [what, changes] of OUTSIDE) {
    it(`may not file ${what}`, async () => {
      await delegate();
      const done = await fileWitnessed(consentOf('c-2', SUBJECT, changes as FhirResource));
      expect(refusalOf(done)).to.equal('delegation-exceeded');
    });
  }

  it('may file what descends from the purposes, exceptions included', async () => {
    await delegate();
    const within = provision(['ETREAT', 'HPAYMT'], {
      provision: [{ ...provision(['TREAT']), type: 'deny' }],
    });
    expect((await fileWitnessed(consentOf('c-2', SUBJECT, { provision: within }))).message).to.equal('');
  });

  it('may withdraw only what they could have filed', async () => {
    await delegate();
    await world.custody({
      command: 'file-consent',
      consent: 'c-2',
      subject: SUBJECT,
      resource: consentOf('c-2', SUBJECT, { provision: provision(['TREAT', 'HRESCH']) }),
      evidence: EVIDENCE,
    });
    const evidence = { kind: 'delegated', delegation: 'd-1', act: EVIDENCE };
    expect(refusalOf(await withdraw('c-2', evidence))).to.equal('delegation-exceeded');
    expect((await withdraw('c-1', evidence)).message).to.equal('');
  });

  it('files, withdraws or both, as the delegation says; superseding is both', async () => {
    const supersedes = [
      { url: 'urn:consent-ledger:fhir:supersedes', valueReference: { reference: 'Consent/c-1' } },
    ];
    const act = { kind: 'delegated', delegation: 'd-1', act: EVIDENCE };
    await delegate({ scope: { acts: ['file'], scopes: ['patient-privacy'] } });
    expect(refusalOf(await withdraw('c-1', act))).to.equal('delegation-exceeded');
    const superseding = consentOf('c-2', SUBJECT, { extension: supersedes });
    expect(refusalOf(await fileWitnessed(superseding))).to.equal('delegation-exceeded');
    expect((await fileWitnessed(consentOf('c-3'))).message).to.equal('');

    await delegate({ delegation: 'd-2', scope: { acts: ['withdraw'], scopes: ['patient-privacy'] } });
    const only = { ...act, delegation: 'd-2' };
    expect(refusalOf(await fileWith('c-4', consentOf('c-4'), only))).to.equal('delegation-exceeded');
    expect((await withdraw('c-1', only)).message).to.equal('');
  });

  it('is appointed by the subject or before a witness, by no delegate, and for no unknown person', async () => {
    const own = newAppKey();
    await world.custody(registerKeyCommand(world, own));
    const { subject, ...terms } = termsOf();
    const statement = say(world, { statement: 'delegation', ...terms }, { subject });
    expect(refusalOf(await delegate({}, signedBy(statement, guardian)))).to.equal('evidence-key-unknown');
    const wider = { scope: { ...terms.scope, purposes: ['PurposeOfUse'] } };
    expect(refusalOf(await delegate(wider, signedBy(statement, own)))).to.equal('command-malformed');
    const longer = { period: { ...terms.period, end: new Date(NOW + 2 * YEAR).toISOString() } };
    expect(refusalOf(await delegate(longer, signedBy(statement, own)))).to.equal(
      'evidence-signature-refused',
    );
    expect((await delegate({}, signedBy(statement, own))).message).to.equal('');
    expect(refusalOf(await delegate())).to.equal('delegation-already-registered');

    const passedOn = { kind: 'delegated', delegation: 'd-1', act: EVIDENCE };
    expect(refusalOf(await delegate({ delegation: 'd-2' }, passedOn))).to.equal('evidence-not-accepted');
    expect(refusalOf(await delegate({ delegation: 'd-2', delegate: 'sub-9' }))).to.equal('subject-unknown');
    expect(refusalOf(await delegate({ delegation: 'd-2', delegate: SUBJECT }))).to.equal('command-malformed');
  });

  it('does nothing more once the subject revokes it, or they give it back', async () => {
    const own = newAppKey();
    await world.custody(registerKeyCommand(world, own));
    for (const delegation of ['d-1', 'd-2', 'd-3']) await delegate({ delegation });
    const end = (delegation: string, evidence: object): Promise<Simulation> =>
      world.tryCustody({ command: 'end-delegation', delegation, subject: SUBJECT, evidence });
    const statement = (delegation: string) => say(world, { statement: 'delegation-end', delegation });

    expect(refusalOf(await end('d-1', signedBy(statement('d-2'), own)))).to.equal(
      'evidence-signature-refused',
    );
    expect((await end('d-1', signedBy(statement('d-1'), own))).message).to.equal('');
    const other = { kind: 'delegated', delegation: 'd-3', act: signedBy(statement('d-2'), guardian) };
    expect(refusalOf(await end('d-2', other))).to.equal('delegation-exceeded');
    const back = { kind: 'delegated', delegation: 'd-2', act: signedBy(statement('d-2'), guardian) };
    expect((await end('d-2', back)).message).to.equal('');
    expect((await end('d-3', EVIDENCE)).message).to.equal('');
    const again = await end('d-3', EVIDENCE);
    expect([again.message, again.writes.size]).to.deep.equal(['', 0]);
    expect(refusalOf(await end('d-9', EVIDENCE))).to.equal('delegation-unknown');
    for (const delegation of ['d-1', 'd-2', 'd-3']) {
      expect(refusalOf(await fileSigned(consentOf('unsigned'), guardian, delegation))).to.equal(
        'delegation-not-in-force',
      );
    }
  });
});
