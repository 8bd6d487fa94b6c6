import { len, ProtoReader, ProtoWriter, type MetadataEntry } from '../../wire-format/index.js';
import type { Metadata } from '../ports.js';

/** Metadata of a key as bytes: the entries as kvrwset.KVMetadataWrite holds them. */
export function encodeMetadataEntries(metadata: Metadata): Buffer {
  const writer = new ProtoWriter();
  for (const [name, value] of metadata) {
    writer.present(2, new ProtoWriter().bytes(1, name).bytes(2, value).finish());
  }
  return writer.finish();
}

export function readMetadataEntries(bytes: Uint8Array): Metadata {
  const metadata = new Map<string, Buffer>();
  const reader = new ProtoReader(bytes);
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag !== len(2)) {
      reader.skip(tag);
      continue;
    }
    const entry = new ProtoReader(reader.bytes());
    let name = '';
    let value: Buffer = Buffer.alloc(0);
    for (let inner = entry.next(); inner !== 0; inner = entry.next()) {
      if (inner === len(1)) name = entry.string();
      else if (inner === len(2)) value = entry.bytes();
      else entry.skip(inner);
    }
    metadata.set(name, value);
  }
  return metadata;
}

/** The metadata that a write leaves; no entries remove it. */
export function metadataOf(entries: readonly MetadataEntry[]): Metadata | undefined {
  if (entries.length === 0) return undefined;
  return new Map(entries.map(({ name, value }) => [name, Buffer.from(value)]));
}
