import type { Version } from '@consent-ledger/network/internal/embedded/ports';
import { ProtoWriter, sha256 } from '@consent-ledger/network/internal/wire-format/index';

/** Reads and writes of one transaction, written down the way a test thinks of them. */
export interface NamespaceSpec {
  /** Key to version; null = read as absent. */
  readonly reads?: Readonly<Record<string, Version | null>>;
  /** Key to value; null = delete. */
  readonly writes?: Readonly<Record<string, string | null>>;
  /** Key to VALIDATION_PARAMETER; null = no entries. */
  readonly metadata?: Readonly<Record<string, Buffer | null>>;
  readonly ranges?: readonly RangeSpec[];
  readonly collections?: Readonly<Record<string, CollectionSpec>>;
}

export interface RangeSpec {
  readonly start: string;
  readonly end: string;
  readonly exhausted: boolean;
  readonly reads?: readonly (readonly [string, Version])[];
  readonly merkle?: {
    readonly maxDegree: number;
    readonly maxLevel: number;
    readonly hashes: readonly Buffer[];
  };
}

export interface CollectionSpec {
  readonly reads?: Readonly<Record<string, Version | null>>;
  /** Clear key to clear value; null = delete. */
  readonly writes?: Readonly<Record<string, string | null>>;
  readonly metadata?: Readonly<Record<string, Buffer | null>>;
  /** Clear keys to purge. */
  readonly purges?: readonly string[];
}

export type RwsetSpec = Readonly<Record<string, NamespaceSpec>>;

export interface EncodedRwset {
  /** Serialised rwset.TxReadWriteSet. */
  readonly public: Buffer;
  /** Serialised rwset.TxPvtReadWriteSet, if anything private is written. */
  readonly private: Buffer | undefined;
}

export function encodeRwset(spec: RwsetSpec): EncodedRwset {
  const tx = new ProtoWriter();
  const privateTx = new ProtoWriter();
  let hasPrivate = false;
  for (const [namespace, of] of Object.entries(spec)) {
    const writer = new ProtoWriter().bytes(1, namespace).bytes(2, kvRwset(of));
    const privateNamespace = new ProtoWriter().bytes(1, namespace);
    for (const [collection, content] of Object.entries(of.collections ?? {})) {
      const hashed = hashedRwset(content);
      const rwset = privateRwset(content);
      writer.present(
        3,
        new ProtoWriter()
          .bytes(1, collection)
          .bytes(2, hashed)
          .bytes(3, rwset === undefined ? undefined : sha256(rwset))
          .finish(),
      );
      if (rwset === undefined) continue;
      hasPrivate = true;
      privateNamespace.present(2, new ProtoWriter().bytes(1, collection).bytes(2, rwset).finish());
    }
    tx.present(2, writer.finish());
    privateTx.present(2, privateNamespace.finish());
  }
  return { public: tx.finish(), private: hasPrivate ? privateTx.finish() : undefined };
}

function kvRwset({ reads, writes, metadata, ranges }: NamespaceSpec): Buffer {
  const writer = new ProtoWriter();
  for (const [key, version] of Object.entries(reads ?? {}))
    writer.present(1, encodeRead(Buffer.from(key), version));
  for (const range of ranges ?? []) writer.present(2, encodeRange(range));
  for (const [key, value] of Object.entries(writes ?? {})) writer.present(3, kvWrite(key, value));
  for (const [key, parameter] of Object.entries(metadata ?? {})) {
    writer.present(4, metadataWrite(Buffer.from(key), parameter));
  }
  return writer.finish();
}

function hashedRwset({ reads, writes, metadata, purges }: CollectionSpec): Buffer {
  const writer = new ProtoWriter();
  for (const [key, version] of Object.entries(reads ?? {}))
    writer.present(1, encodeRead(sha256(key), version));
  for (const [key, value] of Object.entries(writes ?? {})) {
    const write = new ProtoWriter().bytes(1, sha256(key)).bool(2, value === null);
    writer.present(2, write.bytes(3, value === null ? undefined : sha256(value)).finish());
  }
  for (const key of purges ?? []) {
    writer.present(2, new ProtoWriter().bytes(1, sha256(key)).bool(2, true).bool(4, true).finish());
  }
  for (const [key, parameter] of Object.entries(metadata ?? {})) {
    writer.present(3, metadataWrite(sha256(key), parameter));
  }
  return writer.finish();
}

function privateRwset({ writes, purges, metadata }: CollectionSpec): Buffer | undefined {
  if (writes === undefined && purges === undefined && metadata === undefined) return undefined;
  const writer = new ProtoWriter();
  for (const [key, value] of Object.entries(writes ?? {})) writer.present(3, kvWrite(key, value));
  for (const key of purges ?? []) writer.present(3, kvWrite(key, null));
  for (const key of Object.keys(metadata ?? {})) writer.present(4, new ProtoWriter().bytes(1, key).finish());
  return writer.finish();
}

function kvWrite(key: string, value: string | null): Buffer {
  return new ProtoWriter()
    .bytes(1, key)
    .bool(2, value === null)
    .bytes(3, value ?? undefined)
    .finish();
}

function metadataWrite(key: Buffer, parameter: Buffer | null): Buffer {
  const writer = new ProtoWriter().bytes(1, key);
  if (parameter !== null) {
    writer.present(2, new ProtoWriter().bytes(1, 'VALIDATION_PARAMETER').bytes(2, parameter).finish());
  }
  return writer.finish();
}

function encodeRange({ start, end, exhausted, reads, merkle }: RangeSpec): Buffer {
  const writer = new ProtoWriter().bytes(1, start).bytes(2, end).bool(3, exhausted);
  if (reads !== undefined) {
    const raw = new ProtoWriter();
    for (const [key, version] of reads) raw.present(1, encodeRead(Buffer.from(key), version));
    writer.present(4, raw.finish());
  }
  if (merkle !== undefined) {
    const summary = new ProtoWriter().number(1, merkle.maxDegree).number(2, merkle.maxLevel);
    for (const hash of merkle.hashes) summary.present(3, hash);
    writer.present(5, summary.finish());
  }
  return writer.finish();
}

function encodeRead(key: Buffer, version: Version | null): Buffer {
  const writer = new ProtoWriter().bytes(1, key);
  if (version !== null) {
    writer.present(2, new ProtoWriter().number(1, version.block).number(2, version.tx).finish());
  }
  return writer.finish();
}
