import type { EventRecord, MemberKeyEntry } from '@consent-ledger/chaincode/wire';
import type { ProblemDocument } from '@consent-ledger/chaincode/wire/http';
import { encodeCiphertext, encodeControl } from '../release/frames.js';
import { wrapKey } from '../release/key-wrapping.js';
import type { DenialsOf } from './amendments/denials.js';
import type { AcceptedRequest, Decided } from './decisions.js';
import type { Look } from './look.js';
import { outgoing, type Outgoing, type OutgoingOptions } from './outgoing-records.js';
import { profileOwed } from './profile-owed.js';
import { Refusal } from './refusal.js';

export interface ReleaseOptions extends OutgoingOptions {
  /** Verifies a request again: it may have expired meanwhile, its member been suspended, its key retired. */
  readonly accept: (text: string) => AcceptedRequest;
  readonly look: Look;
  /** Resolves when the projection has what the own peer has; throws where that cannot be known. */
  readonly current: () => Promise<void>;
  /** Denied requests to amend a record that go with it. */
  readonly denialsOf: DenialsOf;
  readonly describeProblem: (error: unknown) => ProblemDocument;
  /** Where a page of what a search finds goes on. */
  readonly next?: string;
}

/** What was sent of a record; undefined where it is withheld, because it cannot be pseudonymised. */
type Sent = Pick<Outgoing, 'version' | 'profile' | 'key'> | undefined;

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
    const sent = new Map<string, Sent>();
    yield* sendPermitted(request, await options.look(request), sent, options);
    const decided = await deciding;
    // Permitted only now, because of a consent that was filed between the first look and the decision.
    yield* sendPermitted(request, decided.event.records, sent, options);
    yield await settle(options.accept(request.text), decided, sent, options);
  } catch (error) {
    yield encodeControl({ frame: 'failed', problem: options.describeProblem(error) });
    await deciding.catch(() => undefined);
  }
}

async function* sendPermitted(
  { claims: { study } }: AcceptedRequest,
  answers: readonly EventRecord[],
  sent: Map<string, Sent>,
  options: ReleaseOptions,
): AsyncGenerator<Uint8Array> {
  for (const answer of answers.filter(isPermitted)) {
    const { record, version } = answer;
    if (sent.has(record)) continue;
    const descriptor = options.custody.get('descriptor', record)?.value;
    if (descriptor?.version !== version) continue;
    const leaving = await outgoing(descriptor, profileOwed(answer), study, options);
    if (leaving === undefined) {
      sent.set(record, undefined);
      continue;
    }
    const { ciphertext, content, key, mediaType, profile } = leaving;
    sent.set(record, { version, profile, key });
    const { bytes, digest } = ciphertext;
    const along = study === undefined ? options.denialsOf(record) : [];
    yield encodeControl({
      frame: 'record',
      record,
      version,
      bytes,
      digest,
      mediaType,
      ...(along.length === 0 ? {} : { amendments: [...along] }),
    });
    for await (const chunk of await content()) yield* encodeCiphertext(chunk);
    yield encodeControl({ frame: 'record-end', record });
  }
}

async function settle(
  request: AcceptedRequest,
  decided: Decided,
  sent: ReadonlyMap<string, Sent>,
  { current, look, next }: ReleaseOptions,
): Promise<Buffer> {
  const { key, event, value, transaction, block } = decided;
  const permitted = event.records.filter(isPermitted);
  const wrapped = [];
  const withheld: string[] = [];
  for (const answer of permitted) {
    const { record, version } = answer;
    const leaving = sent.get(record);
    if (leaving === undefined && sent.has(record)) withheld.push(record);
    // What was sent must be what was decided on: this version, and as the profile of the event says.
    if (leaving?.version !== version || leaving.profile !== profileOwed(answer)) continue;
    const recordKey = Buffer.from(await leaving.key()).toString('base64url');
    const payload = { event: key, record, version, key: recordKey };
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
  return encodeControl({
    frame: 'settled',
    event: frame,
    keys,
    ...(withheld.length === 0 ? {} : { withheld }),
    ...(next === undefined ? {} : { next }),
  });
}

/** The encryption key that the request names, as the ledger has it; there is one, or nothing was permitted. */
/** The key that a request named. Throws a Refusal `key-not-registered`. */
export function encryptionKeyOf({ claims, requester }: AcceptedRequest): MemberKeyEntry {
  const entry = requester.keys.find(
    ({ kid, use, status }) => kid === claims.enc && use === 'enc' && status === 'active',
  );
  if (entry === undefined) throw new Refusal('key-not-registered');
  return entry;
}

function isPermitted(answer: EventRecord): answer is EventRecord & { readonly version: number } {
  return answer.outcome === 'permit' && answer.version !== undefined;
}
