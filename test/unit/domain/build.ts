import {
  compileConsent,
  decide,
  validateQuestion,
  type Answer,
  type CompiledPolicy,
  type DecisionContext,
  type PolicyInForce,
  type Problem,
  type Question,
} from '@consent-ledger/chaincode/domain';

/*
 * Short ways to write FHIR: `{ type: 'permit', purpose: ['TREAT'], label: ['N'], actor: ['Practitioner/1'] }`
 * becomes the provision with its codings. Anything that is not one of the short keys is kept as it is.
 */

type Json = Record<string, unknown>;

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem';
const LEVELS = ['U', 'L', 'M', 'N', 'R', 'V'];

export const coding = (system: string, code: string): Json => ({ system: `${TERMINOLOGY}/${system}`, code });
export const concept = (system: string, code: string): Json => ({ coding: [coding(system, code)] });
export const loinc = (code: string): Json => ({ system: 'http://loinc.org', code });
export const resourceType = (code: string): Json => ({ system: 'http://hl7.org/fhir/resource-types', code });

/** `CST Organization/1`, or `Practitioner/1` for a recipient without a role. */
function actor(text: string): Json {
  const [role, reference] = text.includes(' ') ? text.split(' ') : [undefined, text];
  return {
    ...(role === undefined ? {} : { role: concept('v3-ParticipationType', role) }),
    reference: { reference },
  };
}

/** `related Encounter/5` */
function datum(text: string): Json {
  const [meaning, reference] = text.split(' ');
  return { meaning, reference: { reference } };
}

export interface Short {
  readonly actor?: readonly string[];
  readonly action?: readonly string[];
  readonly purpose?: readonly string[];
  readonly label?: readonly string[];
  readonly data?: readonly string[];
  readonly provision?: readonly Short[];
  readonly [other: string]: unknown;
}

export function provision(short: Short): Json {
  const { actor: actors, action, purpose, label, data, provision: inside, ...rest } = short;
  return {
    ...rest,
    ...(actors === undefined ? {} : { actor: actors.map(actor) }),
    ...(action === undefined ? {} : { action: action.map((code) => concept('consentaction', code)) }),
    ...(purpose === undefined ? {} : { purpose: purpose.map((code) => coding('v3-ActReason', code)) }),
    ...(label === undefined
      ? {}
      : {
          securityLabel: label.map((code) =>
            coding(LEVELS.includes(code) ? 'v3-Confidentiality' : 'v3-ActCode', code),
          ),
        }),
    ...(data === undefined ? {} : { data: data.map(datum) }),
    ...(inside === undefined ? {} : { provision: inside.map(provision) }),
  };
}

export function supersedes(...ids: readonly string[]): Json {
  return {
    extension: ids.map((id) => ({
      url: 'urn:consent-ledger:fhir:supersedes',
      valueReference: { reference: `Consent/${id}` },
    })),
  };
}

const r4 = {
  resourceType: 'Consent',
  id: 'c1',
  status: 'active',
  scope: concept('consentscope', 'patient-privacy'),
  category: [{ coding: [loinc('59284-0')] }],
  patient: { reference: 'Patient/1' },
};

/** R4 with the PCF shape: a root provision with a type. */
export const pcf = (root: Short, more: Json = {}): Json => ({ ...r4, provision: provision(root), ...more });

/** R4 core: a policy rule, and a root provision without type. */
export const core = (policyRule: string, root?: Short, more: Json = {}): Json => ({
  ...r4,
  policyRule: concept('v3-ActCode', policyRule),
  ...(root === undefined ? {} : { provision: provision(root) }),
  ...more,
});

/** R5: a decision and a list of exceptions to it. */
export const r5 = (decision: string, provisions: readonly Short[] = [], more: Json = {}): Json => ({
  resourceType: 'Consent',
  id: 'c1',
  status: 'active',
  subject: { reference: 'Patient/1' },
  decision,
  ...(provisions.length === 0 ? {} : { provision: provisions.map(provision) }),
  ...more,
});

/** A question with everything known: to read, for treatment, a record found to be without labels. */
export function ask(more: Partial<Question> = {}): Question {
  return {
    at: '2026-11-22T10:00:00Z',
    custodian: 'Organization/riverside',
    requester: { member: 'Organization/lakeside', references: [], roles: [] },
    purpose: ['TREAT'],
    subjects: ['Patient/1'],
    ...more,
    record: {
      reference: 'Observation/1',
      resourceType: 'Observation',
      classes: [],
      codes: [],
      labels: [],
      authored: '2024-05-01T08:00:00Z',
      author: [],
      refersTo: [],
      referredToBy: [],
      ...more.record,
    },
  };
}

export function compiled(fhir: unknown): CompiledPolicy {
  const result = compileConsent(fhir);
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.problems)}`);
  return result.policy;
}

/** What a consent is refused for; empty if it is not. */
export function refused(fhir: unknown): readonly Problem[] {
  const result = compileConsent(fhir);
  return result.ok ? [] : result.problems;
}

export function held(fhir: unknown, more: Partial<PolicyInForce> = {}): PolicyInForce {
  return { policy: compiled(fhir), evidence: 'witnessed', version: 1, ...more };
}

/** Decides, after both have been found valid. */
export function answer(
  question: Question,
  consents: readonly (PolicyInForce | Json)[],
  context: DecisionContext = {},
): Answer {
  const checked = validateQuestion(question, context.purposeSystems);
  if (!checked.ok) throw new Error(`bad question: ${JSON.stringify(checked.problems)}`);
  return decide(
    checked.question,
    consents.map((one) => ('policy' in one ? (one as unknown as PolicyInForce) : held(one))),
    context,
  );
}

/** Reason alone, which says the outcome. */
export function reason(
  question: Question,
  consents: readonly (PolicyInForce | Json)[],
  context: DecisionContext = {},
): string {
  return answer(question, consents, context).reason;
}

/** The same without these elements: they are not known. */
export function lacking<T extends object, K extends keyof T>(value: T, ...keys: readonly K[]): Omit<T, K> {
  const kept = { ...value };
  for (const key of keys) Reflect.deleteProperty(kept, key);
  return kept;
}
