import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { Descriptor } from '@consent-ledger/chaincode/wire';
import type { KeyVault } from '../ports/key-vault.js';
import type { RecordStore } from '../ports/record-store.js';
import type { Profile } from '../pseudonymising/profile.js';
import { pseudonymise } from '../pseudonymising/pseudonymise.js';
import { pseudonymsOf } from '../pseudonymising/pseudonyms.js';
import { encryptStream, plaintextLength } from '../release/streaming-aead.js';
import { readStored } from './ask-for-records.js';
import type { CustodyView } from './custody-view.js';
import { recordBinding } from './record-binding.js';

/** A record on its way out: what is sent at once, and the key that follows it when it may. */
export interface Outgoing {
  readonly version: number;
  readonly mediaType: string;
  /** Of the profile that it was pseudonymised by; undefined where it leaves as it is kept. */
  readonly profile: string | undefined;
  readonly ciphertext: { readonly digest: string; readonly bytes: number };
  readonly content: () => Promise<AsyncIterable<Uint8Array>>;
  readonly key: () => Promise<Uint8Array>;
}

export interface OutgoingOptions {
  readonly custody: CustodyView;
  readonly records: RecordStore;
  readonly vault: KeyVault;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A profile by its digest, of those that this site has. */
  readonly profileOf: (digest: string) => Profile | undefined;
  /** Most bytes of a record that is taken into memory to be pseudonymised. */
  readonly pseudonymisedBytes: number;
}

/** FHIR R4 section 2.1.0.6; `application/json` is what many send. */
const FHIR_JSON = /^application\/(?:fhir\+)?json\b/;

/**
 * A record as it leaves: as it is kept, or, where the decision says so, pseudonymised and encrypted anew under a key of its own, in memory
 * alone. Undefined where it may not leave, because it cannot be pseudonymised: it is no FHIR JSON, is about several people, is of a type
 * that the profile does not know, or is larger than such a resource is.
 */
export async function outgoing(
  descriptor: Descriptor,
  profile: string | undefined,
  study: string | undefined,
  options: OutgoingOptions,
): Promise<Outgoing | undefined> {
  const { version, mediaType, ciphertext } = descriptor;
  const { records, vault } = options;
  if (profile !== undefined) return pseudonymised(descriptor, profile, study, options);
  return {
    version,
    mediaType,
    profile,
    ciphertext,
    content: async () => await records.open(ciphertext.digest),
    key: () => vault.open(ciphertext.digest),
  };
}

async function pseudonymised(
  { record, version, mediaType, ciphertext, subjects }: Descriptor,
  digest: string,
  study: string | undefined,
  { custody, records, vault, now, profileOf, pseudonymisedBytes }: OutgoingOptions,
): Promise<Outgoing | undefined> {
  const profile = profileOf(digest);
  const [subject, another] = subjects;
  if (profile === undefined || study === undefined || subject === undefined || another !== undefined)
    return undefined;
  if (!FHIR_JSON.test(mediaType) || plaintextLength(ciphertext.bytes) > pseudonymisedBytes) return undefined;
  const { custodian, pepper } = custody;
  const stored = await vault.open(ciphertext.digest);
  const text = await gathered(
    readStored(records, ciphertext.digest, stored, recordBinding(custodian, record, version)),
  );
  const whose = { study, subject, person: custody.personIn(study, subject) };
  const how = { ...pseudonymsOf(pepper, whose, profile.shiftDays), profile, at: now() };
  const made = pseudonymise(parsed(text), how);
  if (made === undefined) return undefined;
  const key = randomBytes(32);
  const binding = recordBinding(custodian, record, version, digest);
  const bytes = await gathered(encryptStream(once(Buffer.from(JSON.stringify(made))), key, binding));
  return {
    version,
    mediaType: 'application/fhir+json',
    profile: digest,
    ciphertext: { digest: createHash('sha256').update(bytes).digest('base64url'), bytes: bytes.length },
    content: () => Promise.resolve(once(bytes)),
    key: () => Promise.resolve(key),
  };
}

async function gathered(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  return Readable.from([bytes]) as AsyncIterable<Uint8Array>;
}

/** What is no JSON is no resource. */
function parsed(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch {
    return undefined;
  }
}
