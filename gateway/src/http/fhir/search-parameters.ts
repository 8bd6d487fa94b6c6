import { parseDateTime, type Problem } from '@consent-ledger/chaincode/domain';
import {
  DATE_PREFIXES,
  type ConsentFilter,
  type DateCriterion,
  type DatePrefix,
  type Term,
} from '../../ports/consent-index.js';
import { Refusal } from '../../usecases/refusal.js';

type Criteria = Omit<ConsentFilter, 'collection' | 'release'>;

/** Parameters and values in the order in which they came; a list is one value with commas. */
export type Asked = readonly (readonly [name: string, value: string])[];

const MAX_ALTERNATIVES = 50;

/** What a search parameter does to the filter. `base` is the address that a reference may be absolute under. */
const READERS: Readonly<
  Record<string, (values: readonly string[], base: string) => Partial<Criteria> | string>
> = {
  _id: (values) => ({ ids: [values] }),
  _lastUpdated: (values) => dates(values, (updated) => ({ updated: [updated] })),
  patient: (values, base) => {
    const terms = values.map((value) => referenceTerm(value, base));
    const isPatient = terms.every(({ qualifier }) => qualifier === undefined || qualifier === 'Patient');
    return isPatient ? { subjects: [terms.map(({ value }) => value ?? '')] } : 'must be Patient/<subject>';
  },
  status: (values) => ({ statuses: [values.map((value) => value.replace(/^[^|]*\|/, ''))] }),
  period: (values) => dates(values, (periods) => ({ periods: [periods] })),
  actor: (values, base) => ({ actors: [values.map((value) => referenceTerm(value, base))] }),
  purpose: (values) => ({ purposes: [values.map(tokenTerm)] }),
};

/** The search parameters that there are. */
export const SEARCHED: readonly string[] = Object.keys(READERS);

const NOTHING: Criteria = {
  ids: [],
  subjects: [],
  statuses: [],
  actors: [],
  purposes: [],
  periods: [],
  updated: [],
};

/** Throws a Refusal `parameter-malformed` that names the parameters. */
export function criteriaOf(asked: Asked, base: string): Criteria {
  const problems: Problem[] = [];
  let criteria = NOTHING;
  for (const [name, value] of asked) {
    const alternatives = alternativesOf(value);
    const tooMany =
      alternatives.length > MAX_ALTERNATIVES ? `must have at most ${MAX_ALTERNATIVES} values` : '';
    const isEmpty = alternatives.some((one) => one === '') ? 'must not have an empty value' : '';
    const read = tooMany || isEmpty || (READERS[name]?.(alternatives, base) ?? 'is no search parameter');
    if (typeof read === 'string') problems.push({ path: `query.${name}`, message: read });
    else criteria = merged(criteria, read);
  }
  if (problems.length > 0) throw new Refusal('parameter-malformed', { errors: problems });
  return criteria;
}

function merged(one: Criteria, other: Partial<Criteria>): Criteria {
  return {
    ids: [...one.ids, ...(other.ids ?? [])],
    subjects: [...one.subjects, ...(other.subjects ?? [])],
    statuses: [...one.statuses, ...(other.statuses ?? [])],
    actors: [...one.actors, ...(other.actors ?? [])],
    purposes: [...one.purposes, ...(other.purposes ?? [])],
    periods: [...one.periods, ...(other.periods ?? [])],
    updated: [...one.updated, ...(other.updated ?? [])],
  };
}

/** A comma separates, unless a backslash stands before it (R4 and R5, 3.2.1.5.7). */
function alternativesOf(value: string): readonly string[] {
  return (value.match(/(?:\\.|[^,\\])+|(?<=^|,)(?=,|$)/gs) ?? ['']).map((one) =>
    one.replaceAll(/\\(.)/gs, '$1'),
  );
}

/** `Type/id`, an id alone, or the same under this server's own address; any other address is compared as it is. */
function referenceTerm(value: string, base: string): Term {
  const relative = value.startsWith(`${base}/`) ? value.slice(base.length + 1) : value;
  const [, type, id] = /^([A-Za-z]+)\/([A-Za-z0-9.-]+)$/.exec(relative) ?? [];
  return type === undefined || id === undefined ? { value: relative } : { qualifier: type, value: id };
}

/** `code`, `system|code`, `|code` (without a system) or `system|`. */
function tokenTerm(value: string): Term {
  const bar = value.indexOf('|');
  if (bar < 0) return { value };
  const [system, code] = [value.slice(0, bar), value.slice(bar + 1)];
  return code === '' ? { qualifier: system } : { qualifier: system, value: code };
}

function dates(
  values: readonly string[],
  use: (criteria: readonly DateCriterion[]) => Partial<Criteria>,
): Partial<Criteria> | string {
  const read = values.map(dateOf);
  const criteria = read.filter((one) => one !== undefined);
  return criteria.length === read.length ? use(criteria) : 'must be a FHIR date, with a prefix or without';
}

function dateOf(value: string): DateCriterion | undefined {
  const prefix = DATE_PREFIXES.find((one): one is DatePrefix => value.startsWith(one));
  const date = prefix === undefined ? value : value.slice(2);
  // FHIR lets a search leave out the seconds, which no other date may.
  const span = parseDateTime(date.replace(/(T\d\d:\d\d)(?=$|Z|[+-])/, '$1:00'));
  return span === undefined ? undefined : { prefix: prefix ?? 'eq', ...span };
}
