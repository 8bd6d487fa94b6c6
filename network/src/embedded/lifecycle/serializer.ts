import { peer } from '@hyperledger/fabric-protos';
import { sha256 } from '../../wire-format/index.js';
import type { OpaqueState, ReadableState, WritableState } from './state.js';
import { encodeStateMetadata, readStateBytes, readStateInt64, readStateString } from './state-data.js';

/** Where structures are kept: definitions and approvals, or an organisation's packages. */
export type Section = 'namespaces' | 'chaincode-sources';

/** A structure as the lifecycle writes it: a key a field, and one for its type [core/chaincode/lifecycle/serializer.go]. */
export interface Structure {
  readonly datatype: string;
  /** Serialised lifecycle.StateData each, in the order of the structure. */
  readonly fields: readonly { readonly name: string; readonly value: Buffer }[];
}

export function metadataKey(section: Section, name: string): string {
  return `${section}/metadata/${name}`;
}

export function fieldKey(section: Section, name: string, field: string): string {
  return `${section}/fields/${name}/${field}`;
}

export function readDatatype(
  section: Section,
  name: string,
  state: ReadableState,
): { datatype: string; fields: readonly string[] } | undefined {
  const bytes = state.get(metadataKey(section, name));
  if (bytes === undefined) return undefined;
  const metadata = peer.lifecycle.StateMetadata.deserializeBinary(bytes);
  return { datatype: metadata.getDatatype(), fields: metadata.getFieldsList() };
}

const EMPTY = Buffer.alloc(0);

export function readBytesField(section: Section, name: string, field: string, state: ReadableState): Buffer {
  return readStateBytes(state.get(fieldKey(section, name, field)) ?? EMPTY);
}

export function readTextField(section: Section, name: string, field: string, state: ReadableState): string {
  return readStateString(state.get(fieldKey(section, name, field)) ?? EMPTY);
}

/** 0 where there is none. */
export function readSequence(name: string, state: ReadableState): number {
  return readStateInt64(state.get(fieldKey('namespaces', name, 'Sequence')) ?? EMPTY);
}

/** Writes only what changes. */
export function serialize(section: Section, name: string, structure: Structure, state: WritableState): void {
  const metadata = readDatatype(section, name, state);
  const existing = new Map(
    (metadata?.fields ?? []).map((field) => {
      const key = fieldKey(section, name, field);
      return [key, state.get(key)] as const;
    }),
  );
  for (const { name: field, value } of structure.fields) {
    const key = fieldKey(section, name, field);
    if (existing.get(key)?.equals(value) !== true) state.put(key, value);
    existing.delete(key);
  }
  const isOfAnotherType =
    existing.size > 0 ||
    metadata?.datatype !== structure.datatype ||
    metadata.fields.length !== structure.fields.length;
  if (isOfAnotherType) state.put(metadataKey(section, name), metadataOf(structure));
  for (const key of existing.keys()) state.delete(key);
}

/** In what another organisation's structure differs; nothing when it is the same. */
export function mismatches(
  section: Section,
  name: string,
  structure: Structure,
  state: OpaqueState,
): string[] {
  const type = state.hash(metadataKey(section, name));
  const hashes = structure.fields.map(({ name: field }) => state.hash(fieldKey(section, name, field)));
  if (type?.equals(sha256(metadataOf(structure))) !== true) return [structure.datatype];
  return structure.fields.flatMap(({ name: field, value }, index) =>
    hashes[index]?.equals(sha256(value)) === true ? [] : [field],
  );
}

function metadataOf({ datatype, fields }: Structure): Buffer {
  return encodeStateMetadata(
    datatype,
    fields.map(({ name }) => name),
  );
}
