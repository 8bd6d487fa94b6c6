import { encodeVarint, len, ProtoReader, ProtoWriter, varint } from '../../wire-format/index.js';

/** lifecycle.StateData: how the lifecycle writes the fields of a definition [core/chaincode/lifecycle/serializer.go]. */

export function encodeStateInt64(value: number): Buffer {
  return Buffer.concat([Buffer.from([varint(1)]), encodeVarint(value)]);
}

/** The bytes arm is there even when empty. */
export function encodeStateBytes(value: Uint8Array): Buffer {
  return new ProtoWriter().present(2, value).finish();
}

export function encodeStateString(value: string): Buffer {
  return new ProtoWriter().present(3, Buffer.from(value, 'utf8')).finish();
}

export function readStateInt64(bytes: Uint8Array): number {
  const reader = new ProtoReader(bytes);
  let value = 0;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === varint(1)) value = reader.number();
    else reader.skip(tag);
  }
  return value;
}

export function readStateBytes(bytes: Uint8Array): Buffer {
  const reader = new ProtoReader(bytes);
  let value: Buffer = Buffer.alloc(0);
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(2)) value = reader.bytes();
    else reader.skip(tag);
  }
  return value;
}

export function readStateString(bytes: Uint8Array): string {
  const reader = new ProtoReader(bytes);
  let value = '';
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(3)) value = reader.string();
    else reader.skip(tag);
  }
  return value;
}

/** lifecycle.StateMetadata: the type and the fields that are written beside it. */
export function encodeStateMetadata(datatype: string, fields: readonly string[]): Buffer {
  const writer = new ProtoWriter().bytes(1, datatype);
  for (const field of fields) writer.present(2, Buffer.from(field, 'utf8'));
  return writer.finish();
}
