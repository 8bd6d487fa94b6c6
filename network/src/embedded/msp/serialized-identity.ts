import { len, ProtoReader, ProtoWriter } from '../../wire-format/index.js';

/** msp.SerializedIdentity */
export function readSerializedIdentity(bytes: Uint8Array): { mspId: string; idBytes: Buffer } {
  const reader = new ProtoReader(bytes);
  let mspId = '';
  let idBytes: Buffer = Buffer.alloc(0);
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) mspId = reader.string();
    else if (tag === len(2)) idBytes = reader.bytes();
    else reader.skip(tag);
  }
  return { mspId, idBytes };
}

export function encodeSerializedIdentity(mspId: string, idBytes: Uint8Array): Buffer {
  return new ProtoWriter().bytes(1, mspId).bytes(2, idBytes).finish();
}
