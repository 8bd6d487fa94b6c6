import { encodeMessage, ProtoReader } from '../../wire-format/index.js';

/** protos.ChaincodeMessage.Type */
export const MessageType = {
  REGISTER: 1,
  REGISTERED: 2,
  INIT: 3,
  READY: 4,
  TRANSACTION: 5,
  COMPLETED: 6,
  ERROR: 7,
  GET_STATE: 8,
  PUT_STATE: 9,
  DEL_STATE: 10,
  INVOKE_CHAINCODE: 11,
  RESPONSE: 13,
  GET_STATE_BY_RANGE: 14,
  GET_QUERY_RESULT: 15,
  QUERY_STATE_NEXT: 16,
  QUERY_STATE_CLOSE: 17,
  KEEPALIVE: 18,
  GET_HISTORY_FOR_KEY: 19,
  GET_STATE_METADATA: 20,
  PUT_STATE_METADATA: 21,
  GET_PRIVATE_DATA_HASH: 22,
  PURGE_PRIVATE_DATA: 23,
  WRITE_BATCH_STATE: 24,
  GET_STATE_MULTIPLE: 25,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(MessageType).map(([name, type]) => [type, name]),
);

export function messageTypeName(type: number): string {
  return NAMES.get(type) ?? String(type);
}

/** A protos.ChaincodeMessage as the chaincode sends it. */
export interface ChaincodeMessage {
  readonly type: number;
  readonly payload: Buffer;
  readonly txId: string;
  readonly channelId: string;
  /** Serialised protos.ChaincodeEvent. */
  readonly event: Buffer | undefined;
}

const EMPTY = Buffer.alloc(0);

export function decodeChaincodeMessage(bytes: Buffer): ChaincodeMessage {
  const reader = new ProtoReader(bytes);
  let type = 0;
  let payload: Buffer = EMPTY;
  let txId = '';
  let channelId = '';
  let event: Buffer | undefined;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x08:
        type = reader.int32();
        break;
      case 0x1a:
        payload = reader.bytes();
        break;
      case 0x22:
        txId = reader.string();
        break;
      case 0x32:
        event = reader.bytes();
        break;
      case 0x3a:
        channelId = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { type, payload, txId, channelId, event };
}

export interface OutgoingMessage {
  readonly type: number;
  readonly payload?: Buffer;
  readonly txId?: string;
  readonly channelId?: string;
  /** Serialised protos.SignedProposal, as the client sent it. */
  readonly proposal?: Buffer;
}

/** Framed. */
export function encodeChaincodeMessage(message: OutgoingMessage): Buffer {
  const encoded = encodeMessage((writer) => {
    writer.number(1, message.type);
    writer.bytes(3, message.payload);
    writer.bytes(4, message.txId ?? '');
    writer.bytes(5, message.proposal);
    writer.bytes(7, message.channelId ?? '');
  });
  return frame(encoded);
}

/** Bytes in front of every message of a gRPC stream: not compressed, and its length. */
export const FRAME_HEADER_BYTES = 5;

/** A message as it goes over the wire. */
export function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(FRAME_HEADER_BYTES + message.length);
  writeFrameHeader(framed);
  framed.set(message, FRAME_HEADER_BYTES);
  return framed;
}

function writeFrameHeader(framed: Buffer): void {
  framed[0] = 0;
  framed.writeUInt32BE(framed.length - FRAME_HEADER_BYTES, 1);
}

/**
 * Encodes the answers to one transaction's requests, framed. There are hundreds to a transaction, and all but the
 * payload is the same in each, so that is encoded once.
 */
export class AnswerEncoder {
  private readonly address: Buffer;
  private readonly empty: Buffer;

  constructor(channelId: string, txId: string) {
    this.address = encodeMessage((writer) => {
      writer.bytes(4, txId);
      writer.bytes(7, channelId);
    });
    this.empty = frame(Buffer.concat([Buffer.from([0x08, MessageType.RESPONSE]), this.address]));
  }

  response(payload: Buffer | undefined): Buffer {
    return payload === undefined || payload.length === 0
      ? this.empty
      : this.encode(MessageType.RESPONSE, payload);
  }

  error(text: string): Buffer {
    return this.encode(MessageType.ERROR, Buffer.from(text));
  }

  private encode(type: number, payload: Buffer): Buffer {
    const { address } = this;
    const { length } = payload;
    const framed = Buffer.allocUnsafe(
      FRAME_HEADER_BYTES + 3 + varintLength(length) + length + address.length,
    );
    writeFrameHeader(framed);
    let position = FRAME_HEADER_BYTES;
    framed[position++] = 0x08;
    framed[position++] = type;
    framed[position++] = 0x1a;
    let rest = length;
    while (rest >= 0x80) {
      framed[position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    framed[position++] = rest;
    framed.set(payload, position);
    framed.set(address, position + length);
    return framed;
  }
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest >>>= 7) {
    length += 1;
  }
  return length;
}
