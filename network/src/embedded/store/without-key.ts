import { len, ProtoReader, ProtoWriter } from '../../wire-format/index.js';

/** A serialised kvrwset.KVRWSet without any write or metadata write of a key. */
export function withoutKey(rwset: Buffer, key: string): Buffer {
  const reader = new ProtoReader(rwset);
  const writer = new ProtoWriter();
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag !== len(3) && tag !== len(4)) {
      reader.skip(tag);
      continue;
    }
    const write = reader.bytes();
    if (keyOf(write) !== key) writer.present(tag >>> 3, write);
  }
  return writer.finish();
}

function keyOf(write: Buffer): string {
  const reader = new ProtoReader(write);
  let key = '';
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === len(1)) key = reader.string();
    else reader.skip(tag);
  }
  return key;
}
