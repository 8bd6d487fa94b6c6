import { len, merged, ProtoReader, varint } from './proto-reader.js';

/** common.HeaderType as far as a channel carries it. */
export const HeaderType = {
  CONFIG: 1,
  CONFIG_UPDATE: 2,
  ENDORSER_TRANSACTION: 3,
  DELIVER_SEEK_INFO: 5,
} as const;

export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

export interface ChannelHeader {
  readonly type: number;
  readonly version: number;
  readonly timestamp: Timestamp | undefined;
  readonly channelId: string;
  readonly txId: string;
  readonly epoch: number;
  readonly extension: Buffer;
  readonly tlsCertHash: Buffer;
}

export interface SignatureHeader {
  readonly creator: Buffer;
  readonly nonce: Buffer;
}

export interface Envelope {
  readonly payload: Buffer;
  readonly signature: Buffer;
}

export interface Payload {
  /** Absent when the payload has no header at all. */
  readonly header: { readonly channelHeader: Buffer; readonly signatureHeader: Buffer } | undefined;
  readonly data: Buffer;
}

export interface Endorsement {
  readonly endorser: Buffer;
  readonly signature: Buffer;
}

export interface ChaincodeAction {
  readonly results: Buffer;
  readonly events: Buffer;
  readonly chaincodeId: ChaincodeId | undefined;
}

export interface ChaincodeId {
  readonly name: string;
  readonly version: string;
}

export interface ChaincodeEvent {
  readonly chaincodeId: string;
  readonly txId: string;
  readonly eventName: string;
  readonly payload: Buffer;
}

const EMPTY: Buffer = Buffer.alloc(0);

/** common.Envelope */
export function readEnvelope(bytes: Uint8Array): Envelope {
  const reader = new ProtoReader(bytes);
  let payload = EMPTY;
  let signature = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) payload = reader.bytes();
    else if (tag === len(2)) signature = reader.bytes();
    else reader.skip(tag);
  }
  return { payload, signature };
}

/** common.Payload */
export function readPayload(bytes: Uint8Array): Payload {
  const reader = new ProtoReader(bytes);
  let header: Buffer | undefined;
  let data = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) header = merged(header, reader.bytes());
    else if (tag === len(2)) data = reader.bytes();
    else reader.skip(tag);
  }
  return { header: header === undefined ? undefined : readHeader(header), data };
}

function readHeader(bytes: Buffer): { channelHeader: Buffer; signatureHeader: Buffer } {
  const [channelHeader, signatureHeader] = readTwoBytesFields(bytes);
  return { channelHeader, signatureHeader };
}

/** common.ChannelHeader */
export function readChannelHeader(bytes: Uint8Array): ChannelHeader {
  const reader = new ProtoReader(bytes);
  let type = 0;
  let version = 0;
  let timestamp: Buffer | undefined;
  let channelId = '';
  let txId = '';
  let epoch = 0;
  let extension = EMPTY;
  let tlsCertHash = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case varint(1):
        type = reader.int32();
        break;
      case varint(2):
        version = reader.int32();
        break;
      case len(3):
        timestamp = merged(timestamp, reader.bytes());
        break;
      case len(4):
        channelId = reader.string();
        break;
      case len(5):
        txId = reader.string();
        break;
      case varint(6):
        epoch = reader.number();
        break;
      case len(7):
        extension = reader.bytes();
        break;
      case len(8):
        tlsCertHash = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  return {
    type,
    version,
    timestamp: timestamp === undefined ? undefined : readTimestamp(timestamp),
    channelId,
    txId,
    epoch,
    extension,
    tlsCertHash,
  };
}

function readTimestamp(bytes: Buffer): Timestamp {
  const reader = new ProtoReader(bytes);
  let seconds = 0;
  let nanos = 0;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === varint(1)) seconds = reader.number();
    else if (tag === varint(2)) nanos = reader.int32();
    else reader.skip(tag);
  }
  return { seconds, nanos };
}

/** common.SignatureHeader */
export function readSignatureHeader(bytes: Uint8Array): SignatureHeader {
  const [creator, nonce] = readTwoBytesFields(bytes);
  return { creator, nonce };
}

