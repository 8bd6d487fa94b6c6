import {
  canonicalBytes,
  type Descriptor,
  type EventRecord,
  type MemberKeyEntry,
} from '@consent-ledger/chaincode/wire';
import type { ProblemDocument } from '@consent-ledger/chaincode/wire/http';
import type { KeyVault } from '../ports/key-vault.js';
import type { RecordStore } from '../ports/record-store.js';
import { encodeCiphertext, encodeControl } from '../release/frames.js';
import { wrapKey } from '../release/key-wrapping.js';
import type { CustodyView } from './custody-view.js';
import type { AcceptedRequest, Decided } from './decisions.js';
import type { Look } from './look.js';
import { Refusal } from './refusal.js';

export interface ReleaseOptions {
  /** Verifies a request again: it may have expired meanwhile, its member been suspended, its key retired. */
  readonly accept: (text: string) => AcceptedRequest;
  readonly look: Look;
  /** Resolves when the projection has what the own peer has; throws where that cannot be known. */
  readonly current: () => Promise<void>;
  readonly custody: CustodyView;
  readonly records: RecordStore;
  readonly vault: KeyVault;
  readonly describeProblem: (error: unknown) => ProblemDocument;
}

/**
 * A custodian's answer to an authentic request that is being decided, as the bytes of a release stream (docs/architecture.md section 5): ciphertext
 * at once, keys last. A key leaves only when the event is valid on the own peer and in the projection, and the last look
 * still permits. Whatever fails ends the stream with a `failed` frame and no key.
 */
export async function* releaseRecords(
  request: AcceptedRequest,
  deciding: Promise<Decided>,
  options: ReleaseOptions,
): AsyncGenerator<Uint8Array> {
  // Deciding takes a block; the ciphertext goes meanwhile. Why it failed is seen below.
  deciding.catch(() => undefined);
  try {
    const sent = new Map<string, Descriptor>();
    yield* sendPermitted(await options.look(request), sent, options);
    const decided = await deciding;
    // Permitted only now, because of a consent that was filed between the first look and the decision.
    yield* sendPermitted(decided.event.records, sent, options);
    yield await settle(options.accept(request.text), decided, sent, options);
  } catch (error) {
    yield encodeControl({ frame: 'failed', problem: options.describeProblem(error) });
    await deciding.catch(() => undefined);
  }
}

async function* sendPermitted(
  answers: readonly EventRecord[],
  sent: Map<string, Descriptor>,
  options: ReleaseOptions,
): AsyncGenerator<Uint8Array> {
  for (const { record, version } of answers.filter(isPermitted)) {
    if (sent.has(record)) continue;
    const descriptor = options.custody.get('descriptor', record)?.value;
    if (descriptor?.version !== version) continue;
    sent.set(record, descriptor);
    const { digest, bytes } = descriptor.ciphertext;
    const { mediaType } = descriptor;
    yield encodeControl({ frame: 'record', record, version: descriptor.version, bytes, digest, mediaType });
    for await (const chunk of await options.records.open(digest)) yield* encodeCiphertext(chunk as Buffer);
    yield encodeControl({ frame: 'record-end', record });
  }
}

async function settle(
  request: AcceptedRequest,
  decided: Decided,
  sent: ReadonlyMap<string, Descriptor>,
  { current, look, vault }: ReleaseOptions,
): Promise<Buffer> {
  const { key, event, value, transaction, block } = decided;
  const permitted = event.records.filter(isPermitted);
  const wrapped = [];
  for (const { record, version } of permitted) {
    const descriptor = sent.get(record);
    if (descriptor?.version !== version) continue;
    const recordKey = await vault.open(descriptor.ciphertext.digest);
    const payload = { event: key, record, version, key: recordKey.toString('base64url') };
    wrapped.push({ record, version, jwe: await wrapKey(payload, encryptionKeyOf(request)) });
  }
  // Ciphertext may take minutes: a withdrawal that has been committed meanwhile must be seen. Nothing is waited for
  // between this look and the sending, so that none can come in between.
  if (wrapped.length > 0) await current();
  const lastLook = wrapped.length === 0 ? [] : (await look(request)).filter(isPermitted);
  const keys = wrapped
    .filter(({ record, version }) =>
      lastLook.some((answer) => answer.record === record && answer.version === version),
    )
    .map(({ record, jwe }) => ({ record, jwe }));
  const frame = { key, value: value.toString('base64url'), transaction, block };
  return encodeControl({ frame: 'settled', event: frame, keys });
}

/** The encryption key that the request names, as the ledger has it; there is one, or nothing was permitted. */
function encryptionKeyOf({ claims, requester }: AcceptedRequest): MemberKeyEntry {
  const entry = requester.keys.find(
    ({ kid, use, status }) => kid === claims.enc && use === 'enc' && status === 'active',
  );
  if (entry === undefined) throw new Refusal('key-not-registered');
  return entry;
}

function isPermitted(answer: EventRecord): answer is EventRecord & { readonly version: number } {
  return answer.outcome === 'permit' && answer.version !== undefined;
}

/** What a record's ciphertext is bound to (docs/architecture.md section 6). */
export function recordBinding(custodian: string, record: string, version: number): Buffer {
  return canonicalBytes({ custodian, record, version });
}
