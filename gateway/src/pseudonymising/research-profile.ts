import { readProfile, type Elements, type Profile, type ProfileDocument, type Rule } from './profile.js';

const codes = (...listed: string[]): Rule => ({ codes: listed });
const elements = (listed: Elements): Rule => ({ elements: listed });

const CONCEPT = elements({ coding: 'coding' });
const PERIOD = elements({ start: 'date', end: 'date' });
const RANGE = elements({ low: 'quantity', high: 'quantity' });
const RATIO = elements({ numerator: 'quantity', denominator: 'quantity' });
const HL7 = 'http://terminology.hl7.org/CodeSystem';
const EVENT_STATUS = codes(
  'preparation',
  'in-progress',
  'not-done',
  'on-hold',
  'stopped',
  'completed',
  'entered-in-error',
  'unknown',
);

const MEASURED = {
  valueQuantity: 'quantity',
  valueCodeableConcept: CONCEPT,
  valueBoolean: 'boolean',
  valueInteger: 'number',
  valueRange: RANGE,
  valueRatio: RATIO,
  valueDateTime: 'date',
  valuePeriod: PERIOD,
  dataAbsentReason: CONCEPT,
  interpretation: CONCEPT,
  referenceRange: elements({
    low: 'quantity',
    high: 'quantity',
    type: CONCEPT,
    appliesTo: CONCEPT,
    age: RANGE,
  }),
} as const satisfies Elements;

const DOSAGE = elements({
  timing: elements({
    event: 'date',
    repeat: elements({
      boundsPeriod: PERIOD,
      count: 'number',
      duration: 'number',
      durationUnit: codes('s', 'min', 'h', 'd', 'wk', 'mo', 'a'),
      frequency: 'number',
      frequencyMax: 'number',
      period: 'number',
      periodMax: 'number',
      periodUnit: codes('s', 'min', 'h', 'd', 'wk', 'mo', 'a'),
    }),
  }),
  asNeededBoolean: 'boolean',
  route: CONCEPT,
  doseAndRate: elements({
    doseQuantity: 'quantity',
    doseRange: RANGE,
    rateQuantity: 'quantity',
    rateRatio: RATIO,
  }),
});

/**
 * The profile that comes along: what laboratories, wards and pharmacies record, as codes, numbers and dates. Names, addresses,
 * identifiers, words of any kind, devices, places and people stay at the site.
 */
