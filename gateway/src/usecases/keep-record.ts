import { createHash, randomBytes } from 'node:crypto';
import {
  digestOf,
  type CommandOf,
  type Descriptor,
  type DescriptorFacts,
  type Labelling,
} from '@consent-ledger/chaincode/wire';
import { encryptStream } from '../release/streaming-aead.js';
import type { KeyVault } from '../ports/key-vault.js';
import type { Outbox } from '../ports/outbox.js';
import type { RecordStore } from '../ports/record-store.js';
import type { CustodyView, Held } from './custody-view.js';
import { unknownSubject } from './erased.js';
import { recordBinding } from './record-binding.js';
import { Refusal } from './refusal.js';
import type { Committed, Transactions } from './transactions.js';

/** A record that comes in. */
export interface IncomingRecord {
  readonly record: string;
  readonly subjects: readonly string[];
  readonly mediaType: string;
  readonly facts: DescriptorFacts;
  readonly labelling: Labelling;
  readonly reason: string | undefined;
  readonly content: AsyncIterable<Uint8Array>;
}

export interface KeepRecordOptions {
  readonly custody: CustodyView;
  readonly records: RecordStore;
  readonly vault: KeyVault;
  readonly transactions: Transactions;
  /** Most bytes of a record. */
  readonly recordBytes: number;
}

export interface KeptRecord extends Committed {
  readonly version: number;
  readonly digest: string;
  readonly bytes: number;
  /** False where the very same was there already. */
  readonly isNew: boolean;
}

/** A record that is encrypted and on the disk, and not yet registered. */
export interface SealedRecord {
  readonly incoming: IncomingRecord;
  readonly version: number;
  /** Of the record itself. */
  readonly digest: string;
  readonly bytes: number;
  readonly ciphertext: { readonly digest: string; readonly bytes: number };
}

/**
 * Encrypts a record on its way to the disk, then registers its descriptor. Where that is refused nothing stays; where its
 * outcome is unknown the ciphertext stays, for the descriptor may yet be valid.
 */
export async function keepRecord(incoming: IncomingRecord, options: KeepRecordOptions): Promise<KeptRecord> {
  const sealed = await sealRecord(incoming, options);
  if (!('incoming' in sealed)) return sealed;
  const { version, digest, bytes } = sealed;
  return { ...(await registerSealed([sealed], options)), version, digest, bytes, isNew: true };
}

/** The first half of {@link keepRecord}; where the very same is there already, that, and nothing stays of what came. */
export async function sealRecord(
  incoming: IncomingRecord,
  options: KeepRecordOptions,
): Promise<SealedRecord | KeptRecord> {
  const { custody, records, vault } = options;
  const { record, subjects } = incoming;
  const current = custody.get('descriptor', record);
  guard(incoming, current, custody);
  const version = (current?.value.version ?? 0) + 1;
  const { key, shares } = await vault.create({ record, version, subjects });
  const meter = metered(incoming.content, options.recordBytes);
  const encrypted = encryptStream(meter.content, key, recordBinding(custody.custodian, record, version));
  const ciphertext = await records.keep(encrypted, (stored) => {
    // Before anything can be refused or cut off: what is on the disk without a registration is found again at the start.
    vault.keep({ ciphertext: stored.digest, record, version, subjects }, shares);
  });
  const { digest, bytes } = meter.total();
  if (current === undefined) return { incoming, version, digest, bytes, ciphertext };
  if (isSame(current.value, incoming, digest)) {
    await forget(ciphertext.digest, options);
    const { transaction, block } = current;
    return { transaction, block, version: current.value.version, digest, bytes, isNew: false };
  }
  if (incoming.reason === undefined) {
    await forget(ciphertext.digest, options);
    const errors = [{ path: 'query.reason', message: 'is needed for every version after the first' }];
    throw new Refusal('parameter-malformed', { errors });
  }
  return { incoming, version, digest, bytes, ciphertext };
}

