import type { ChaincodeStub } from 'fabric-shim';
import { createRequire } from 'node:module';
import type { Stub } from '../state/index.js';
import {
  GET_STATE_MULTIPLE,
  WRITE_BATCH_STATE,
  decodeGetStateMultipleResult,
  encodeGetStateMultiple,
  encodeWriteBatch,
  type Write,
} from './state-batches.js';

/** Keys in one message: what Fabric's peers offer by default (core.yaml, chaincode.runtimeParams). */
const KEYS_A_MESSAGE = 1_000;

interface PeerMessage {
  setType(type: number): void;
  setPayload(payload: Uint8Array): void;
  setTxid(id: string): void;
  setChannelId(id: string): void;
}

/** The part of fabric-shim's message handler that asks the peer. */
interface PeerHandler {
  _askPeerAndListen(message: PeerMessage, method: string): Promise<Uint8Array>;
}

/** The shim only sends messages of the class that it was loaded with itself. */
const { peer } = createRequire(require.resolve('fabric-shim'))('@hyperledger/fabric-protos') as {
  peer: { ChaincodeMessage: new () => PeerMessage };
};

/**
 * The shim's stub with Fabric 3.1's reads of several keys and batches of writes. fabric-shim 2.5 has neither,
 * so the messages are made here and asked by its handler; a batch of a hundred decisions makes four round
 * trips with them, and five hundred without. That handler is no public interface: the shim's version is
 * pinned, and the suites of behaviour on both ledgers fail without it.
 */
export class PeerStub implements Stub {
  readonly #stub: ChaincodeStub;
  readonly #handler: PeerHandler;
  readonly #writes: Write[] = [];

  constructor(stub: ChaincodeStub) {
    this.#stub = stub;
    this.#handler = (stub as unknown as { handler: PeerHandler }).handler;
  }

  getArgs(): string[] {
    return this.#stub.getArgs();
  }

  getTxID(): string {
    return this.#stub.getTxID();
  }

  getTxTimestamp(): ReturnType<Stub['getTxTimestamp']> {
    return this.#stub.getTxTimestamp();
  }

  getCreator(): ReturnType<Stub['getCreator']> {
    return this.#stub.getCreator();
  }

  getTransient(): ReadonlyMap<string, Uint8Array> {
    return this.#stub.getTransient();
  }

  getState(key: string): Promise<Uint8Array> {
    return this.#stub.getState(key);
  }

  getStateMultiple(keys: readonly string[]): Promise<readonly Uint8Array[]> {
    return this.#getMultiple('', keys);
  }

  getStateByRange(startKey: string, endKey: string): ReturnType<Stub['getStateByRange']> {
    return this.#stub.getStateByRange(startKey, endKey);
  }

  getPrivateData(collection: string, key: string): Promise<Uint8Array> {
    return this.#stub.getPrivateData(collection, key);
  }

  getPrivateDataHash(collection: string, key: string): Promise<Uint8Array> {
    return this.#stub.getPrivateDataHash(collection, key);
  }

  getPrivateDataMultiple(collection: string, keys: readonly string[]): Promise<readonly Uint8Array[]> {
    return this.#getMultiple(collection, keys);
  }

  /** @param collection empty for public state */
  async #getMultiple(collection: string, keys: readonly string[]): Promise<readonly Uint8Array[]> {
    const values: Uint8Array[] = [];
    for (const some of portions(keys)) {
      const answer = await this.#ask(GET_STATE_MULTIPLE, encodeGetStateMultiple(collection, some));
      const found = decodeGetStateMultipleResult(answer);
      // A peer whose database fails answers with nothing instead of an error (txmgr/query_executor.go).
      if (found.length !== some.length) throw new Error('The peer answered for another number of keys.');
      values.push(...found);
    }
    return values;
  }

  putState(key: string, value: Uint8Array): void {
    this.#writes.push({ collection: '', key, value });
  }

  putPrivateData(collection: string, key: string, value: Uint8Array): void {
    this.#writes.push({ collection, key, value });
  }

  purgePrivateData(collection: string, key: string): void {
    this.#writes.push({ collection, key });
  }

  async finish(): Promise<void> {
    for (const some of portions(this.#writes.splice(0))) {
      await this.#ask(WRITE_BATCH_STATE, encodeWriteBatch(some));
    }
  }

  #ask(type: number, payload: Uint8Array): Promise<Uint8Array> {
    const message = new peer.ChaincodeMessage();
    message.setType(type);
    message.setPayload(payload);
    message.setTxid(this.#stub.getTxID());
    message.setChannelId(this.#stub.getChannelID());
    return this.#handler._askPeerAndListen(message, 'GetState');
  }
}

function* portions<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let start = 0; start < items.length; start += KEYS_A_MESSAGE) {
    yield items.slice(start, start + KEYS_A_MESSAGE);
  }
}
