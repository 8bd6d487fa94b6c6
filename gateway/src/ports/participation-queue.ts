import type { TouchedParticipant } from './trials.js';

export interface WaitingParticipant extends TouchedParticipant {
  /** How often it was tried. */
  readonly attempts: number;
}

/** Whose participations are still to be recorded. Each is there once: what is recorded is what the ledger has by then. */
export interface ParticipationQueue {
  /** Number of blocks of which all are in here. */
  readonly scanned: number;
  enqueue(touched: Iterable<TouchedParticipant>, scanned: number, now: number): void;
  due(now: number, limit: number): readonly WaitingParticipant[];
  /** Epoch milliseconds at which the next is due; undefined where nothing waits. */
  nextDue(): number | undefined;
  settle(waiting: WaitingParticipant): void;
  retry(waiting: WaitingParticipant, at: number): void;
}
