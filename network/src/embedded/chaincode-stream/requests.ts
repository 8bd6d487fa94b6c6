import { ProtoReader } from '../../wire-format/index.js';

/** protos.GetState, DelState, PurgePrivateState, GetStateMetadata: the same two fields. */
export interface KeyRequest {
  readonly key: string;
  readonly collection: string;
}

export interface PutStateRequest extends KeyRequest {
  readonly value: Buffer;
}

export interface PutStateMetadataRequest extends KeyRequest {
  readonly metaKey: string;
  readonly metaValue: Buffer;
}

/** The same collection, or none, for all keys. */
export interface KeysRequest {
  readonly keys: readonly string[];
  readonly collection: string;
}

/** One change; in a batch `type` is the type of the message that would make it alone, elsewhere 0. */
export interface WriteRecord extends PutStateRequest, PutStateMetadataRequest {
  readonly type: number;
}

export interface RangeRequest {
  readonly startKey: string;
  readonly endKey: string;
  readonly collection: string;
  /** 0 = no limit. */
  readonly pageSize: number;
  readonly bookmark: string;
}

/** protos.ChaincodeSpec of a call from chaincode to chaincode. */
export interface InvokeRequest {
  /** `name[:version][/channel]` */
  readonly target: string;
  /** Serialised protos.ChaincodeInput. */
  readonly input: Buffer;
}

const EMPTY = Buffer.alloc(0);

export function decodeKeyRequest(payload: Buffer): KeyRequest {
  const reader = new ProtoReader(payload);
  let key = '';
  let collection = '';
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x0a:
        key = reader.string();
        break;
      case 0x12:
        collection = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { key, collection };
}

/** protos.StateMetadata */
function decodeMetadataEntry(metadata: Buffer): Pick<PutStateMetadataRequest, 'metaKey' | 'metaValue'> {
  const entry = new ProtoReader(metadata);
  let metaKey = '';
  let metaValue: Buffer = EMPTY;
  for (let tag = entry.next(); tag !== 0; tag = entry.next()) {
    switch (tag) {
      case 0x0a:
        metaKey = entry.string();
        break;
      case 0x12:
        metaValue = Buffer.from(entry.bytes());
        break;
      default:
        entry.skip(tag);
    }
  }
  return { metaKey, metaValue };
}

export function decodeRange(payload: Buffer): RangeRequest {
  const reader = new ProtoReader(payload);
  let startKey = '';
  let endKey = '';
  let collection = '';
  let metadata: Buffer = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x0a:
        startKey = reader.string();
        break;
      case 0x12:
        endKey = reader.string();
        break;
      case 0x1a:
        collection = reader.string();
        break;
      case 0x22:
        metadata = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { startKey, endKey, collection, ...decodeQueryMetadata(metadata) };
}

function decodeQueryMetadata(metadata: Buffer): Pick<RangeRequest, 'pageSize' | 'bookmark'> {
  const reader = new ProtoReader(metadata);
  let pageSize = 0;
  let bookmark = '';
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x08:
        pageSize = reader.int32();
        break;
      case 0x12:
        bookmark = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { pageSize, bookmark };
}

/** protos.GetStateMultiple */
export function decodeKeysRequest(payload: Buffer): KeysRequest {
  const reader = new ProtoReader(payload);
  const keys: string[] = [];
  let collection = '';
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x0a:
        keys.push(reader.string());
        break;
      case 0x12:
        collection = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { keys, collection };
}

/** protos.WriteBatchState */
export function decodeWriteBatch(payload: Buffer): WriteRecord[] {
  const reader = new ProtoReader(payload);
  const records: WriteRecord[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x0a) records.push(decodeWrite(reader.bytes()));
    else reader.skip(tag);
  }
  return records;
}

/** protos.WriteRecord, and with it protos.PutState and PutStateMetadata: they number the fields that they have alike. */
export function decodeWrite(payload: Buffer): WriteRecord {
  const reader = new ProtoReader(payload);
  let key = '';
  let value: Buffer = EMPTY;
  let collection = '';
  let metadata: Buffer = EMPTY;
  let type = 0;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x0a:
        key = reader.string();
        break;
      case 0x12:
        // The snapshot and the private set keep the value; the message's buffer is shared with others.
        value = Buffer.from(reader.bytes());
        break;
      case 0x1a:
        collection = reader.string();
        break;
      case 0x22:
        metadata = reader.bytes();
        break;
      case 0x28:
        type = reader.int32();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { type, key, value, collection, ...decodeMetadataEntry(metadata) };
}

/** protos.QueryStateNext, QueryStateClose and GetHistoryForKey: one text, in field 1. */
export function decodeSingleText(payload: Buffer): string {
  return decodeKeyRequest(payload).key;
}

export function decodeInvoke(payload: Buffer): InvokeRequest {
  const reader = new ProtoReader(payload);
  let target = '';
  let input: Buffer = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x12:
        target = chaincodeName(reader.bytes());
        break;
      case 0x1a:
        input = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { target, input };
}

/** The name in a protos.ChaincodeID. */
export function chaincodeName(chaincodeId: Buffer): string {
  const reader = new ProtoReader(chaincodeId);
  let name = '';
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x12) {
      name = reader.string();
    } else {
      reader.skip(tag);
    }
  }
  return name;
}
