import { compileConsent } from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import {
  compiled,
  concept,
  coding,
  core,
  loinc,
  pcf,
  provision,
  r5,
  refused,
  resourceType,
  supersedes,
} from './build.js';

type Json = Record<string, unknown>;

/** Paths that a consent is refused for. */
const paths = (fhir: unknown): string[] => refused(fhir).map(({ path }) => path);
const without = (fhir: Json, key: string): Json =>
  Object.fromEntries(Object.entries(fhir).filter(([name]) => name !== key));
const inPcf = (more: object): Json => pcf({ type: 'permit', ...more });
const P = 'Consent.provision';

const datum = (reference: string): Json => ({ meaning: 'instance', reference: { reference } });
const many = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

/** What is refused, in what, and where. */
const refusals: readonly (readonly [string, unknown, readonly string[]])[] = [
  ['no object', 'Consent', ['Consent']],
  ['another resource', { resourceType: 'Contract' }, ['Consent.resourceType']],
  ['no id', without(inPcf({}), 'id'), ['Consent.id']],
  ...['a/b', '__proto__', 'a'.repeat(65), '\ud800', ' c1', ''].map(
    (id) => [`the id ${JSON.stringify(id)}`, { ...inPcf({}), id }, ['Consent.id']] as const,
  ),
  ['no status', without(inPcf({}), 'status'), ['Consent.status']],
  ['an R5 status in R4', { ...inPcf({}), status: 'not-done' }, ['Consent.status']],
  ['an R4 status in R5', r5('permit', [], { status: 'proposed' }), ['Consent.status']],
  ['no subject', without(inPcf({}), 'patient'), ['Consent.patient']],
  ['a subject without reference', { ...inPcf({}), patient: { display: 'x' } }, ['Consent.patient']],
  ['a subject that is a group', r5('permit', [], { subject: { reference: 'Group/1' } }), ['Consent.subject']],
  ['a contained subject', { ...inPcf({}), patient: { reference: '#p' } }, ['Consent.patient.reference']],
  ['no scope', without(inPcf({}), 'scope'), ['Consent.scope']],
  ['another scope', { ...inPcf({}), scope: concept('consentscope', 'adr') }, ['Consent.scope.coding[0]']],
  ['a scope in words', { ...inPcf({}), scope: { text: 'privacy' } }, ['Consent.scope']],
  [
    'two scopes',
    {
      ...inPcf({}),
      scope: { coding: [coding('consentscope', 'research'), coding('consentscope', 'patient-privacy')] },
    },
    ['Consent.scope'],
  ],
  ['an element that is none', { ...inPcf({}), colour: 'red' }, ['Consent.colour']],
  ['implicit rules', { ...inPcf({}), implicitRules: 'urn:x' }, ['Consent.implicitRules']],
  ['a modifier', { ...inPcf({}), modifierExtension: [{ url: 'urn:x' }] }, ['Consent.modifierExtension']],
  ['a modifier of a provision', inPcf({ modifierExtension: [{ url: 'urn:x' }] }), [`${P}.modifierExtension`]],
  [
    'a modifier of an actor',
    inPcf({ provision: [{ type: 'deny', actor: [] }] }),
    [`${P}.provision[0].actor`],
  ],
  [
    'a modifier in what is carried',
    { ...inPcf({}), verification: [{ verified: true, modifierExtension: [{ url: 'urn:x' }] }] },
    ['Consent.verification[0].modifierExtension'],
  ],
  ['null', { ...inPcf({}), provision: null }, [P, 'Consent.policyRule']],
  ['an empty list of purposes', inPcf({ purpose: [] }), [`${P}.purpose`]],
  ['an empty list of codings', { ...inPcf({}), scope: { coding: [] } }, ['Consent.scope.coding']],

  // Marks of two versions.
  ['R5 elements in R4', { ...inPcf({}), subject: { reference: 'Patient/1' } }, ['Consent.subject']],
  ['R5 elements in an R4 provision', inPcf({ documentType: [loinc('1')] }), [`${P}.documentType`]],
  ['R4 elements in R5', r5('permit', [], { dateTime: '2026' }), ['Consent.dateTime']],
  ['a type in R5', r5('permit', [{ type: 'deny' }]), [`${P}[0].type`]],
  ['a class in R5', r5('permit', [{ class: [loinc('1')] }]), [`${P}[0].class`]],
  [
    'a decision in R4',
    { ...inPcf({}), decision: 'permit' },
    ['Consent.scope', 'Consent.patient', P, 'Consent.subject', `${P}.type`],
  ],
  [
    'an R4 source in R5',
    r5('permit', [], { sourceAttachment: { title: 'x' } }),
    ['Consent.sourceAttachment'],
  ],
  ['R5 without decision', without(r5('permit', [{ label: ['R'] }]), 'decision'), ['Consent.decision']],
  ['a decision that is none', r5('allow'), ['Consent.decision']],
  [
    'an expression',
    r5('permit', [{ label: ['R'], expression: { language: 'text/cql' } }]),
    [`${P}[0].expression`],
  ],

  // PCF.
  ['a type that is none', pcf({ type: 'allow' }), [`${P}.type`]],
  [
    'the opposite rule',
    { ...inPcf({}), policyRule: concept('v3-ActCode', 'OPTOUTE') },
    ['Consent.policyRule.coding[0]'],
  ],
  [
    'the opposite rule',
    pcf({ type: 'deny' }, { policyRule: concept('v3-ActCode', 'OPTINR') }),
    ['Consent.policyRule.coding[0]'],
  ],
  ['an exception without type', inPcf({ provision: [{ label: ['R'] }] }), [`${P}.provision[0].type`]],
  [
    'an exception to an exception',
    inPcf({ provision: [{ type: 'deny', provision: [{ type: 'permit' }] }] }),
    [`${P}.provision[0].provision[0]`],
  ],

  // R4 core.
  ['no rule', without(core('OPTIN'), 'policyRule'), ['Consent.policyRule']],
  ['another rule', core('OPTX'), ['Consent.policyRule.coding[0]']],
  [
    'a rule of another system',
    { ...core('OPTIN'), policyRule: concept('consentpolicycodes', 'hipaa-auth') },
    ['Consent.policyRule.coding[0]'],
  ],
  [
    'both rules',
    {
      ...core('OPTIN'),
      policyRule: { coding: [coding('v3-ActCode', 'OPTIN'), coding('v3-ActCode', 'OPTOUT')] },
    },
    ['Consent.policyRule'],
  ],
  [
    'a root that states more',
    core('OPTIN', { label: ['R'], actor: ['Practitioner/1'] }),
    [`${P}.actor`, `${P}.securityLabel`],
  ],
  [
    'a nested provision without type',
    core('OPTIN', { provision: [{ label: ['R'] }] }),
    [`${P}.provision[0].type`],
  ],

  // What could never match, and so would be ignored.
  ...[
    ' Practitioner/1',
    'practitioner/1',
    'Practitioner',
    'Practitioner/1/2',
    'Practitioner/1/_history/',
    'Practitioner?identifier=1',
    'https://fhir.example/Practitioner?identifier=1',
    'https://fhir.example/Practitioner/1#a',
    'Practitioner/\ud800',
  ].map(
    (reference) =>
      [
        `a reference to no resource (${JSON.stringify(reference)})`,
        { ...inPcf({}), provision: { type: 'permit', data: [datum(reference)] } },
        [`${P}.data[0].reference.reference`],
      ] as const,
  ),

  ['a type of resource that is none', inPcf({ class: [resourceType('Observations')] }), [`${P}.class[0]`]],
  ['an abstract type', inPcf({ class: [resourceType('DomainResource')] }), [`${P}.class[0]`]],
  [
    'an extension of this ledger that is misspelt',
    r5('permit', [], { extension: [{ url: 'urn:consent-ledger:fhir:Supersedes', valueString: 'x' }] }),
    ['Consent.extension[0]'],
  ],
  [
    'one that has no meaning where it stands',
    inPcf({ extension: [{ url: 'urn:consent-ledger:fhir:acknowledges' }] }),
    [`${P}.extension[0]`],
  ],

  [
    'an extension without a url',
    r5('permit', [], { extension: [{ valueString: 'x' }] }),
    ['Consent.extension[0]'],
  ],
  ['an extension that is none', r5('permit', [], { extension: ['x'] }), ['Consent.extension[0]']],

  // What may be about research, or say the opposite, if only it could be read.
  [
    'a category whose codings are no list',
    r5('permit', [], { category: [{ coding: coding('consentscope', 'research') }] }),
    ['Consent.category[0].coding'],
  ],
  [
    'a category whose coding has no system',
    r5('permit', [], { category: [{ coding: [{ code: 'research' }] }] }),
    ['Consent.category[0].coding[0]'],
  ],
  [
    'a category whose coding has no code',
    r5('permit', [], { category: [{ coding: [{ system: coding('consentscope', '')['system'] }] }] }),
    ['Consent.category[0].coding[0]'],
  ],
  ['a category that is none', r5('permit', [], { category: ['research'] }), ['Consent.category[0]']],
  [
    'a rule whose codings are no list',
    { ...inPcf({}), policyRule: { coding: coding('v3-ActCode', 'OPTOUT') } },
    ['Consent.policyRule.coding'],
  ],
  [
    'a rule without a system',
    { ...inPcf({}), policyRule: { coding: [{ code: 'OPTOUT' }] } },
    ['Consent.policyRule.coding[0]'],
  ],

  // More than is ever filed.
  ['too many purposes', inPcf({ purpose: many(1025, 'TREAT') }), [`${P}.purpose`]],
  ['too many exceptions', inPcf({ provision: many(1025, { type: 'deny' }) }), [`${P}.provision`]],
  ['too many codes in all', inPcf({ code: many(2, { coding: many(600, loinc('1')) }) }), [`${P}.code`]],
  [
    'a code that is too long',
    inPcf({ code: [{ coding: [loinc('1'.repeat(1020))] }] }),
    [`${P}.code[0].coding[0]`],
  ],
  [
    'a reference that is too long',
    { ...inPcf({}), provision: { type: 'permit', data: [datum(`urn:x:${'1'.repeat(1020)}`)] } },
    [`${P}.data[0].reference.reference`],
  ],

  // Dates.
  ['a date that is none', inPcf({ period: { start: '2024-02-30' } }), [`${P}.period.start`]],
  ['a time without a zone', inPcf({ period: { end: '2024-02-20T10:00:00' } }), [`${P}.period.end`]],
  [
    'a period that ends before it starts',
    r5('permit', [], { period: { start: '2024-03', end: '2024-02' } }),
    ['Consent.period'],
  ],
  ['a data period that is none', inPcf({ dataPeriod: { start: 2024 } }), [`${P}.dataPeriod.start`]],
  [
    'an extension in place of a date',
    inPcf({ period: { _start: { extension: [{ url: 'urn:x' }] } } }),
    [`${P}.period._start`],
  ],

  // Codes.
  ['an unknown purpose', inPcf({ purpose: ['FUN'] }), [`${P}.purpose[0]`]],
  ['the root of all purposes', inPcf({ purpose: ['PurposeOfUse'] }), [`${P}.purpose[0]`]],
  ['an unknown action', inPcf({ action: ['read'] }), [`${P}.action[0].coding[0]`]],
  ['an unknown label', inPcf({ label: ['SECRET'] }), [`${P}.securityLabel[0]`]],
  [
    'a retired confidentiality code',
    { ...inPcf({}), provision: { type: 'permit', securityLabel: [coding('v3-Confidentiality', 'HIV')] } },
    [`${P}.securityLabel[0]`],
  ],
  [
    'a label without system',
    { ...inPcf({}), provision: { type: 'permit', securityLabel: [{ code: 'R' }] } },
    [`${P}.securityLabel[0]`],
  ],
  ['an unknown role', inPcf({ actor: ['DEV Organization/1'] }), [`${P}.actor[0].role.coding[0]`]],
  [
    'two roles',
    {
      ...inPcf({}),
      provision: {
        type: 'permit',
        actor: [
          {
            role: { coding: [coding('v3-ParticipationType', 'CST'), coding('v3-ParticipationType', 'AUT')] },
            reference: { reference: 'Organization/1' },
          },
        ],
      },
    },
    [`${P}.actor[0].role`],
  ],
  ['a meaning that is none', inPcf({ data: ['about Observation/1'] }), [`${P}.data[0].meaning`]],
  ['a code in words', inPcf({ code: [{ text: 'haemoglobin' }] }), [`${P}.code[0]`]],

  // References.
  [
    'an actor without reference',
    {
      ...inPcf({}),
      provision: { type: 'permit', actor: [{ role: concept('v3-ParticipationType', 'IRCP') }] },
    },
    [`${P}.actor[0].reference`],
  ],
  [
    'a logical actor',
    { ...inPcf({}), provision: { type: 'permit', actor: [{ reference: { identifier: { value: '1' } } }] } },
    [`${P}.actor[0].reference`],
  ],
  ['a contained actor', inPcf({ actor: ['#a'] }), [`${P}.actor[0].reference.reference`]],
  [
    'an actor of two types',
    {
      ...inPcf({}),
      provision: {
        type: 'permit',
        actor: [{ reference: { reference: 'Practitioner/1', type: 'Organization' } }],
      },
    },
    [`${P}.actor[0].reference`],
  ],
  ['contained data', inPcf({ data: ['related #e'] }), [`${P}.data[0].reference.reference`]],

  // Superseding.
  [
    'no consent superseded',
    {
      ...inPcf({}),
      extension: [{ url: 'urn:consent-ledger:fhir:supersedes', valueReference: { reference: 'Patient/1' } }],
    },
    ['Consent.extension[0].valueReference'],
  ],
  [
    'superseding by words',
    { ...inPcf({}), extension: [{ url: 'urn:consent-ledger:fhir:supersedes', valueString: 'c0' }] },
    ['Consent.extension[0].valueString', 'Consent.extension[0].valueReference'],
  ],
  ['superseding from a provision', inPcf(supersedes('c0')), [`${P}.extension[0]`]],
];

