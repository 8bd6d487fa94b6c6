import { createHash } from 'node:crypto';
import type { AccessEvent } from '@consent-ledger/chaincode/wire';
import type { StandingDenial } from '../ports/amendments.js';
import type { KeyVault } from '../ports/key-vault.js';
import type { Logger } from '../ports/logger.js';
import type { Peers } from '../ports/peers.js';
import type { RecordStore } from '../ports/record-store.js';
import type { Spooled } from '../ports/spool.js';
import type { User } from '../ports/token-verifier.js';
import { CiphertextError, decryptStream, plaintextLength } from '../release/streaming-aead.js';
import type { DenialsOf } from './amendments/denials.js';
import type { CustodyView } from './custody-view.js';
import type { Decisions } from './decisions.js';
import { receiveRelease, type Answered, type ReceiveOptions, type Received } from './receive-release.js';
import { recordBinding } from './record-binding.js';
import type { Receipts } from './receipts.js';
import { Refusal } from './refusal.js';
import type { Asked, RequestSigner } from './request-object.js';

/** A record that may be read now. */
export interface OpenedRecord {
  readonly record: string;
  readonly version: number;
  readonly mediaType: string;
  /** Of the plaintext. */
  readonly bytes: number;
  /** Denied requests to amend it that go with it. */
  readonly amendments: readonly StandingDenial[];
  /** Decrypts while it is read; throws at the first segment that is not authentic. */
  readonly content: () => AsyncIterable<Uint8Array>;
}

/** What a user gets: the event, and the records that it lets out; the others are refused. */
export interface Opened {
  readonly key: string;
  readonly event: AccessEvent;
  readonly transaction: string;
  readonly block: number;
  readonly records: readonly OpenedRecord[];
  /** Permitted records that may not leave, because they cannot be pseudonymised. */
  readonly withheld: readonly string[];
  /** To be called when nothing more is read. */
  readonly close: () => Promise<void>;
}

/** The same, let out while the ledger was out of reach: there is no transaction yet. */
export interface OpenedByJournal extends Omit<Opened, 'event' | 'transaction' | 'block'> {
  readonly event: Pick<AccessEvent, 'records'>;
  /** SHA-256 of the custodian's entry. */
  readonly journal: string;
}

export interface AskOptions extends ReceiveOptions {
  readonly own: string;
  readonly ledgerId: string;
  readonly signer: RequestSigner;
  readonly peers: Peers;
  readonly receipts: Pick<Receipts, 'bring'>;
  readonly log: Logger;
  readonly now: () => number;
  readonly releaseMs: number;
}

/** Asks another member: signs, sends, takes the release in, and answers with a signed receipt. */
export async function askMember(
  asked: Asked,
  user: User,
  signal: AbortSignal,
  options: AskOptions,
): Promise<Opened> {
  // Without the own peer nothing that comes could be opened.
  options.chain.requireReach();
  const sent = await options.signer.sign(asked, user);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(options.releaseMs)]);
  const frames = options.peers.requestRelease(asked.custodian, sent.text, deadline);
  const answered = await receiveRelease(frames, sent, options);
  void sendReceipt(asked.custodian, sent.claims.jti, answered, options);
  return openedOf(answered, asked.custodian);
}

/** What was answered, ready to be read. */
export function openedOf(answered: Answered, custodian: string): Opened {
  const { key, event, transaction, block, received, withheld } = answered;
  return {
    key,
    event,
    transaction,
    block,
    withheld,
    records: received.map((one) => openReceived(one, custodian)),
    close: async () => {
      await Promise.all(received.map(({ ciphertext }) => ciphertext.discard()));
    },
  };
}

/** A record that came, ready to be read. */
export function openReceived(
  { record, version, mediaType, ciphertext, key, amendments, profile }: Received,
  custodian: string,
): OpenedRecord {
  return {
    record,
    version,
    mediaType,
    bytes: plaintextLength(ciphertext.bytes),
    amendments,
    content: () => decryptStream(ciphertext.open(), key, recordBinding(custodian, record, version, profile)),
  };
}

/**
 * The delivery is the custodian's to log; that it cannot be signed or kept now takes nothing back. What was withheld is signed for as
 * nothing, so that nobody waits for it.
 */
export async function sendReceipt(
  custodian: string,
  jti: string,
  answered: Pick<Answered, 'key' | 'received' | 'withheld'>,
  options: Pick<AskOptions, 'own' | 'ledgerId' | 'keys' | 'receipts' | 'log' | 'now'>,
): Promise<void> {
  const { received, withheld } = answered;
  if (received.length + withheld.length === 0) return;
  try {
    const receipt = await options.keys.signReceipt({
      iss: options.own,
      aud: custodian,
      ledger: options.ledgerId,
      iat: Math.floor(options.now() / 1000),
      event: answered.key,
      records: [
        ...received.map(({ record, ciphertext }) => receiptLine(record, ciphertext)),
        ...withheld.map((record) => ({ record, bytes: 0, digest: DIGEST_OF_NOTHING, complete: false })),
      ],
    });
    options.receipts.bring(custodian, jti, receipt);
  } catch (error) {
    options.log.warn('receipt.not-sent', { member: custodian, error });
  }
}

const DIGEST_OF_NOTHING = createHash('sha256').digest('base64url');

function receiptLine(
  record: string,
  { bytes, digest }: Spooled,
): { record: string; bytes: number; digest: string; complete: true } {
  return { record, bytes, digest, complete: true };
}

export interface ReadOwnOptions {
  readonly decisions: Decisions;
  readonly custody: CustodyView;
  readonly signer: RequestSigner;
  readonly records: RecordStore;
  readonly vault: KeyVault;
  readonly denialsOf: DenialsOf;
}

/** The custodian's own staff: the same request object, decision and log; only nothing has to travel. */
export async function readOwn(asked: Asked, user: User, options: ReadOwnOptions): Promise<Opened> {
  const { custody, decisions, records, vault } = options;
  const { text } = await options.signer.sign(asked, user);
  const { key, event, transaction, block } = await decisions.decide(decisions.accept(text));
  const opened: OpenedRecord[] = [];
  for (const { record, outcome, version } of event.records) {
    if (outcome !== 'permit' || version === undefined) continue;
    const descriptor = custody.get('descriptor', record)?.value;
    // A newer version came between decision and reading: it was not decided on.
    if (descriptor?.version !== version) throw new Refusal('ledger-conflict');
    const { digest, bytes } = descriptor.ciphertext;
    const recordKey = await vault.open(digest);
    const binding = recordBinding(custody.custodian, record, version);
    opened.push({
      record,
      version,
      mediaType: descriptor.mediaType,
      bytes: plaintextLength(bytes),
      amendments: options.denialsOf(record),
      content: () => readStored(records, digest, recordKey, binding),
    });
  }
  return { key, event, transaction, block, records: opened, withheld: [], close: () => Promise.resolve() };
}

/** A record of the own store, decrypted. Throws a Refusal `record-damaged` where it is not what was kept. */
export async function* readStored(
  records: RecordStore,
  digest: string,
  key: Uint8Array,
  binding: Uint8Array,
): AsyncGenerator<Uint8Array> {
  const stored = await records.open(digest);
  try {
    yield* decryptStream(stored, key, binding);
  } catch (error) {
    throw error instanceof CiphertextError ? new Refusal('record-damaged', { cause: error }) : error;
  }
}
