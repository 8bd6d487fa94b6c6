import { encodeMessage } from '../../wire-format/index.js';
import type { Metadata } from '../ports.js';
import type { CallParameters } from './call.js';
import { CollectionAccess } from './collection-access.js';
import { MessageType } from './message.js';
import { encodeKeyModification, encodeKeyValue, QueryResults, TOTAL_QUERY_LIMIT } from './query-results.js';
import {
  decodeKeyRequest,
  decodeKeysRequest,
  decodeRange,
  decodeSingleText,
  decodeWrite,
  decodeWriteBatch,
} from './requests.js';
import type { KeyRequest, PutStateMetadataRequest, PutStateRequest, WriteRecord } from './requests.js';

/** Answers the state requests of one call of a chaincode [chaincode/handler.go]. Each throws what the chaincode is told. */
export class TransactionContext {
  private readonly queries = new QueryResults();
  private readonly access: CollectionAccess;

  constructor(private readonly call: CallParameters) {
    this.access = new CollectionAccess(call);
  }

  /** The payload of the answer. Every request is answered at once: the state is in memory. */
  answer(type: number, payload: Buffer): Buffer | undefined {
    switch (type) {
      case MessageType.GET_STATE:
        return this.getState(payload);
      case MessageType.PUT_STATE:
        return this.putState(decodeWrite(payload));
      case MessageType.DEL_STATE:
        return this.deleteState(decodeKeyRequest(payload));
      case MessageType.GET_STATE_BY_RANGE:
        return this.getStateByRange(payload);
      case MessageType.QUERY_STATE_NEXT:
        return this.queries.continue(decodeSingleText(payload));
      case MessageType.QUERY_STATE_CLOSE:
        return this.queries.close(decodeSingleText(payload));
      case MessageType.GET_QUERY_RESULT:
        throw new Error('ExecuteQuery not supported for leveldb');
      case MessageType.GET_HISTORY_FOR_KEY:
        return this.getHistory(payload);
      case MessageType.GET_STATE_METADATA:
        return this.getMetadata(payload);
      case MessageType.PUT_STATE_METADATA:
        return this.putMetadata(decodeWrite(payload));
      case MessageType.GET_PRIVATE_DATA_HASH:
        return this.getPrivateDataHash(payload);
      case MessageType.PURGE_PRIVATE_DATA:
        return this.purgePrivateData(decodeKeyRequest(payload));
      case MessageType.GET_STATE_MULTIPLE:
        return this.getStateMultiple(payload);
      case MessageType.WRITE_BATCH_STATE:
        return this.writeBatch(payload);
      default:
        throw new Error(`the peer does not handle messages of type ${type}`);
    }
  }

  close(): void {
    this.queries.closeAll();
  }

  private getState(payload: Buffer): Buffer | undefined {
    const { key, collection } = decodeKeyRequest(payload);
    const { namespace, simulator } = this.call;
    if (collection === '') {
      return simulator.getState(namespace, key);
    }
    this.access.requireRead(collection);
    return simulator.getPrivateData(namespace, collection, key);
  }

  /** protos.GetStateMultipleResult */
  private getStateMultiple(payload: Buffer): Buffer {
    const { keys, collection } = decodeKeysRequest(payload);
    const { namespace, simulator } = this.call;
    if (collection !== '') {
      this.access.requireRead(collection);
    }
    const values =
      collection === ''
        ? keys.map((key) => simulator.getState(namespace, key))
        : simulator.getPrivateDataMultiple(namespace, collection, keys);
    return encodeMessage((writer) => {
      for (const value of values) {
        writer.present(1, value ?? EMPTY);
      }
    });
  }

  /** What was done before a record that is refused stays in the simulation; the chaincode is told of the refusal. */
  private writeBatch(payload: Buffer): Buffer {
    for (const record of decodeWriteBatch(payload)) {
      this.write(record);
    }
    return EMPTY;
  }

