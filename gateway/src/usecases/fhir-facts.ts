import type { DescriptorFacts } from '@consent-ledger/chaincode/wire';
import type { Coding } from '@consent-ledger/chaincode/domain';

type Facts = Partial<DescriptorFacts>;
type JsonObject = Readonly<Record<string, unknown>>;

const LABEL_SYSTEMS = [
  'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  'http://terminology.hl7.org/CodeSystem/v3-ActCode',
];
/** Elements that say what a resource is about, by code. */
const CODE_ELEMENTS = ['code', 'medicationCodeableConcept', 'vaccineCode', 'medication'];
/** Elements that say what kind of document or report it is. */
const CLASS_ELEMENTS = ['type', 'category', 'class'];
const AUTHOR_ELEMENTS = [
  'author',
  'performer',
  'recorder',
  'asserter',
  'informationSource',
  'requester',
  'prescriber',
];
/** In this order: when what it says was so, else when it was said. */
const DATE_ELEMENTS = [
  'effectiveDateTime',
  'effectiveInstant',
  'effectivePeriod',
  'performedDateTime',
  'performedPeriod',
  'occurrenceDateTime',
  'issued',
  'authoredOn',
  'recordedDate',
  'dateWritten',
  'date',
  'created',
  'recorded',
  'period',
];
const RELATIVE = /^([A-Za-z]{1,40}\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;
const DATE = /^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?)?)?$/;
const MAX_CODINGS = 64;
const MAX_REFERENCES = 256;

/**
 * What a FHIR resource says of itself that consents can speak about: codes, labels, dates and references, and no text of
 * any kind. What it does not say, or says only in words, stays unknown. Undefined where it is no resource.
 */
export function factsOfResource(resource: unknown): Facts | undefined {
  if (!isObject(resource)) return undefined;
  const resourceType = resource['resourceType'];
  if (typeof resourceType !== 'string' || !/^[A-Z][A-Za-z]{1,63}$/.test(resourceType)) return undefined;
  const id = resource['id'];
  const named =
    typeof id === 'string' && /^[A-Za-z0-9.-]{1,64}$/.test(id) ? `${resourceType}/${id}` : undefined;
  const reference = named === undefined || isPatient(named) ? undefined : named;
  return compact({
    reference,
    resourceType,
    codes: codesOf(resource),
    classes: codingsOf(CLASS_ELEMENTS.map((name) => resource[name])),
    labels: labelsOf(resource),
    authored: authoredOf(resource),
    author: authorsOf(resource),
    refersTo: referencesIn(resource, reference),
  });
}

function codesOf(resource: JsonObject): Coding[] | undefined {
  const components = listOf(resource['component']).map((component) =>
    isObject(component) ? component['code'] : undefined,
  );
  return codingsOf([...CODE_ELEMENTS.map((name) => resource[name]), ...components]);
}

/** Unknown unless every concept that is there is coded: one that is only text could be anything. */
function codingsOf(elements: readonly unknown[]): Coding[] | undefined {
  const concepts = elements.flatMap(listOf).filter((concept) => concept !== undefined);
  if (concepts.length === 0) return undefined;
  const codings = new Map<string, Coding>();
  for (const concept of concepts) {
    if (!isObject(concept)) return undefined;
    const found = ('coding' in concept ? listOf(concept['coding']) : [concept]).map(codingOf);
    if (!found.some((coding) => coding !== undefined)) return undefined;
    for (const coding of found)
      if (coding !== undefined) codings.set(`${coding.system}|${coding.code}`, coding);
  }
  return codings.size <= MAX_CODINGS ? [...codings.values()] : undefined;
}

function codingOf(value: unknown): Coding | undefined {
  if (!isObject(value)) return undefined;
  const { system, code } = value;
  const usable = (text: unknown): text is string => typeof text === 'string' && /^[!-~]{1,256}$/.test(text);
  return usable(system) && usable(code) ? { system, code } : undefined;
}

/** Only confidentiality and sensitivity codes are labels; a resource with none of them has not been assessed. */
function labelsOf({ meta }: JsonObject): string[] | undefined {
  const security = isObject(meta) ? listOf(meta['security']).map(codingOf) : [];
  const labels = security.filter((coding) => coding !== undefined && LABEL_SYSTEMS.includes(coding.system));
  return labels.length === 0 ? undefined : [...new Set(labels.flatMap((coding) => coding?.code ?? []))];
}

function authoredOf(resource: JsonObject): Facts['authored'] {
  for (const name of DATE_ELEMENTS) {
    const value = resource[name];
    if (isDate(value)) return value;
    if (!isObject(value)) continue;
    const { start, end } = value;
    if (!isDate(start) && !isDate(end)) continue;
    return { ...(isDate(start) ? { start } : {}), ...(isDate(end) ? { end } : {}) };
  }
  return undefined;
}

function isDate(value: unknown): value is string {
  return typeof value === 'string' && DATE.test(value);
}

/** Unknown where one of the authors is a patient, whose id stays here, or is named in another way than by a reference. */
function authorsOf(resource: JsonObject): string[] | undefined {
  const authors = AUTHOR_ELEMENTS.flatMap((name) => listOf(resource[name])).map((author) => {
    if (!isObject(author)) return undefined;
    const actor = author['actor'];
    return relative((isObject(actor) ? actor : author)['reference']);
  });
  const named = authors.filter((author) => author !== undefined).filter((author) => !isPatient(author));
  return authors.length === 0 || named.length < authors.length ? undefined : [...new Set(named)];
}

/** Everything that the resource points to, patients excepted: whose it is, the descriptor says by pseudonym. */
function referencesIn(resource: JsonObject, own: string | undefined): string[] | undefined {
  const found = new Set<string>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (isObject(value)) {
      const reference = relative(value['reference']);
      if (reference !== undefined && reference !== own && !isPatient(reference)) found.add(reference);
      Object.values(value).forEach(walk);
    }
  };
  walk(resource);
  return found.size <= MAX_REFERENCES ? [...found] : undefined;
}

function isPatient(reference: string): boolean {
  return reference.startsWith('Patient/');
}

function relative(reference: unknown): string | undefined {
  return typeof reference === 'string' ? RELATIVE.exec(reference)?.[1] : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as unknown[]) : [value];
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function compact(facts: { readonly [Name in keyof Facts]: Facts[Name] | undefined }): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}