describe('Compiling a consent', () => {
  describe('refuses what is not understood, naming it', () => {
    for (const [what, fhir, where] of refusals) {
      it(`${what}: ${where.join(', ')}`, () => {
        expect(paths(fhir)).to.have.members(where);
      });
    }

    it('whatever the consent’s status', () => {
      expect(paths({ ...inPcf({ purpose: ['FUN'] }), status: 'draft' })).to.deep.equal([`${P}.purpose[0]`]);
    });

    it('with both readings, where it can be read two ways', () => {
      expect(refused(core('OPTIN', { label: ['R'] }))[0]?.readings).to.have.lengthOf(2);
      expect(
        refused({ ...inPcf({}), policyRule: concept('v3-ActCode', 'OPTOUT') })[0]?.readings,
      ).to.have.lengthOf(2);
    });

    it('and deeper nesting than any stack is safe with', () => {
      let deep: Json = { type: 'deny' };
      for (let level = 0; level < 5000; level += 1) deep = { type: 'permit', provision: [deep] };
      expect(paths({ ...core('OPTIN'), provision: { provision: [deep] } })).to.have.lengthOf(1);
    });
  });

  describe('carries what has no effect', () => {
    const carried: Json = {
      meta: { versionId: '3', profile: ['urn:x'], security: [coding('v3-ActReason', 'HTEST')] },
      language: 'en',
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
      contained: [{ resourceType: 'Organization', id: 'o', modifierExtension: [{ url: 'urn:x' }] }],
      extension: [{ url: 'urn:unknown', valueString: 'x' }],
      identifier: [{ system: 'urn:x', value: '1' }],
      verification: [{ verified: true, verificationDate: '2026' }],
    };

    it('in R4', () => {
      const r4: Json = {
        ...carried,
        dateTime: '2026-11-22',
        _dateTime: { extension: [{ url: 'urn:x', valueBoolean: true }] },
        performer: [{ reference: 'Patient/1' }],
        organization: [{ reference: '#o' }],
        sourceReference: { reference: 'DocumentReference/1' },
        policy: [{ uri: 'urn:x' }],
        policyRule: concept('consentpolicycodes', 'hipaa-auth'),
      };
      const bare = pcf({ type: 'permit', label: ['N'] });
      expect(compiled({ ...bare, ...r4 })).to.deep.equal(compiled(bare));
    });

    it('in R5', () => {
      const more: Json = {
        ...carried,
        verification: [{ verified: true, verificationDate: ['2026'] }],
        category: [{ coding: [loinc('59284-0')] }, { text: 'privacy' }],
        date: '2026-11-22',
        grantor: [{ reference: 'Patient/1' }],
        grantee: [{ reference: 'Organization/1' }],
        manager: [{ reference: 'Organization/1' }],
        controller: [{ reference: '#o' }],
        sourceAttachment: [{ title: 'x' }],
        regulatoryBasis: [concept('v3-ActCode', 'OPTIN')],
        policyBasis: { url: 'urn:x' },
        policyText: [{ reference: 'DocumentReference/1' }],
      };
      expect(compiled({ ...r5('permit'), ...more })).to.deep.equal(compiled(r5('permit')));
    });
  });

  describe('keeps what it evaluates', () => {
    it('as plain JSON, small', () => {
      const policy = compiled(
        pcf(
          {
            type: 'permit',
            period: { start: '2026', end: '2026-06' },
            purpose: ['TREAT'],
            label: ['N', 'HIV'],
            provision: [{ type: 'deny', actor: ['Organization/x', 'Practitioner/1', 'CST Organization/y'] }],
          },
          supersedes('c0', 'c0', 'c9'),
        ),
      );
      expect(JSON.parse(JSON.stringify(policy))).to.deep.equal(policy);
      expect(policy).to.deep.equal({
        policyVersion: 1,
        id: 'c1',
        status: 'active',
        subject: 'Patient/1',
        dialect: 'r4-pcf',
        scope: 'privacy',
        base: 'permit',
        basePath: 'Consent.provision',
        period: { from: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 6, 1) },
        coverage: {
          purposes: ['TREAT'],
          labels: { confidentiality: [3], sensitivity: ['HIV'], reading: 'permit' },
        },
        exceptions: [
          {
            kind: 'deny',
            path: 'Consent.provision.provision[0]',
            criteria: {
              actor: {
                recipients: { organizations: ['Organization/x'], others: ['Practitioner/1'] },
                custodians: ['Organization/y'],
              },
            },
            exceptions: [],
          },
        ],
        supersedes: ['c0', 'c9'],
      });
    });

    it('R5 provisions are each the opposite of the one above', () => {
      const policy = compiled(r5('deny', [{ label: ['N'], provision: [{ label: ['R'] }] }]));
      const [first] = policy.exceptions;
      expect([policy.base, first?.kind, first?.exceptions[0]?.kind]).to.deep.equal([
        'deny',
        'permit',
        'deny',
      ]);
    });

    it('purposes of registered systems', () => {
      const local = {
        ...inPcf({}),
        provision: { type: 'permit', purpose: [{ system: 'urn:x', code: 'Y' }] },
      };
      expect(paths(local)).to.deep.equal([`${P}.purpose[0]`]);
      const result = compileConsent(local, { purposeSystems: ['urn:x'] });
      expect(result.ok && result.policy.coverage.purposes).to.deep.equal(['urn:x|Y']);
    });

    it('what an organisation is, by its reference or its type', () => {
      const policy = compiled({
        ...inPcf({}),
        provision: {
          type: 'permit',
          actor: [
            { reference: { reference: 'https://fhir.example/Organization/1/_history/2' } },
            { reference: { reference: 'urn:uuid:6f0f4a0e', type: 'Organization' } },
            { reference: { reference: 'Patient/1' } },
          ],
        },
      });
      expect(policy.coverage.actor?.recipients).to.deep.equal({
        organizations: ['https://fhir.example/Organization/1', 'urn:uuid:6f0f4a0e'],
        others: ['Patient/1'],
      });
    });
  });

  it('reads an empty object or list as absent where that can mean one thing only', () => {
    const bare = core('OPTIN');
    expect(compiled({ ...bare, provision: {}, extension: [] })).to.deep.equal(compiled(bare));
    expect(compiled({ ...bare, provision: { provision: [] } })).to.deep.equal(compiled(bare));
    expect(compiled(r5('deny', [{}])).exceptions).to.deep.equal([
      { kind: 'permit', path: 'Consent.provision[0]', criteria: {}, exceptions: [] },
    ]);
    expect(compiled(r5('deny', [], { period: {} })).period).to.deep.equal({});
  });

  it('does not take keys of every object for elements', () => {
    for (const key of ['constructor', 'toString', '__proto__']) {
      const text = JSON.stringify(inPcf({})).replace('"status"', `"${key}":"x","status"`);
      expect(paths(JSON.parse(text)), key).to.deep.equal([`Consent.${key}`]);
    }
    expect(provision({ type: 'permit' })).to.deep.equal({ type: 'permit' });
  });
});
