import { isKnownLabel } from '@consent-ledger/chaincode/domain';
import type { Elements, Profile, Rule } from './profile.js';
import type { Pseudonyms } from './pseudonyms.js';
import { shiftDate } from './shift-date.js';
import { isUnit, UCUM } from './units.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** Whose data they are, and when they leave. */
export interface Pseudonymisation extends Pseudonyms {
  readonly profile: Profile;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** `urn:consent-ledger:participant`: system of participants' pseudonyms, as in the sponsor's exports. */
const PARTICIPANT = 'urn:consent-ledger:participant';
const LABEL_SYSTEMS = [
  'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  'http://terminology.hl7.org/CodeSystem/v3-ActCode',
];
/** http://terminology.hl7.org/CodeSystem/v3-ObservationValue: security integrity observation. */
const PSEUDED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'PSEUDED' };
const REFERENCE = /(?:^|\/)([A-Z][A-Za-z]{1,63})\/([A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;
const COMPARATORS = ['<', '<=', '>=', '>', 'ad'];

/**
 * A FHIR resource as it may leave for a study: only elements that the profile names, made into what its rules say. Undefined where
 * nothing of it may leave: it is of a type that the profile does not know, or says of itself that it means something else than its
 * elements do (`modifierExtension`, `implicitRules`; FHIR R4 section 2.4.0.2), which nobody may leave out.
 */
export function pseudonymise(resource: unknown, how: Pseudonymisation): JsonObject | undefined {
  if (!isObject(resource)) return undefined;
  const type = resource['resourceType'];
  if (typeof type !== 'string' || !Object.hasOwn(how.profile.resources, type)) return undefined;
  const elements = how.profile.resources[type];
  if (elements === undefined || isModified(resource)) return undefined;
  const id = resource['id'];
  const meta = isObject(resource['meta']) ? resource['meta'] : {};
  const labels = each(meta['security'], (one) => label(one));
  return {
    resourceType: type,
    ...(typeof id === 'string' ? { id: idIn(type, id, how) } : {}),
    meta: { security: [...(Array.isArray(labels) ? (labels as unknown[]) : []), PSEUDED] },
    ...fieldsOf(resource, elements, how),
  };
}

/** A patient is their participant, under the id that the sponsor's ResearchSubject has. */
function idIn(type: string, id: string, { person, idOf }: Pseudonymisation): string {
  return type === 'Patient' ? Buffer.from(person, 'base64url').toString('hex') : idOf(`${type}/${id}`);
}

function isModified(resource: JsonObject): boolean {
  if ('implicitRules' in resource) return true;
  const open: unknown[] = [resource];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (Array.isArray(value)) open.push(...(value as unknown[]).filter((one) => one !== undefined));
    else if (isObject(value)) {
      if ('modifierExtension' in value) return true;
      for (const one of Object.values(value)) if (typeof one === 'object' && one !== null) open.push(one);
    }
  }
  return false;
}

function fieldsOf(value: JsonObject, elements: Elements, how: Pseudonymisation): JsonObject {
  const fields: [string, unknown][] = [];
  for (const [name, rule] of Object.entries(elements)) {
    if (!Object.hasOwn(value, name)) continue;
    const made = each(value[name], (one) => applied(one, rule, how));
    if (made !== undefined) fields.push([name, made]);
  }
  return Object.fromEntries(fields);
}

/** What nothing is left of is not there. */
function each(value: unknown, make: (one: unknown) => unknown): unknown {
  if (!Array.isArray(value)) return make(value);
  const made = (value as unknown[]).map(make).filter((one) => one !== undefined);
  return made.length === 0 ? undefined : made;
}

function applied(value: unknown, rule: Rule, how: Pseudonymisation): unknown {
  if (typeof rule === 'object') {
    if ('codes' in rule) return rule.codes.includes(value as string) ? value : undefined;
    if (!isObject(value)) return undefined;
    const fields = fieldsOf(value, rule.elements, how);
    return Object.keys(fields).length === 0 ? undefined : fields;
  }
  switch (rule) {
    case 'number':
      return typeof value === 'number' ? value : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'date':
      return typeof value === 'string' ? shiftDate(value, how.days) : undefined;
    case 'birth-year':
      return birthYear(value, how);
    case 'coding':
      return coding(value, how.profile);
    case 'label':
      return label(value);
    case 'quantity':
      return quantity(value);
    case 'participant':
      return { type: 'Patient', identifier: { system: PARTICIPANT, value: how.person } };
    case 'reference':
      return reference(value, how);
  }
}

function birthYear(value: unknown, { at, profile }: Pseudonymisation): string | undefined {
  const year = typeof value === 'string' ? /^(\d{4})(?:-\d{2}(?:-\d{2})?)?$/.exec(value)?.[1] : undefined;
  if (year === undefined) return undefined;
  return new Date(at).getUTCFullYear() - Number(year) > profile.oldest ? undefined : year;
}

function coding(value: unknown, { systems }: Profile): JsonObject | undefined {
  if (!isObject(value)) return undefined;
  const { system, code } = value;
  if (typeof system !== 'string' || typeof code !== 'string') return undefined;
  return systems.get(system)?.test(code) === true ? { system, code } : undefined;
}

function label(value: unknown): JsonObject | undefined {
  if (!isObject(value)) return undefined;
  const { system, code } = value;
  const isLabel = typeof system === 'string' && LABEL_SYSTEMS.includes(system);
  return isLabel && typeof code === 'string' && isKnownLabel(code) ? { system, code } : undefined;
}

/** A number is worth nothing without its unit, and a unit in words is words: then none of it leaves. */
function quantity(value: unknown): JsonObject | undefined {
  if (!isObject(value) || typeof value['value'] !== 'number') return undefined;
  const { system, code, comparator } = value;
  const isCoded = system === UCUM && typeof code === 'string' && isUnit(code);
  const isBare = system === undefined && code === undefined && value['unit'] === undefined;
  if (!isCoded && !isBare) return undefined;
  if (comparator !== undefined && !COMPARATORS.includes(comparator as string)) return undefined;
  return {
    value: value['value'],
    ...(comparator === undefined ? {} : { comparator }),
    ...(isCoded ? { system, code } : {}),
  };
}

function reference(value: unknown, how: Pseudonymisation): unknown {
  if (!isObject(value) || typeof value['reference'] !== 'string') return undefined;
  const [, type, id] = REFERENCE.exec(value['reference']) ?? [];
  if (type === undefined || id === undefined) return undefined;
  if (type === 'Patient') return applied(value, 'participant', how);
  if (!how.profile.references.includes(type)) return undefined;
  return { reference: `${type}/${how.idOf(`${type}/${id}`)}` };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
