import { SYSTEMS, STUDY, STUDY_CHOICE, STUDY_COLLECTED } from './compile/systems.js';
import { orderedChoices, type Collected, type StudyChoice } from './study-choices.js';

/** What a participant said to one protocol version of a study. */
export interface StudyResourceTerms {
  readonly id: string;
  /** Subject id. */
  readonly subject: string;
  readonly study: string;
  readonly protocol: string;
  readonly choices: readonly StudyChoice[];
  readonly collected?: readonly Collected[];
  /** `Organization/<name>` of the sponsor, and of the third parties that the study shares with. */
  readonly sponsor: string;
  readonly thirdParties: readonly string[];
}

type Resource = Record<string, unknown>;

/**
 * The one text that a study's consent can have (FHIR R4, PCF shape): what the choices mean is in its provisions, so that the
 * evaluator decides them, and the choices beside them say what was chosen. Without `genetic` what is labelled GDIS is denied, or
 * has no labels; without `samples` what is a Specimen; `future` permits HRESCH, `main` CLINTRL; with `sharing` the third parties
 * are recipients too. `recontact` lets no data flow.
 */
export function studyResource(terms: StudyResourceTerms): Resource {
  const { id, subject, study, protocol, sponsor, thirdParties, collected = [] } = terms;
  const choices = orderedChoices(terms.choices);
  const has = (choice: StudyChoice): boolean => choices.includes(choice);
  const exceptions = [
    ...(has('samples')
      ? []
      : [{ type: 'deny', class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Specimen' }] }]),
    ...(has('genetic') ? [] : [{ type: 'deny', securityLabel: [{ system: SYSTEMS.actCode, code: 'GDIS' }] }]),
  ];
  const purposes = [...(has('main') ? ['CLINTRL'] : []), ...(has('future') ? ['HRESCH'] : [])];
  return {
    resourceType: 'Consent',
    id,
    extension: [
      { url: STUDY, valueReference: { reference: `ResearchStudy/${study}/_history/${protocol}` } },
      ...choices.map((choice) => ({ url: STUDY_CHOICE, valueCode: choice })),
      ...collected.map(({ choice, disposition }) => ({
        url: STUDY_COLLECTED,
        valueCode: `${choice}.${disposition}`,
      })),
    ],
    status: 'active',
    scope: concept(SYSTEMS.scope, 'research'),
    category: [concept('http://loinc.org', '59284-0')],
    patient: { reference: `Patient/${subject}` },
    policyRule: concept(SYSTEMS.actCode, 'OPTIN'),
    provision: {
      type: 'permit',
      actor: [sponsor, ...(has('sharing') ? thirdParties : [])].map((reference) => ({
        role: concept(SYSTEMS.participation, 'IRCP'),
        reference: { reference },
      })),
      purpose: purposes.map((code) => ({ system: SYSTEMS.purpose, code })),
      ...(exceptions.length === 0 ? {} : { provision: exceptions }),
    },
  };
}

function concept(system: string, code: string): Resource {
  return { coding: [{ system, code }] };
}
