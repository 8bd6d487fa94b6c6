import type { DescriptorFacts } from '@consent-ledger/chaincode/wire';
import type { KeptEntry, QualityCounts } from '@consent-ledger/chaincode/wire/http';
import type { LabelTables } from '../../ports/label-tables.js';
import { factsOfResource } from '../fhir-facts.js';
import {
  forgetSealed,
  registerSealed,
  sealRecord,
  type IncomingRecord,
  type KeepRecordOptions,
  type KeptRecord,
  type SealedRecord,
} from '../keep-record.js';
import { describeRecord } from '../labelling/describe-record.js';
import type { QualityReports } from '../quality/quality-reports.js';
import { Refusal } from '../refusal.js';
import { isObject, type ReadBundle, type RefusedEntry } from './read-bundle.js';
import { nameEntries, referencesWithin, requireOnePatient, type NamedEntry } from './references.js';

export interface BundleTerms {
  readonly subjects: readonly string[];
  /** Of new versions. */
  readonly reason: string | undefined;
  /** Before every record's id, so that two systems that count alike do not meet. */
  readonly prefix: string | undefined;
  /** Stated for each of its resources. */
  readonly labels: readonly string[] | undefined;
  /** Whether nothing outside the bundle refers to anything in it. */
  readonly isComplete: boolean;
  /** Keep what can be kept, instead of nothing where something cannot. */
  readonly isPartial: boolean;
}

export interface BundleKept {
  readonly entries: readonly KeptEntry[];
  /** Whether anything was registered. */
  readonly isNew: boolean;
  readonly transaction: string | undefined;
  readonly block: number | undefined;
}

export interface KeepBundleOptions {
  readonly keep: KeepRecordOptions;
  readonly tables: LabelTables;
  readonly reports: Pick<QualityReports, 'countsOfAll'>;
}

const AT_ONCE = 4;
const MEDIA_TYPE = 'application/fhir+json';

type Outcome = RefusedEntry | { readonly entry: NamedEntry; readonly kept: SealedRecord | KeptRecord };

/**
 * Makes a record of each resource in a bundle, each with its own labels and decided on its own, registered in one transaction: all of
 * them, or none where one is refused. Throws a Refusal: `bundle-refused` with the place of each entry that cannot be kept, and
 * those of registering.
 */
export async function keepBundle(
  bundle: ReadBundle,
  terms: BundleTerms,
  options: KeepBundleOptions,
): Promise<BundleKept> {
  requireOnePatient(bundle.entries);
  const named = nameEntries(bundle.entries, terms.prefix, terms.subjects, options.keep.custody);
  const [described, refusals] = describeEntries(named, bundle, terms, options.tables);
  const early = [...bundle.refused, ...refusals];
  if (early.length > 0 && !terms.isPartial) throw refusalOf(early);
  const counts = await options.reports.countsOfAll(
    described.map(([{ resource }]) => resource),
    terms.subjects,
  );
  const quality = new Map(described.map(([{ index }], place) => [index, counts[place]]));
  const outcomes = await sealAll(described, options.keep);
  const refused = [...early, ...outcomes.filter((one) => 'message' in one)];
  const kept = outcomes.flatMap((one) => ('message' in one ? [] : [one]));
  const sealed = kept.flatMap((one) => ('incoming' in one.kept ? [one.kept] : []));
  if (refused.length > 0 && !terms.isPartial) {
    await forgetSealed(sealed, options.keep);
    throw refusalOf(refused);
  }
  const committed = sealed.length === 0 ? undefined : await registerSealed(sealed, options.keep);
  return {
    entries: [
      ...kept.map((one) => entryOf(one, quality.get(one.entry.index))),
      ...refused.map(refusedEntryOf),
    ].sort((a, b) => a.entry - b.entry),
    isNew: committed !== undefined,
    transaction: committed?.transaction,
    block: committed?.block,
  };
}

