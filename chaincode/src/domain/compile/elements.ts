/**
 * What becomes of an element of a consent: it is evaluated, carried (kept, shown, no effect), or refused.
 * docs/consent.md prints this table, and a test holds both to the published definitions of Consent.
 */
export type Treatment = 'evaluated' | 'carried' | 'refused';

export interface ElementRule {
  readonly treatment: Treatment;
  readonly repeats: boolean;
}

export type FhirVersion = 'r4' | 'r5';

type Backbone = Readonly<Record<string, ElementRule>>;

const one = (treatment: Treatment): ElementRule => ({ treatment, repeats: false });
const many = (treatment: Treatment): ElementRule => ({ treatment, repeats: true });

const element: Backbone = { id: one('carried'), extension: many('carried') };
const backboneElement: Backbone = { ...element, modifierExtension: many('refused') };
const resource: Backbone = {
  resourceType: one('evaluated'),
  id: one('evaluated'),
  meta: one('carried'),
  implicitRules: one('refused'),
  language: one('carried'),
  text: one('carried'),
  // Refused where something evaluated points into it.
  contained: many('carried'),
  // Carried, but for the one that names what a consent supersedes.
  extension: many('evaluated'),
  modifierExtension: many('refused'),
  identifier: many('carried'),
};
const actor: Backbone = { ...backboneElement, role: one('evaluated'), reference: one('evaluated') };
const data: Backbone = { ...backboneElement, meaning: one('evaluated'), reference: one('evaluated') };
const provision: Backbone = {
  ...backboneElement,
  period: one('evaluated'),
  actor: many('evaluated'),
  action: many('evaluated'),
  securityLabel: many('evaluated'),
  purpose: many('evaluated'),
  code: many('evaluated'),
  dataPeriod: one('evaluated'),
  data: many('evaluated'),
  provision: many('evaluated'),
};

/** FHIR version, then the element that has children, then the child. */
export const CONSENT_ELEMENTS: Readonly<Record<FhirVersion, Readonly<Record<string, Backbone>>>> = {
  r4: {
    Consent: {
      ...resource,
      status: one('evaluated'),
      scope: one('evaluated'),
      category: many('carried'),
      patient: one('evaluated'),
      dateTime: one('carried'),
      performer: many('carried'),
      organization: many('carried'),
      sourceAttachment: one('carried'),
      sourceReference: one('carried'),
      policy: many('carried'),
      policyRule: one('evaluated'),
      verification: many('carried'),
      provision: one('evaluated'),
    },
    'Consent.policy': { ...backboneElement, authority: one('carried'), uri: one('carried') },
    'Consent.verification': {
      ...backboneElement,
      verified: one('carried'),
      verifiedWith: one('carried'),
      verificationDate: one('carried'),
    },
    'Consent.provision': { ...provision, type: one('evaluated'), class: many('evaluated') },
    'Consent.provision.actor': actor,
    'Consent.provision.data': data,
  },
  r5: {
    Consent: {
      ...resource,
      status: one('evaluated'),
      // Carried, but for the one that says that a consent is about research.
      category: many('evaluated'),
      subject: one('evaluated'),
      date: one('carried'),
      period: one('evaluated'),
      grantor: many('carried'),
      grantee: many('carried'),
      manager: many('carried'),
      controller: many('carried'),
      sourceAttachment: many('carried'),
      sourceReference: many('carried'),
      regulatoryBasis: many('carried'),
      policyBasis: one('carried'),
      policyText: many('carried'),
      verification: many('carried'),
      decision: one('evaluated'),
      provision: many('evaluated'),
    },
    'Consent.policyBasis': { ...backboneElement, reference: one('carried'), url: one('carried') },
    'Consent.verification': {
      ...backboneElement,
      verified: one('carried'),
      verificationType: one('carried'),
      verifiedBy: one('carried'),
      verifiedWith: one('carried'),
      verificationDate: many('carried'),
    },
    'Consent.provision': {
      ...provision,
      documentType: many('evaluated'),
      resourceType: many('evaluated'),
      expression: one('refused'),
    },
    'Consent.provision.actor': actor,
    'Consent.provision.data': data,
  },
};
