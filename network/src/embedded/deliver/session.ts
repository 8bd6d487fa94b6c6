import {
  readChannelHeader,
  readEnvelope,
  readPayload,
  readSignatureHeader,
  type Timestamp,
} from '../../wire-format/index.js';
import type { MspIdentity } from '../msp/identity.js';
import { Status } from '../orderer/admission.js';
import type { SignedData } from '../ports.js';
import type { BlockView } from './peer-view.js';
import { readSeekInfo, type SeekInfo, type SeekPosition } from './seek-info.js';

const TIME_WINDOW = 15 * 60 * 1000;

/** Whose blocks, and the policy of those who may have them. */
export interface DeliverSource {
  readonly view: BlockView;
  readers(): string;
}

/** Sends one block; resolves when the receiver can take more. */
export type SendBlock = (
  bytes: Buffer,
  blockNumber: number,
  seek: SeekInfo,
  requester: MspIdentity,
) => Promise<void>;

/**
 * Serves one request for blocks, to its end [common/deliver/deliver.go: deliverBlocks].
 * @returns The status that ends it (common.Status).
 * @throws The signal's reason when the caller is gone.
 */
export async function serveRequest(
  envelope: Uint8Array,
  source: DeliverSource,
  now: () => number,
  signal: AbortSignal,
  send: SendBlock,
): Promise<number> {
  const { view } = source;
  const request = parse(envelope, now());
  if (request === undefined) return Status.BAD_REQUEST;
  if (request.channelId !== view.channel.channelId) return Status.NOT_FOUND;
  const seek = tryRead(() => readSeekInfo(request.seekInfo));
  if (seek === undefined) return Status.BAD_REQUEST;
  const access = new SessionAccess(source, request.signed, now);
  if (!access.isGranted()) return Status.FORBIDDEN;
  if (seek.start === undefined || seek.stop === undefined) return Status.BAD_REQUEST;
  const start = position(seek.start, view.height);
  if (start > view.height) return Status.NOT_FOUND;
  const stop = stopNumber(seek.start, seek.stop, start, view.height);
  if (stop < start) return Status.BAD_REQUEST;
  for (let number = start; number <= stop; number++) {
    if (seek.failIfNotReady && number >= view.height) return Status.NOT_FOUND;
    const block = await view.waitForBlock(number, signal);
    if (!access.isGranted()) return Status.FORBIDDEN;
    await send(block, number, seek, access.requester);
  }
  return Status.SUCCESS;
}

function position(at: SeekPosition, height: number): number {
  switch (at.kind) {
    case 'oldest':
      return 0;
    case 'newest':
      return height - 1;
    case 'next-commit':
      return height;
    case 'specified':
      return at.number;
  }
}

/** "Oldest" as a stop means the start itself; "newest" is the tip at the time of the request. */
function stopNumber(start: SeekPosition, stop: SeekPosition, first: number, height: number): number {
  if (stop.kind === 'specified') return stop.number;
  if (stop.kind === 'oldest' || (stop.kind === 'newest' && start.kind === 'newest')) return first;
  return height - 1;
}

interface Request {
  readonly channelId: string;
  readonly seekInfo: Buffer;
  readonly signed: SignedData;
}

function parse(bytes: Uint8Array, now: number): Request | undefined {
  return tryRead(() => {
    const { payload, signature } = readEnvelope(bytes);
    const { header, data } = readPayload(payload);
    if (header === undefined) throw new Error('envelope has no header');
    const { channelId, timestamp } = readChannelHeader(header.channelHeader);
    if (timestamp === undefined || Math.abs(milliseconds(timestamp) - now) > TIME_WINDOW) {
      throw new Error('the timestamp is not of now');
    }
    const { creator } = readSignatureHeader(header.signatureHeader);
    return { channelId, seekInfo: data, signed: { data: payload, identity: creator, signature } };
  });
}

function milliseconds({ seconds, nanos }: Timestamp): number {
  return seconds * 1000 + nanos / 1_000_000;
}

function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // The caller learns BAD_REQUEST, no more.
  }
}

/** Asked for each block: the certificate may expire, and a new configuration is judged anew [common/deliver/acl.go]. */
class SessionAccess {
  readonly #source: DeliverSource;
  readonly #signed: SignedData;
  readonly #now: () => number;
  #judgedSequence = -1;
  #requester: MspIdentity | undefined;

  constructor(source: DeliverSource, signed: SignedData, now: () => number) {
    this.#source = source;
    this.#signed = signed;
    this.#now = now;
  }

  get requester(): MspIdentity {
    if (this.#requester === undefined) throw new Error('access was not granted');
    return this.#requester;
  }

  isGranted(): boolean {
    const { channel } = this.#source.view;
    const { sequence } = channel.config;
    if (this.#judgedSequence !== sequence) {
      if (!channel.evaluatePolicy(this.#source.readers(), [this.#signed])) return false;
      this.#requester = channel.deserializeIdentity(this.#signed.identity);
      this.#judgedSequence = sequence;
    }
    return this.requester.notAfter > this.#now();
  }
}