  private write(record: WriteRecord): Buffer {
    switch (record.type) {
      case MessageType.PUT_STATE:
        return this.putState(record);
      case MessageType.DEL_STATE:
        return this.deleteState(record);
      case MessageType.PURGE_PRIVATE_DATA:
        return this.purgePrivateData(record);
      case MessageType.PUT_STATE_METADATA:
        return this.putMetadata(record);
      default:
        throw new Error('unknown operation type');
    }
  }

  private putState({ key, collection, value }: PutStateRequest): Buffer {
    const { namespace, simulator } = this.call;
    if (collection === '') {
      simulator.setState(namespace, key, value);
      return EMPTY;
    }
    this.access.requireWrite(collection);
    simulator.setPrivateData(namespace, collection, key, value);
    return EMPTY;
  }

  private deleteState({ key, collection }: KeyRequest): Buffer {
    const { namespace, simulator } = this.call;
    if (collection === '') {
      simulator.deleteState(namespace, key);
      return EMPTY;
    }
    this.access.requireWrite(collection);
    simulator.deletePrivateData(namespace, collection, key);
    return EMPTY;
  }

  private purgePrivateData({ key, collection }: KeyRequest): Buffer {
    if (collection === '') {
      throw new Error('only applicable for private data');
    }
    this.access.requireWrite(collection);
    this.call.simulator.purgePrivateData(this.call.namespace, collection, key);
    return EMPTY;
  }

  /** Open to everybody: the hash is what every peer of the channel knows. */
  private getPrivateDataHash(payload: Buffer): Buffer | undefined {
    const { key, collection } = decodeKeyRequest(payload);
    this.access.refuseInInit();
    return this.call.simulator.getPrivateDataHash(this.call.namespace, collection, key);
  }

  private getMetadata(payload: Buffer): Buffer {
    const { key, collection } = decodeKeyRequest(payload);
    const { namespace, simulator } = this.call;
    if (collection === '') {
      return encodeMetadata(simulator.getStateMetadata(namespace, key));
    }
    this.access.requireRead(collection);
    return encodeMetadata(simulator.getPrivateDataMetadata(namespace, collection, key));
  }

  private putMetadata({ key, collection, metaKey, metaValue }: PutStateMetadataRequest): Buffer {
    const { namespace, simulator } = this.call;
    const entries = new Map([[metaKey, metaValue]]);
    if (collection === '') {
      simulator.setStateMetadata(namespace, key, entries);
      return EMPTY;
    }
    this.access.requireWrite(collection);
    simulator.setPrivateDataMetadata(namespace, collection, key, entries);
    return EMPTY;
  }

  private getStateByRange(payload: Buffer): Buffer {
    const { startKey, endKey, collection, pageSize, bookmark } = decodeRange(payload);
    const { namespace, simulator } = this.call;
    const limit = pageSize > 0 ? Math.min(pageSize, TOTAL_QUERY_LIMIT) : TOTAL_QUERY_LIMIT;
    if (collection !== '') {
      this.access.requireRead(collection);
      const results = simulator.privateRangeScan(namespace, collection, startKey, endKey);
      return this.queries.start(results, (record) => encodeKeyValue(namespace, record), {
        paginated: false,
        limit,
      });
    }
    const paginated = pageSize !== 0 || bookmark !== '';
    const results = paginated
      ? simulator.paginatedRangeScan(namespace, bookmark === '' ? startKey : bookmark, endKey, pageSize)
      : simulator.rangeScan(namespace, startKey, endKey);
    return this.queries.start(results, (record) => encodeKeyValue(namespace, record), { paginated, limit });
  }

  private getHistory(payload: Buffer): Buffer {
    const results = this.call.simulator.history(this.call.namespace, decodeSingleText(payload));
    return this.queries.start(results, encodeKeyModification, { paginated: false, limit: TOTAL_QUERY_LIMIT });
  }
}

const EMPTY = Buffer.alloc(0);

/** protos.StateMetadataResult */
function encodeMetadata(metadata: Metadata | undefined): Buffer {
  return encodeMessage((writer) => {
    for (const [name, value] of metadata ?? []) {
      writer.message(1, (entry) => {
        entry.bytes(1, name);
        entry.bytes(2, value);
      });
    }
  });
}