export const RESEARCH_PROFILE: ProfileDocument = {
  name: 'research',
  version: '1',
  shiftDays: 182,
  oldest: 89,
  systems: {
    'http://loinc.org': '^(?:(?:LA)?[0-9]{1,7}-[0-9])$',
    'http://snomed.info/sct': '^(?:[1-9][0-9]{5,17})$',
    'http://www.nlm.nih.gov/research/umls/rxnorm': '^(?:[0-9]{1,8})$',
    'http://hl7.org/fhir/sid/icd-10': '^(?:[A-Z][0-9][0-9A-Z](?:\\.[0-9A-Z]{1,4})?)$',
    'http://hl7.org/fhir/sid/icd-10-cm': '^(?:[A-Z][0-9][0-9A-Z](?:\\.[0-9A-Z]{1,4})?)$',
    'http://www.whocc.no/atc': '^(?:[A-V][0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)$',
    'http://hl7.org/fhir/sid/cvx': '^(?:[0-9]{1,3})$',
    [`${HL7}/observation-category`]:
      '^(?:social-history|vital-signs|imaging|laboratory|procedure|survey|exam|therapy|activity)$',
    [`${HL7}/v3-ObservationInterpretation`]:
      '^(?:A|AA|B|D|DET|E|EX|H|HH|HU|I|IND|L|LL|LU|N|ND|NEG|POS|R|S|U|W|<|>)$',
    [`${HL7}/data-absent-reason`]:
      '^(?:unknown|asked-unknown|temp-unknown|not-asked|asked-declined|masked|not-applicable|unsupported|error|not-a-number|negative-infinity|positive-infinity|not-performed|not-permitted)$',
    [`${HL7}/referencerange-meaning`]: '^(?:type|normal|recommended|treatment|therapeutic|pre|post)$',
    [`${HL7}/condition-clinical`]: '^(?:active|recurrence|relapse|inactive|remission|resolved)$',
    [`${HL7}/condition-ver-status`]:
      '^(?:unconfirmed|provisional|differential|confirmed|refuted|entered-in-error)$',
    [`${HL7}/condition-category`]: '^(?:problem-list-item|encounter-diagnosis)$',
    [`${HL7}/allergyintolerance-clinical`]: '^(?:active|inactive|resolved)$',
    [`${HL7}/allergyintolerance-verification`]: '^(?:unconfirmed|confirmed|refuted|entered-in-error)$',
    [`${HL7}/v2-0074`]:
      '^(?:AU|BG|BLB|CG|CH|CP|CT|CTH|CUS|EC|EN|GE|HM|ICU|IMG|IMM|LAB|MB|MCB|MYC|NMR|NMS|OTH|PAT|RAD|SP|TX|VR|VUS)$',
    [`${HL7}/v3-ActCode`]: '^(?:AMB|EMER|FLD|HH|IMP|ACUTE|NONAC|OBSENC|PRENC|SS|VR)$',
  },
  references: [
    'AllergyIntolerance',
    'Condition',
    'DiagnosticReport',
    'Encounter',
    'Immunization',
    'MedicationRequest',
    'Observation',
    'Procedure',
    'ServiceRequest',
    'Specimen',
  ],
  resources: {
    AllergyIntolerance: {
      clinicalStatus: CONCEPT,
      verificationStatus: CONCEPT,
      type: codes('allergy', 'intolerance'),
      category: codes('food', 'medication', 'environment', 'biologic'),
      criticality: codes('low', 'high', 'unable-to-assess'),
      code: CONCEPT,
      patient: 'participant',
      encounter: 'reference',
      onsetDateTime: 'date',
      onsetPeriod: PERIOD,
      recordedDate: 'date',
      lastOccurrence: 'date',
      reaction: elements({
        substance: CONCEPT,
        manifestation: CONCEPT,
        onset: 'date',
        severity: codes('mild', 'moderate', 'severe'),
        exposureRoute: CONCEPT,
      }),
    },
    Condition: {
      clinicalStatus: CONCEPT,
      verificationStatus: CONCEPT,
      category: CONCEPT,
      severity: CONCEPT,
      code: CONCEPT,
      bodySite: CONCEPT,
      subject: 'participant',
      encounter: 'reference',
      onsetDateTime: 'date',
      onsetPeriod: PERIOD,
      abatementDateTime: 'date',
      abatementPeriod: PERIOD,
      recordedDate: 'date',
      stage: elements({ summary: CONCEPT, type: CONCEPT }),
    },
    DiagnosticReport: {
      basedOn: 'reference',
      status: codes(
        ...['registered', 'partial', 'preliminary', 'final', 'amended', 'corrected', 'appended'],
        ...['cancelled', 'entered-in-error', 'unknown'],
      ),
      category: CONCEPT,
      code: CONCEPT,
      subject: 'participant',
      encounter: 'reference',
      effectiveDateTime: 'date',
      effectivePeriod: PERIOD,
      issued: 'date',
      specimen: 'reference',
      result: 'reference',
      conclusionCode: CONCEPT,
    },
    Encounter: {
      status: codes(
        ...['planned', 'arrived', 'triaged', 'in-progress', 'onleave', 'finished', 'cancelled'],
        ...['entered-in-error', 'unknown'],
      ),
      class: 'coding',
      type: CONCEPT,
      priority: CONCEPT,
      subject: 'participant',
      period: PERIOD,
      reasonCode: CONCEPT,
      diagnosis: elements({ condition: 'reference', rank: 'number' }),
    },
    Immunization: {
      status: codes('completed', 'entered-in-error', 'not-done'),
      vaccineCode: CONCEPT,
      patient: 'participant',
      encounter: 'reference',
      occurrenceDateTime: 'date',
      primarySource: 'boolean',
      route: CONCEPT,
      site: CONCEPT,
      doseQuantity: 'quantity',
      isSubpotent: 'boolean',
    },
    MedicationAdministration: {
      status: EVENT_STATUS,
      category: CONCEPT,
      medicationCodeableConcept: CONCEPT,
      subject: 'participant',
      context: 'reference',
      effectiveDateTime: 'date',
      effectivePeriod: PERIOD,
      reasonCode: CONCEPT,
      request: 'reference',
      dosage: elements({
        route: CONCEPT,
        method: CONCEPT,
        dose: 'quantity',
        rateQuantity: 'quantity',
        rateRatio: RATIO,
      }),
    },
    MedicationRequest: {
      status: codes(
        ...['active', 'on-hold', 'cancelled', 'completed', 'entered-in-error', 'stopped', 'draft', 'unknown'],
      ),
      intent: codes(
        ...['proposal', 'plan', 'order', 'original-order', 'reflex-order', 'filler-order', 'instance-order'],
        'option',
      ),
      doNotPerform: 'boolean',
      category: CONCEPT,
      medicationCodeableConcept: CONCEPT,
      subject: 'participant',
      encounter: 'reference',
      authoredOn: 'date',
      reasonCode: CONCEPT,
      dosageInstruction: DOSAGE,
    },
    MedicationStatement: {
      status: codes(
        ...[
          'active',
          'completed',
          'entered-in-error',
          'intended',
          'stopped',
          'on-hold',
          'unknown',
          'not-taken',
        ],
      ),
      category: CONCEPT,
      medicationCodeableConcept: CONCEPT,
      subject: 'participant',
      context: 'reference',
      effectiveDateTime: 'date',
      effectivePeriod: PERIOD,
      dateAsserted: 'date',
      reasonCode: CONCEPT,
      dosage: DOSAGE,
    },
    Observation: {
      basedOn: 'reference',
      status: codes(
        ...['registered', 'preliminary', 'final', 'amended', 'corrected', 'cancelled', 'entered-in-error'],
        'unknown',
      ),
      category: CONCEPT,
      code: CONCEPT,
      subject: 'participant',
      encounter: 'reference',
      effectiveDateTime: 'date',
      effectivePeriod: PERIOD,
      effectiveInstant: 'date',
      issued: 'date',
      bodySite: CONCEPT,
      method: CONCEPT,
      specimen: 'reference',
      hasMember: 'reference',
      derivedFrom: 'reference',
      ...MEASURED,
      component: elements({ code: CONCEPT, ...MEASURED }),
    },
    Patient: {
      active: 'boolean',
      gender: codes('male', 'female', 'other', 'unknown'),
      birthDate: 'birth-year',
      deceasedBoolean: 'boolean',
      deceasedDateTime: 'date',
    },
    Procedure: {
      status: EVENT_STATUS,
      category: CONCEPT,
      code: CONCEPT,
      subject: 'participant',
      encounter: 'reference',
      performedDateTime: 'date',
      performedPeriod: PERIOD,
      reasonCode: CONCEPT,
      bodySite: CONCEPT,
      outcome: CONCEPT,
      complication: CONCEPT,
    },
    Specimen: {
      status: codes('available', 'unavailable', 'unsatisfactory', 'entered-in-error'),
      type: CONCEPT,
      subject: 'participant',
      receivedTime: 'date',
      parent: 'reference',
      collection: elements({
        collectedDateTime: 'date',
        collectedPeriod: PERIOD,
        quantity: 'quantity',
        method: CONCEPT,
        bodySite: CONCEPT,
      }),
    },
  },
};

const research = readProfile(RESEARCH_PROFILE);

/** Finds profiles by their digests: the one that comes along, and those of a site's own. Undefined for any other, under which nothing leaves. */
export function profilesOf(own: readonly Profile[] = []): (digest: string) => Profile | undefined {
  const known = new Map([research, ...own].map((profile) => [profile.digest, profile]));
  return (digest) => known.get(digest);
}

/** How terms name the profile that comes along. */
export function researchProfileNamed(): NamedProfile {
  return namedProfile(research);
}

interface NamedProfile {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

/** How terms name a profile. */
export function namedProfile({ name, version, digest }: Profile): NamedProfile {
  return { name, version, digest };
}
