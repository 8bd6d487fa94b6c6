/**
 * What the contracts use of a chaincode stub, and nothing else. Reads never see the transaction's own writes,
 * and writes reach the peer with {@link Stub.finish}.
 */
export interface Stub {
  getArgs(): string[];
  getTxID(): string;
  getTxTimestamp(): { readonly seconds: { toNumber(): number }; readonly nanos: number };
  getCreator(): { readonly mspid: string; readonly idBytes: Uint8Array };
  getTransient(): ReadonlyMap<string, Uint8Array>;
  getState(key: string): Promise<Uint8Array>;
  /** Values of several keys in their order, empty where there is none, in one round trip. */
  getStateMultiple(keys: readonly string[]): Promise<readonly Uint8Array[]>;
  putState(key: string, value: Uint8Array): void;
  getStateByRange(startKey: string, endKey: string): AsyncIterable<{ readonly value: Uint8Array }>;
  getPrivateData(collection: string, key: string): Promise<Uint8Array>;
  /** Values of several keys in their order, empty where there is none, in few round trips. */
  getPrivateDataMultiple(collection: string, keys: readonly string[]): Promise<readonly Uint8Array[]>;
  getPrivateDataHash(collection: string, key: string): Promise<Uint8Array>;
  putPrivateData(collection: string, key: string, value: Uint8Array): void;
  purgePrivateData(collection: string, key: string): void;
  /** Sends what was put; until then the peer has nothing of it. */
  finish(): Promise<void>;
}
