import type { LiveChannel } from '../config/live-channel.js';
import type { BroadcastResult, PeerSigner } from '../ports.js';
import { AdmissionControl, Status } from './admission.js';
import { BlockCutter } from './block-cutter.js';

/**
 * The one orderer of the embedded ledger: admits, cuts, and hands batches on in order. Being accepted here means
 * as little as it means in Fabric: a commit that was seen is what counts.
 */
export class Orderer {
  readonly #channel: LiveChannel;
  readonly #admission: AdmissionControl;
  readonly #cutter: BlockCutter;
  readonly #commit: (batch: readonly Buffer[]) => void;
  readonly #queue: (readonly Buffer[])[] = [];
  #timer: NodeJS.Timeout | undefined;
  #draining: NodeJS.Immediate | undefined;
  /** Why nothing is accepted any more. */
  #stopped: string | undefined;

  /**
   * @param commit Makes a block of a batch. When it throws, the orderer stops for good: `onFailure` learns why.
   */
  constructor(
    channel: LiveChannel,
    signer: PeerSigner,
    now: () => number,
    commit: (batch: readonly Buffer[]) => void,
    readonly onFailure: (error: unknown) => void,
  ) {
    this.#channel = channel;
    this.#admission = new AdmissionControl(channel, signer, now);
    this.#cutter = new BlockCutter(() => channel.config.batch);
    this.#commit = commit;
  }

  /** @param bytes Serialised common.Envelope. */
  broadcast(bytes: Uint8Array): BroadcastResult {
    if (this.#stopped !== undefined) return { status: Status.SERVICE_UNAVAILABLE, info: this.#stopped };
    const admission = this.#admission.admit(bytes);
    if ('refusal' in admission) return admission.refusal;
    if ('configuration' in admission) return this.#configure(admission.configuration);
    for (const batch of this.#cutter.ordered(admission.message)) this.#enqueue(batch);
    this.#setTimer();
    return { status: Status.SUCCESS, info: '' };
  }

  /**
   * What was sent before comes into the blocks before; what comes later is judged by the new configuration, so it is
   * in force before the sender knows.
   */
  #configure(configuration: Buffer): BroadcastResult {
    if (this.#cutter.isPending) this.#enqueue(this.#cutter.cut());
    this.#enqueue([configuration]);
    this.#setTimer();
    clearImmediate(this.#draining);
    this.#drain();
    return this.#stopped === undefined
      ? { status: Status.SUCCESS, info: '' }
      : { status: Status.SERVICE_UNAVAILABLE, info: this.#stopped };
  }

  /** Accepts nothing more; what was accepted and is not in a block yet is dropped, as by a crash. */
  stop(reason: string): void {
    this.#stopped ??= reason;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    clearImmediate(this.#draining);
    this.#queue.length = 0;
  }

  /** Commits what is pending without waiting for its timeout. */
  flush(): void {
    if (this.#cutter.isPending) this.#enqueue(this.#cutter.cut());
    clearTimeout(this.#timer);
    this.#timer = undefined;
    clearImmediate(this.#draining);
    this.#drain();
  }

  #setTimer(): void {
    if (!this.#cutter.isPending) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#enqueue(this.#cutter.cut());
      }, this.#channel.config.batch.timeout);
    }
  }

  /** Blocks are made in a turn of their own, so that whoever sent the last message has the answer by then. */
  #enqueue(batch: readonly Buffer[]): void {
    this.#queue.push(batch);
    this.#draining ??= setImmediate(() => {
      this.#drain();
    });
  }

  #drain(): void {
    this.#draining = undefined;
    try {
      for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift())
        this.#commit(batch);
    } catch (error) {
      this.stop(`the ledger has stopped: ${error instanceof Error ? error.message : String(error)}`);
      this.onFailure(error);
    }
  }
}
