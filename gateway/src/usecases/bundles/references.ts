import { createHash } from 'node:crypto';
import type { CustodyView } from '../custody-view.js';
import { isObject, refused, type BundleEntry } from './read-bundle.js';

/** An entry with the name that it has here. */
export interface NamedEntry extends BundleEntry {
  readonly record: string;
  /** As others refer to it; undefined for a patient, whom the ledger knows by a pseudonym alone. */
  readonly reference: string | undefined;
}

const ID = /^[A-Za-z0-9.-]{1,64}$/;
const PATIENT = 'Patient';
const RELATIVE = /^([A-Za-z]{1,40}\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;
const SUBJECT_ELEMENTS = ['subject', 'patient', 'beneficiary', 'for', 'individual'];

/**
 * Names each entry: `<type>-<id>` after what it calls itself, so that the same bundle sent again is the same records. What has no id, or
 * is a patient, is named after the bytes of a keyed hash: an id that an EHR gives its patients stays out of the ledger.
 */
export function nameEntries(
  entries: readonly BundleEntry[],
  prefix: string | undefined,
  subjects: readonly string[],
  custody: CustodyView,
): readonly NamedEntry[] {
  const before = prefix === undefined ? '' : `${prefix}.`;
  return entries.map((entry) => {
    const { resourceType, id } = entry.resource;
    const own = typeof id === 'string' && ID.test(id) ? id : undefined;
    const isPatient = resourceType === PATIENT;
    const plain = `${before}${resourceType}-${own ?? ''}`;
    if (own !== undefined && !isPatient && plain.length <= 64)
      return { ...entry, record: plain, reference: `${resourceType}/${own}` };
    const name = own ?? entry.fullUrl ?? createHash('sha256').update(entry.text).digest('hex');
    const hidden = custody.key('descriptor', 'bundle', ...subjects, resourceType, name).split('/')[1] ?? '';
    const record = `${before}${resourceType.slice(0, 10)}-${hidden.slice(0, 32)}`;
    return { ...entry, record, reference: isPatient ? undefined : `${resourceType}/${own ?? record}` };
  });
}

/** What each entry of a bundle refers to within it, by its place; also by the addresses that only the bundle knows (`urn:uuid:`). */
export function referencesWithin(entries: readonly NamedEntry[]): ReadonlyMap<number, ReadonlySet<string>> {
  const targets = new Map<string, string>();
  for (const { fullUrl, reference } of entries) {
    if (reference === undefined) continue;
    targets.set(reference, reference);
    if (fullUrl !== undefined) targets.set(fullUrl, reference);
  }
  return new Map(
    entries.map(({ index, resource, reference: own }) => {
      const found = new Set<string>();
      for (const text of referencesIn(resource)) {
        const target = targets.get(text) ?? targets.get(RELATIVE.exec(text)?.[1] ?? '');
        if (target !== undefined && target !== own) found.add(target);
      }
      return [index, found];
    }),
  );
}

/**
 * All of a bundle is about the subjects that are named beside it; what it says of patients itself can only be checked against
 * itself. Throws a Refusal `bundle-refused` where it is about more than one.
 */
export function requireOnePatient(entries: readonly BundleEntry[]): void {
  const addresses = new Map<string, string>();
  for (const entry of entries) {
    const own = patientOf(entry);
    if (own !== undefined && entry.fullUrl !== undefined) addresses.set(entry.fullUrl, own);
  }
  const patients = new Set<string>();
  for (const entry of entries) {
    const own = patientOf(entry);
    for (const text of [...(own === undefined ? [] : [own]), ...subjectsOf(entry.resource)]) {
      const patient =
        addresses.get(text) ?? PATIENT_AT_END.exec(text)?.[1] ?? (text === own ? own : undefined);
      if (patient !== undefined) patients.add(patient);
      if (patients.size > 1)
        throw refused(
          `$.entry[${entry.index}]`,
          'is about another patient than what is before it; send a bundle for each',
        );
    }
  }
}

/** An address and a reference to the same patient are the same. */
const PATIENT_AT_END = /(?:^|\/)(Patient\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[A-Za-z0-9.-]{1,64})?$/;

/** What a patient's own entry is known by. */
function patientOf({ fullUrl, resource: { resourceType, id } }: BundleEntry): string | undefined {
  if (resourceType !== PATIENT) return undefined;
  return typeof id === 'string' ? `${PATIENT}/${id}` : fullUrl;
}

function subjectsOf(resource: BundleEntry['resource']): string[] {
  return SUBJECT_ELEMENTS.flatMap((name) => {
    const element = resource[name];
    return (Array.isArray(element) ? (element as unknown[]) : [element]).flatMap((one) => {
      const reference = isObject(one) ? one['reference'] : undefined;
      return typeof reference === 'string' ? [reference] : [];
    });
  });
}

function referencesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (!isObject(value)) return [];
  const { reference } = value;
  return [
    ...(typeof reference === 'string' ? [reference] : []),
    ...Object.values(value).flatMap(referencesIn),
  ];
}
