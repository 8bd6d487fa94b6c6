import { encodeMessage, ProtoReader } from '../../wire-format/index.js';

/** protos.Response */
export interface ChaincodeResponse {
  readonly status: number;
  readonly message: string;
  readonly payload: Buffer;
}

export interface ChaincodeEvent {
  readonly name: string;
  readonly payload: Buffer;
}

export function decodeResponse(bytes: Buffer): ChaincodeResponse {
  const reader = new ProtoReader(bytes);
  let status = 0;
  let message = '';
  let payload: Buffer = Buffer.alloc(0);
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x08:
        status = reader.int32();
        break;
      case 0x12:
        message = reader.string();
        break;
      case 0x1a:
        payload = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { status, message, payload };
}

export function encodeResponse({ status, message, payload }: ChaincodeResponse): Buffer {
  return encodeMessage((writer) => {
    writer.int32(1, status);
    writer.bytes(2, message);
    writer.bytes(3, payload);
  });
}

/** The peer fills in chaincode and transaction id itself. */
export function decodeEvent(bytes: Buffer): ChaincodeEvent {
  const reader = new ProtoReader(bytes);
  let name = '';
  let payload: Buffer = Buffer.alloc(0);
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x1a:
        name = reader.string();
        break;
      case 0x22:
        payload = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { name, payload };
}
