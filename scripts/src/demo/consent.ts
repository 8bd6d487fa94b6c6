const HL7 = 'http://terminology.hl7.org/CodeSystem';

export interface ConsentTerms {
  readonly id: string;
  /** Pseudonym at the custodian. */
  readonly subject: string;
  /** `Organization/riverside` */
  readonly custodian: string;
  /** Who may receive, such as `Organization/lakeside`. */
  readonly recipient: string;
  readonly actions: readonly ('access' | 'disclose')[];
  /** FHIR dates. */
  readonly from: string;
  readonly until: string;
}

/**
 * A FHIR R4 Consent of the IHE PCF profile (Privacy Consent on FHIR 1.1, explicit basic consent): permits one
 * recipient, for treatment, what is labelled normal or below, for a time.
 */
export function treatmentConsent(terms: ConsentTerms): Record<string, unknown> {
  const { id, subject, custodian, recipient, actions, from, until } = terms;
  return {
    resourceType: 'Consent',
    id,
    meta: {
      profile: ['https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentBasic'],
    },
    status: 'active',
    scope: concept('consentscope', 'patient-privacy'),
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${subject}` },
    dateTime: from,
    organization: [{ reference: custodian }],
    policyRule: concept('v3-ActCode', 'OPTIN'),
    provision: {
      type: 'permit',
      period: { start: from, end: until },
      actor: [{ role: concept('v3-ParticipationType', 'IRCP'), reference: { reference: recipient } }],
      action: actions.map((action) => concept('consentaction', action)),
      securityLabel: [{ system: `${HL7}/v3-Confidentiality`, code: 'N' }],
      purpose: [{ system: `${HL7}/v3-ActReason`, code: 'TREAT' }],
    },
  };
}

function concept(system: string, code: string): { coding: { system: string; code: string }[] } {
  return { coding: [{ system: `${HL7}/${system}`, code }] };
}
