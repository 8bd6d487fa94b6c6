import type { DeliveryQueue, Tried } from './delivery-queue.js';

/** A signed receipt that its custodian has not acknowledged yet. */
export interface SignedReceipt {
  readonly jti: string;
  /** MSP id. */
  readonly custodian: string;
  /** The JWS. */
  readonly receipt: string;
}

export type WaitingReceipt = SignedReceipt & Tried;

/** Receipts that are still to be brought. */
export interface ReceiptQueue extends DeliveryQueue<WaitingReceipt> {
  /** Durable when it returns; due at `at`, epoch milliseconds. */
  keep(receipt: SignedReceipt, at: number): void;
}