/** The second half, for one record or for several in one transaction: all of them or none. */
export async function registerSealed(
  sealed: readonly SealedRecord[],
  options: KeepRecordOptions,
): Promise<Committed> {
  const { custody, transactions, vault } = options;
  const audience = { contract: 'custody', custodian: custody.custodian } as const;
  const intents = sealed.map(({ ciphertext }) => intentOf(ciphertext.digest));
  try {
    const committed = await transactions.run(registration(sealed), audience, { intents });
    for (const { ciphertext } of sealed) vault.confirm(ciphertext.digest);
    return committed;
  } catch (error) {
    const isOpen = error instanceof Refusal && error.code === 'outcome-unknown';
    if (!isOpen) await forgetSealed(sealed, options);
    throw error;
  }
}

/** Nothing stays of what is not to be registered. */
export async function forgetSealed(
  sealed: readonly SealedRecord[],
  options: KeepRecordOptions,
): Promise<void> {
  for (const { ciphertext } of sealed) await forget(ciphertext.digest, options);
}

/**
 * After a restart: what was kept and whose registration was not seen. Registered ones are confirmed; the others go, unless their
 * transaction is still open.
 */
export async function settleUnconfirmed(
  options: KeepRecordOptions & { readonly outbox: Outbox },
): Promise<void> {
  const { custody, vault, outbox } = options;
  for (const { ciphertext, record, version } of vault.unconfirmed()) {
    if (outbox.isOpen(intentOf(ciphertext))) continue;
    const current = custody.get('descriptor', record)?.value;
    const isRegistered = current?.ciphertext.digest === ciphertext || (current?.version ?? 0) > version;
    if (isRegistered) vault.confirm(ciphertext);
    else await forget(ciphertext, options);
  }
}

async function forget(ciphertext: string, { records, vault }: KeepRecordOptions): Promise<void> {
  await records.drop(ciphertext);
  vault.forget(ciphertext);
}

function intentOf(ciphertext: string): string {
  return `register ${ciphertext}`;
}

/** What would be refused anyway is refused before a byte is read. */
function guard(incoming: IncomingRecord, current: Held<Descriptor> | undefined, custody: CustodyView): void {
  for (const subject of incoming.subjects) {
    const registered = custody.get('subject', subject);
    if (registered === undefined) throw unknownSubject(subject, custody);
  }
  if (current === undefined) {
    if (custody.get('erasure', 'record', incoming.record) !== undefined) throw new Refusal('record-erased');
    return;
  }
  const before = new Set(current.value.subjects);
  const same =
    before.size === incoming.subjects.length && incoming.subjects.every((subject) => before.has(subject));
  if (!same) throw new Refusal('record-subjects-fixed');
}

function isSame(current: Descriptor, { facts, mediaType }: IncomingRecord, digest: string): boolean {
  return (
    current.digest === digest &&
    current.mediaType === mediaType &&
    digestOf(current.facts) === digestOf(facts)
  );
}

function registration(
  sealed: readonly SealedRecord[],
): CommandOf<'register-record'> | CommandOf<'register-records'> {
  const envelope = { v: 1, salt: randomBytes(32).toString('base64url') } as const;
  const records = sealed.map(({ incoming, version, digest, ciphertext }) => {
    const { record, subjects, mediaType, facts, labelling, reason } = incoming;
    return {
      record,
      version,
      subjects: [...subjects],
      digest,
      ciphertext: { digest: ciphertext.digest, bytes: ciphertext.bytes },
      mediaType,
      facts,
      labelling,
      ...(reason === undefined ? {} : { reason }),
    };
  });
  const [only, ...others] = records;
  if (only !== undefined && others.length === 0) return { ...envelope, command: 'register-record', ...only };
  return { ...envelope, command: 'register-records', records };
}

/** Passes bytes on while it counts and hashes them. */
function metered(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): { content: AsyncIterable<Uint8Array>; total: () => { digest: string; bytes: number } } {
  const hash = createHash('sha256');
  let bytes = 0;
  async function* content(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Refusal('body-too-large');
      hash.update(chunk);
      yield chunk;
    }
  }
  return { content: content(), total: () => ({ digest: hash.digest('base64url'), bytes }) };
}
