/**
 * What the contracts use of Fabric's chaincode stub, and nothing else. Reads never see the transaction's own
 * writes.
 */
export interface Stub {
  getArgs(): string[];
  getTxID(): string;
  getTxTimestamp(): { readonly seconds: { toNumber(): number }; readonly nanos: number };
  getCreator(): { readonly mspid: string; readonly idBytes: Uint8Array };
  getTransient(): ReadonlyMap<string, Uint8Array>;
  getState(key: string): Promise<Uint8Array>;
  putState(key: string, value: Uint8Array): Promise<void>;
  getStateByRange(startKey: string, endKey: string): AsyncIterable<{ readonly value: Uint8Array }>;
  getPrivateData(collection: string, key: string): Promise<Uint8Array>;
  getPrivateDataHash(collection: string, key: string): Promise<Uint8Array>;
  putPrivateData(collection: string, key: string, value: Uint8Array): Promise<void>;
}
