import { BinaryReader, BinaryWriter } from 'google-protobuf';

/** Numbers of protos.ChaincodeMessage.Type in Fabric 3.1 and later; fabric-shim 2.5 does not know them yet. */
export const WRITE_BATCH_STATE = 24;
export const GET_STATE_MULTIPLE = 25;

/** protos.WriteRecord.Type */
const PUT_STATE = 9;

export interface Put {
  /** Empty for public state. */
  readonly collection: string;
  readonly key: string;
  readonly value: Uint8Array;
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
export function encodeWriteBatch(puts: readonly Put[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const put of puts) writer.writeBytes(1, encodeWriteRecord(put));
  return writer.getResultBuffer();
}

/** protos.WriteRecord */
function encodeWriteRecord({ collection, key, value }: Put): Uint8Array {
  const writer = new BinaryWriter();
  writer.writeString(1, key);
  writer.writeBytes(2, value);
  if (collection !== '') writer.writeString(3, collection);
  writer.writeEnum(5, PUT_STATE);
  return writer.getResultBuffer();
}
