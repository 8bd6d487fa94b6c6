import { surveyJson, type Descriptor } from '@consent-ledger/chaincode/wire';
import { readStored } from './ask-for-records.js';
import type { KeepRecordOptions } from './keep-record.js';
import { READABLE_BYTES } from './labelling/describe-record.js';
import { recordBinding } from './record-binding.js';

const FHIR_JSON = 'application/fhir+json';
const MAX_DEPTH = 64;

export type KeptOptions = Pick<KeepRecordOptions, 'custody' | 'records' | 'vault'>;

/** What is kept of a version, decrypted. */
export async function* contentOf(
  { record, version, ciphertext }: Descriptor,
  { custody, records, vault }: KeptOptions,
): AsyncGenerator<Uint8Array> {
  const key = await vault.open(ciphertext.digest);
  yield* readStored(records, ciphertext.digest, key, recordBinding(custody.custodian, record, version));
}

/** The FHIR resource that a record is; undefined where it is none that is small enough, and sound enough, to be read. */
export async function resourceOf(current: Descriptor, kept: KeptOptions): Promise<unknown> {
  if (current.mediaType !== FHIR_JSON || current.ciphertext.bytes > READABLE_BYTES) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of contentOf(current, kept)) chunks.push(chunk);
  return parsed(Buffer.concat(chunks).toString('utf8'));
}

/** Who described a record themselves may have brought anything under that media type. */
function parsed(text: string): unknown {
  if (surveyJson(text, MAX_DEPTH).isTooDeep) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // No JSON, so no resource.
  }
}
