import { BinaryReader, BinaryWriter } from 'google-protobuf';

/** Numbers of protos.ChaincodeMessage.Type in Fabric 3.1 and later; fabric-shim 2.5 does not know them yet. */
export const WRITE_BATCH_STATE = 24;
export const GET_STATE_MULTIPLE = 25;

/** protos.WriteRecord.Type */
const PUT_STATE = 9;
const PURGE_PRIVATE_DATA = 23;

export interface Write {
  /** Empty for public state. */
  readonly collection: string;
  readonly key: string;
  /** Absent: the key is purged. */
  readonly value?: Uint8Array;
}

/** protos.GetStateMultiple */
export function encodeGetStateMultiple(collection: string, keys: readonly string[]): Uint8Array {
  const writer = new BinaryWriter();
  writer.writeRepeatedString(1, [...keys]);
  writer.writeString(2, collection);
  return writer.getResultBuffer();
}

/** protos.GetStateMultipleResult */
export function decodeGetStateMultipleResult(payload: Uint8Array): Uint8Array[] {
  const reader = new BinaryReader(payload);
  const values: Uint8Array[] = [];
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 1) values.push(reader.readBytes());
    else reader.skipField();
  }
  return values;
}

/** protos.WriteBatchState */
export function encodeWriteBatch(writes: readonly Write[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const write of writes) writer.writeBytes(1, encodeWriteRecord(write));
  return writer.getResultBuffer();
}

/** protos.WriteRecord */
function encodeWriteRecord({ collection, key, value }: Write): Uint8Array {
  const writer = new BinaryWriter();
  writer.writeString(1, key);
  if (value !== undefined) writer.writeBytes(2, value);
  if (collection !== '') writer.writeString(3, collection);
  writer.writeEnum(5, value === undefined ? PURGE_PRIVATE_DATA : PUT_STATE);
  return writer.getResultBuffer();
}
