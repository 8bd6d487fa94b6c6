import type { Descriptor } from '@consent-ledger/chaincode/wire';
import type {
  QualityCounts,
  QualityFinding,
  RecordQuality,
  SubjectQuality,
} from '@consent-ledger/chaincode/wire/http';
import { isDeepStrictEqual } from 'node:util';
import type { RecordPlace } from '../../ports/record-index.js';
import { unknownSubject } from '../erased.js';
import { resourceOf } from '../kept-resource.js';
import { Refusal } from '../refusal.js';
import { surroundingsOf, type AroundOptions, type Surroundings } from './around-subject.js';
import { isObject, type JsonObject } from './elements.js';
import { findDiscrepancies } from './find-discrepancies.js';
import { knownSubject, NOBODY_KNOWN, type KnownSubject } from './known-subject.js';
import type { QualityTable } from './quality-table.js';

export interface QualityOptions extends AroundOptions {
  readonly table: QualityTable;
  readonly now: () => number;
}

type Reported = Omit<RecordQuality, 'table' | 'compared'>;

/**
 * What does not fit in records. It is worked out when it is asked for, by today's table and what is known by now, and kept nowhere: so
 * there is nothing of it to be erased, and a rule that changes is asked of old records too.
 */
export class QualityReports {
  readonly #options: QualityOptions;

  constructor(options: QualityOptions) {
    this.#options = options;
  }

  /**
   * How much is found in a record that comes in, by itself, the subject's demographics and the Patients that come with it. Undefined
   * where it is no resource that could be read.
   */
  async countsOf(
    resource: unknown,
    subjects: readonly string[],
    patients: readonly JsonObject[] = [],
  ): Promise<QualityCounts | undefined> {
    if (!isObject(resource)) return undefined;
    return this.#count(resource, subjects, await this.#knownOnTheWayIn(subjects, patients));
  }

  /** {@link countsOf} for resources that come in together, of the same subjects. */
  async countsOfAll(
    resources: readonly JsonObject[],
    subjects: readonly string[],
  ): Promise<readonly QualityCounts[]> {
    const patients = resources.filter(({ resourceType }) => resourceType === 'Patient');
    const known = await this.#knownOnTheWayIn(subjects, patients);
    return resources.map((resource) => this.#count(resource, subjects, known));
  }

  /** Throws a Refusal `not-found`. */
  async ofRecord(record: string): Promise<RecordQuality> {
    const descriptor = this.#options.kept.custody.get('descriptor', record)?.value;
    if (descriptor === undefined) throw new Refusal('not-found');
    const around = new Map<string, Surroundings>();
    const reported = await this.#report(descriptor, around);
    const compared = [...around.values()].reduce((sum, one) => sum + one.compared, 0);
    return { ...reported, table: this.#options.table.digest, compared };
  }

  /** A page of a subject's records, newest first. Throws a Refusal: `subject-unknown`, `subject-erased`. */
  async ofSubject(
    subject: string,
    { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  ): Promise<SubjectQuality> {
    const { kept, records, table } = this.#options;
    if (kept.custody.get('subject', subject) === undefined) throw unknownSubject(subject, kept.custody);
    const around = new Map([[subject, await surroundingsOf(subject, this.#options)]]);
    const page: Reported[] = [];
    let last: RecordPlace | undefined;
    for (const place of records.about(kept.custody.collection, subject, placeOf(after))) {
      if (page.length === limit) {
        const next = last === undefined ? {} : { next: `${last.block}.${last.place}.${last.record}` };
        return {
          subject,
          table: table.digest,
          compared: around.get(subject)?.compared ?? 0,
          records: page,
          ...next,
        };
      }
      const descriptor = kept.custody.get('descriptor', place.record)?.value;
      last = place;
      if (descriptor !== undefined) page.push(await this.#report(descriptor, around));
    }
    return { subject, table: table.digest, compared: around.get(subject)?.compared ?? 0, records: page };
  }

  async #report(descriptor: Descriptor, around: Map<string, Surroundings>): Promise<Reported> {
    const { kept, table, now } = this.#options;
    const { record, version, subjects } = descriptor;
    const resource = await resourceOf(descriptor, kept);
    for (const subject of subjects)
      if (!around.has(subject)) around.set(subject, await surroundingsOf(subject, this.#options));
    if (!isObject(resource)) return { record, version, isRead: false, findings: [] };
    const surroundings = subjects.flatMap((subject) => around.get(subject) ?? []);
    const known = together(surroundings.map((one) => one.known));
    const isDuplicate = await this.#isKeptTwice(resource, descriptor, surroundings);
    const context = { subjects, known, isDuplicate, now: now() };
    return { record, version, isRead: true, findings: findDiscrepancies(resource, context, table) };
  }

  async #isKeptTwice(
    resource: JsonObject,
    descriptor: Descriptor,
    surroundings: readonly Surroundings[],
  ): Promise<boolean> {
    const bare = withoutNames(resource);
    for (const other of surroundings.flatMap((one) => one.alike(descriptor))) {
      if (other.digest === descriptor.digest) return true;
      const held = await resourceOf(other, this.#options.kept);
      if (isObject(held) && isDeepStrictEqual(withoutNames(held), bare)) return true;
    }
    return false;
  }

  async #knownOnTheWayIn(
    subjects: readonly string[],
    patients: readonly JsonObject[],
  ): Promise<KnownSubject> {
    const [only, ...others] = subjects;
    if (only === undefined || others.length > 0) return NOBODY_KNOWN;
    return knownSubject((await this.#options.index.find(only))?.patient, patients);
  }

  #count(resource: JsonObject, subjects: readonly string[], known: KnownSubject): QualityCounts {
    const { table, now } = this.#options;
    return countsIn(findDiscrepancies(resource, { subjects, known, isDuplicate: false, now: now() }, table));
  }
}

/** Of a record about several nobody can say which of them a date or a name in it means. */
function together(known: readonly KnownSubject[]): KnownSubject {
  const [only, ...others] = known;
  if (only !== undefined && others.length === 0) return only;
  return { patients: new Set(known.flatMap(({ patients }) => [...patients])), persons: [] };
}

/** What a resource says, without what tells one copy of it from another. */
function withoutNames(resource: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => name !== 'id' && name !== 'meta'));
}

function countsIn(findings: readonly QualityFinding[]): QualityCounts {
  const count = (severity: QualityFinding['severity']): number =>
    findings.filter((one) => one.severity === severity).length;
  return { errors: count('error'), warnings: count('warning'), notes: count('note') };
}

function placeOf(cursor: string | undefined): RecordPlace | undefined {
  if (cursor === undefined) return undefined;
  const [block = '', place = '', ...record] = cursor.split('.');
  return { block: Number(block), place: Number(place), record: record.join('.') };
}