/** protos.Transaction: header and payload of each action. */
export function readTransactionActions(bytes: Uint8Array): { header: Buffer; payload: Buffer }[] {
  const reader = new ProtoReader(bytes);
  const actions: { header: Buffer; payload: Buffer }[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) {
      const [header, payload] = readTwoBytesFields(reader.bytes());
      actions.push({ header, payload });
    } else reader.skip(tag);
  }
  return actions;
}

/** protos.ChaincodeActionPayload with its endorsed action; the action is absent when the message has none. */
export function readChaincodeActionPayload(bytes: Uint8Array): {
  chaincodeProposalPayload: Buffer;
  action: { proposalResponsePayload: Buffer; endorsements: Endorsement[] } | undefined;
} {
  const reader = new ProtoReader(bytes);
  let chaincodeProposalPayload = EMPTY;
  let action: Buffer | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) chaincodeProposalPayload = reader.bytes();
    else if (tag === len(2)) action = merged(action, reader.bytes());
    else reader.skip(tag);
  }
  return { chaincodeProposalPayload, action: action === undefined ? undefined : readEndorsedAction(action) };
}

function readEndorsedAction(bytes: Buffer): { proposalResponsePayload: Buffer; endorsements: Endorsement[] } {
  const reader = new ProtoReader(bytes);
  let proposalResponsePayload = EMPTY;
  const endorsements: Endorsement[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) proposalResponsePayload = reader.bytes();
    else if (tag === len(2)) {
      const [endorser, signature] = readTwoBytesFields(reader.bytes());
      endorsements.push({ endorser, signature });
    } else reader.skip(tag);
  }
  return { proposalResponsePayload, endorsements };
}

/** protos.ProposalResponsePayload */
export function readProposalResponsePayload(bytes: Uint8Array): { proposalHash: Buffer; extension: Buffer } {
  const [proposalHash, extension] = readTwoBytesFields(bytes);
  return { proposalHash, extension };
}

/** protos.ChaincodeAction; the response is left as it is, nothing at commit depends on it. */
export function readChaincodeAction(bytes: Uint8Array): ChaincodeAction {
  const reader = new ProtoReader(bytes);
  let results = EMPTY;
  let events = EMPTY;
  let chaincodeId: Buffer | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) results = reader.bytes();
    else if (tag === len(2)) events = reader.bytes();
    else if (tag === len(4)) chaincodeId = merged(chaincodeId, reader.bytes());
    else reader.skip(tag);
  }
  return {
    results,
    events,
    chaincodeId: chaincodeId === undefined ? undefined : readChaincodeId(chaincodeId),
  };
}

function readChaincodeId(bytes: Buffer): ChaincodeId {
  const reader = new ProtoReader(bytes);
  let name = '';
  let version = '';
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(2)) name = reader.string();
    else if (tag === len(3)) version = reader.string();
    else reader.skip(tag);
  }
  return { name, version };
}

/** protos.ChaincodeHeaderExtension: the chaincode that the proposal names, if any. */
export function readChaincodeHeaderExtension(bytes: Uint8Array): ChaincodeId | undefined {
  const reader = new ProtoReader(bytes);
  let chaincodeId: Buffer | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(2)) chaincodeId = merged(chaincodeId, reader.bytes());
    else reader.skip(tag);
  }
  return chaincodeId === undefined ? undefined : readChaincodeId(chaincodeId);
}

/** protos.ChaincodeEvent */
export function readChaincodeEvent(bytes: Uint8Array): ChaincodeEvent {
  const reader = new ProtoReader(bytes);
  let chaincodeId = '';
  let txId = '';
  let eventName = '';
  let payload = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) chaincodeId = reader.string();
    else if (tag === len(2)) txId = reader.string();
    else if (tag === len(3)) eventName = reader.string();
    else if (tag === len(4)) payload = reader.bytes();
    else reader.skip(tag);
  }
  return { chaincodeId, txId, eventName, payload };
}

/** Half of Fabric's messages are two byte fields numbered 1 and 2. */
function readTwoBytesFields(bytes: Uint8Array): [Buffer, Buffer] {
  const reader = new ProtoReader(bytes);
  let first = EMPTY;
  let second = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) first = reader.bytes();
    else if (tag === len(2)) second = reader.bytes();
    else reader.skip(tag);
  }
  return [first, second];
}