/** What each entry is described by. Two of one name cannot both be the record. */
function describeEntries(
  named: readonly NamedEntry[],
  { type, security }: ReadBundle,
  { subjects, reason, labels, isComplete }: BundleTerms,
  tables: LabelTables,
): [(readonly [NamedEntry, IncomingRecord])[], RefusedEntry[]] {
  const refersTo = referencesWithin(named);
  const isClosed = isComplete || type === 'document';
  const seen = new Set<string>();
  const refusals: RefusedEntry[] = [];
  const described = named.flatMap((entry) => {
    const { index, record, reference, text } = entry;
    if (seen.has(record)) {
      refusals.push({ index, message: 'is there twice under one id' });
      return [];
    }
    seen.add(record);
    const resource = withLabelsOf(entry.resource, security);
    const outside = factsOfResource(resource)?.refersTo;
    const stated: Partial<DescriptorFacts> = {
      ...(reference === undefined ? {} : { reference }),
      ...(outside === undefined ? {} : { refersTo: unique([...outside, ...(refersTo.get(index) ?? [])]) }),
      ...(isClosed ? { referredToBy: referrers(entry, named, refersTo) } : {}),
      ...(labels === undefined ? {} : { labels: [...labels] }),
    };
    try {
      const { facts, labelling } = describeRecord({ record, resource, stated }, tables.current);
      const content = once(Buffer.from(text));
      const incoming = { record, subjects, mediaType: MEDIA_TYPE, facts, labelling, reason, content };
      return [[entry, incoming] as const];
    } catch (error) {
      refusals.push(refusedFor(index, error));
      return [];
    }
  });
  return [described, refusals];
}

/** What a bundle says of its own sensitivity is about all that is in it and says nothing itself (FHIR R4, "Security labels"). */
function withLabelsOf(resource: NamedEntry['resource'], security: unknown): NamedEntry['resource'] {
  const { meta } = resource;
  const isLabelled = isObject(meta) && Array.isArray(meta['security']) && meta['security'].length > 0;
  if (isLabelled || security === undefined) return resource;
  return { ...resource, meta: { ...(isObject(meta) ? meta : {}), security } };
}

function referrers(
  { index, reference }: NamedEntry,
  named: readonly NamedEntry[],
  refersTo: ReadonlyMap<number, ReadonlySet<string>>,
): string[] {
  if (reference === undefined) return [];
  return unique(
    named.flatMap((other) => {
      const refers = other.index !== index && refersTo.get(other.index)?.has(reference) === true;
      return refers && other.reference !== undefined ? [other.reference] : [];
    }),
  );
}

async function sealAll(
  described: readonly (readonly [NamedEntry, IncomingRecord])[],
  keep: KeepRecordOptions,
): Promise<readonly Outcome[]> {
  const waiting = [...described];
  const outcomes: Outcome[] = [];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [entry, incoming] = next;
      try {
        outcomes.push({ entry, kept: await sealRecord(incoming, keep) });
      } catch (error) {
        outcomes.push(refusedFor(entry.index, error));
      }
    }
  };
  const done = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  const failed = done.find((one) => one.status === 'rejected');
  if (failed === undefined) return outcomes;
  await forgetSealed(
    outcomes.flatMap((one) => ('kept' in one && 'incoming' in one.kept ? [one.kept] : [])),
    keep,
  );
  throw failed.reason as Error;
}

/** A store that is away is no fault of the entry. */
function refusedFor(index: number, error: unknown): RefusedEntry {
  if (!(error instanceof Refusal) || error.code === 'store-unavailable') throw error;
  const places = error.errors.map(({ path, message }) => `${path} ${message}`);
  return { index, message: [error.code, ...places].join('; ') };
}

function refusalOf(refused: readonly RefusedEntry[]): Refusal {
  const errors = refused
    .toSorted((a, b) => a.index - b.index)
    .map(({ index, message }) => ({ path: `$.entry[${index}]`, message }));
  return new Refusal('bundle-refused', { errors });
}

function entryOf(
  { entry, kept }: Exclude<Outcome, RefusedEntry>,
  quality: QualityCounts | undefined,
): KeptEntry {
  const isNew = 'incoming' in kept;
  return {
    entry: entry.index,
    outcome: isNew ? 'registered' : 'unchanged',
    record: entry.record,
    version: kept.version,
    digest: kept.digest,
    ...(entry.reference === undefined ? {} : { reference: entry.reference }),
    ...(isNew && kept.incoming.facts.labels !== undefined ? { labels: kept.incoming.facts.labels } : {}),
    ...(quality === undefined ? {} : { quality }),
  };
}

function refusedEntryOf({ index, message }: RefusedEntry): KeptEntry {
  return { entry: index, outcome: 'refused', message };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
