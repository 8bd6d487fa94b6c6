import type { BatchRecord } from './state-messages.js';

/**
 * What a test can ask the probe chaincode to do: a list of operations, carried out in order in one transaction.
 * Keys and values are texts; each operation answers with one JSON value.
 */
export type ProbeOperation =
  /** Answers the value, '' when there is none. */
  | { readonly op: 'get'; readonly key: string; readonly collection?: string }
  /** `fill` repeats the value so many times, for large transactions from short arguments. */
  | {
      readonly op: 'put';
      readonly key: string;
      readonly value: string;
      readonly collection?: string;
      readonly fill?: number;
    }
  /** As `put`, with the value taken out of the transient map. */
  | { readonly op: 'putTransient'; readonly key: string; readonly field: string; readonly collection: string }
  | { readonly op: 'delete'; readonly key: string; readonly collection?: string }
  | { readonly op: 'purge'; readonly key: string; readonly collection: string }
  /** Answers the hash of the private value in hex, '' when there is none. */
  | { readonly op: 'hash'; readonly key: string; readonly collection: string }
  /** Answers the values of all keys, asked for in one message; '' for each that has none. */
  | { readonly op: 'getMany'; readonly keys: readonly string[]; readonly collection?: string }
  /** Writes all records by one message; the value of a policy is the MSP id of the one organisation it asks for. */
  | { readonly op: 'writeBatch'; readonly records: readonly BatchRecord[] }
  /** Writes `count` keys `<prefix><index in three digits>`. */
  | { readonly op: 'putMany'; readonly prefix: string; readonly count: number }
  /** Answers [key, value] pairs; `limit` closes the iterator after so many. */
  | {
      readonly op: 'range';
      readonly start: string;
      readonly end: string;
      readonly collection?: string;
      readonly limit?: number;
    }
  /** Answers {entries, bookmark, count}. */
  | {
      readonly op: 'page';
      readonly start: string;
      readonly end: string;
      readonly size: number;
      readonly bookmark?: string;
    }
  | {
      readonly op: 'putComposite';
      readonly type: string;
      readonly attributes: readonly string[];
      readonly value: string;
    }
  | {
      readonly op: 'partialComposite';
      readonly type: string;
      readonly attributes: readonly string[];
      readonly collection?: string;
    }
  /** Answers {txId, value, isDelete, seconds}, in the order of the peer. */
  | { readonly op: 'history'; readonly key: string }
  | { readonly op: 'query'; readonly query: string }
  /** Requires a peer of each organisation; no organisation at all takes the policy away. */
  | {
      readonly op: 'setPolicy';
      readonly key: string;
      readonly mspIds: readonly string[];
      readonly collection?: string;
    }
  /** A common.SignaturePolicyEnvelope. */
  | { readonly op: 'setPolicyBytes'; readonly key: string; readonly base64: string }
  /** Answers the MSP ids of the key's policy. */
  | { readonly op: 'getPolicy'; readonly key: string; readonly collection?: string }
  | { readonly op: 'event'; readonly name: string; readonly payload: string }
  | { readonly op: 'sleep'; readonly ms: number }
  /** Writes a value that differs on every execution. */
  | { readonly op: 'random'; readonly key: string }
  /** Answers {status, message, results}. */
  | {
      readonly op: 'invoke';
      readonly chaincode: string;
      readonly operations: readonly ProbeOperation[];
      readonly channel?: string;
    }
  /** Does several at once, without waiting for one before asking for the next. */
  | { readonly op: 'together'; readonly operations: readonly ProbeOperation[] }
  /** Answers {error} when the operation fails, {value} when it does not. */
  | { readonly op: 'attempt'; readonly operation: ProbeOperation }
  /** Ends the transaction with this response. */
  | { readonly op: 'respond'; readonly status: number; readonly message: string; readonly payload?: string }
  | { readonly op: 'throw'; readonly message: string }
  /** Ends the process. */
  | { readonly op: 'crash' }
  /** Answers what the chaincode knows of the transaction: a TransactionView. */
  | { readonly op: 'view' };

export interface TransactionView {
  readonly txId: string;
  readonly channel: string;
  readonly creatorMspId: string;
  readonly creatorCertificate: string;
  readonly seconds: number;
  readonly nanos: number;
  readonly binding: string;
  /** Field -> value. */
  readonly transient: Readonly<Record<string, string>>;
  /** MSP id of the organisation that this process endorses for. */
  readonly endorserMspId: string;
}

export type ProbeResult = unknown;

/** The one function of the probe; its one argument is a JSON array of operations. */
export const PROBE_FUNCTION = 'run';
