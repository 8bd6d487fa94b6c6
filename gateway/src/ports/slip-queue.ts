import type { WrittenSlip } from './slips.js';

export interface WaitingSlip extends WrittenSlip {
  /** How often it was tried. */
  readonly attempts: number;
}

/** Which slips are still to be handed over. Each is there once: what is sent is what the ledger has by then. */
export interface SlipQueue {
  /** Number of blocks whose slips are all in here. */
  readonly scanned: number;
  /** Takes slips of which there is something new to tell; with them, how far the ledger has been read. */
  enqueue(slips: Iterable<WrittenSlip>, scanned: number, now: number): void;
  /** What is to be tried by now, longest waiting first. */
  due(now: number, limit: number): readonly WaitingSlip[];
  /** Epoch milliseconds at which the next is due; undefined where nothing waits. */
  nextDue(): number | undefined;
  /** It was handed over, or there is nothing to hand over any more; what is newer still waits. */
  settle(slip: WaitingSlip): void;
  retry(slip: WaitingSlip, at: number): void;
}
