import { digestOf, type Descriptor } from '@consent-ledger/chaincode/wire';
import type { PatientIndex } from '../../ports/patient-index.js';
import type { RecordIndex } from '../../ports/record-index.js';
import { resourceOf, type KeptOptions } from '../kept-resource.js';
import { isObject, type JsonObject } from './elements.js';
import { knownSubject, type KnownSubject } from './known-subject.js';

export interface AroundOptions {
  readonly kept: KeptOptions;
  readonly index: Pick<PatientIndex, 'find'>;
  readonly records: RecordIndex;
}

/** What a subject's other records say of one of them. */
export interface Surroundings {
  readonly known: KnownSubject;
  /** How many of the subject's records it is compared with, the newest. */
  readonly compared: number;
  /** Others that are about the same thing at the same time, as far as their descriptors tell. */
  alike(descriptor: Descriptor): readonly Descriptor[];
}

/** So many of a subject's newest records are looked through; their descriptors alone, but for Patients. */
const MAX_COMPARED = 2_000;
const MAX_PATIENTS = 8;
const MAX_ALIKE = 20;

export async function surroundingsOf(subject: string, options: AroundOptions): Promise<Surroundings> {
  const { kept, index, records } = options;
  const { custody } = kept;
  const alike = new Map<string, Descriptor[]>();
  const patients: Descriptor[] = [];
  let compared = 0;
  for (const { record } of records.about(custody.collection, subject, undefined)) {
    const descriptor = custody.read('descriptor', record)?.value;
    if (descriptor === undefined) continue;
    compared += 1;
    const kind = kindOf(descriptor);
    alike.set(kind, [...(alike.get(kind) ?? []).slice(-MAX_ALIKE), descriptor]);
    if (descriptor.facts.resourceType === 'Patient' && patients.length < MAX_PATIENTS)
      patients.push(descriptor);
    if (compared === MAX_COMPARED) break;
  }
  const resources: JsonObject[] = [];
  for (const patient of patients) {
    const resource = await resourceOf(patient, kept);
    if (isObject(resource)) resources.push(resource);
  }
  return {
    known: knownSubject((await index.find(subject))?.patient, resources),
    compared,
    alike: (descriptor) =>
      (alike.get(kindOf(descriptor)) ?? []).filter(({ record }) => record !== descriptor.record),
  };
}

function kindOf({ facts: { resourceType, codes, classes, authored }, mediaType }: Descriptor): string {
  return digestOf(
    JSON.parse(JSON.stringify({ resourceType, codes, classes, authored, mediaType })) as object,
  );
}
