import type { BatchSettings } from '../config/channel-config.js';

export interface OrderedMessage {
  /** Serialised common.Envelope. */
  readonly bytes: Buffer;
  /** Payload and signature together, which is what the limits are about. */
  readonly size: number;
}

/** Groups messages into batches, each of which becomes a block [orderer/common/blockcutter/blockcutter.go]. */
export class BlockCutter {
  readonly #settings: () => BatchSettings;
  #pending: OrderedMessage[] = [];
  #pendingBytes = 0;

  constructor(settings: () => BatchSettings) {
    this.#settings = settings;
  }

  /** Whether messages wait for the batch timeout. */
  get isPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Takes a message in; returns the batches that are full now (none, one or two). */
  ordered(message: OrderedMessage): Buffer[][] {
    const { preferredMaxBytes, maxMessageCount } = this.#settings();
    const batches: Buffer[][] = [];
    if (message.size > preferredMaxBytes) {
      if (this.isPending) batches.push(this.cut());
      batches.push([message.bytes]);
      return batches;
    }
    if (this.isPending && this.#pendingBytes + message.size > preferredMaxBytes) batches.push(this.cut());
    this.#pending.push(message);
    this.#pendingBytes += message.size;
    if (this.#pending.length >= maxMessageCount) batches.push(this.cut());
    return batches;
  }

  /** Closes the pending batch. */
  cut(): Buffer[] {
    const batch = this.#pending.map(({ bytes }) => bytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    return batch;
  }
}
