import { ProtoWriter, sha256 } from '../../wire-format/index.js';
import type { Snapshot, Version } from '../ports.js';
import { compareBytewise } from '../state/byte-order.js';
import { definitionKeys, LIFECYCLE_NAMESPACE } from './definitions.js';
import { definitionEntries, parameterFields, type DesiredChaincode } from './desired-definition.js';
import { implicitCollectionOf } from './implicit-collections.js';
import { encodeStateMetadata, encodeStateString } from './state-data.js';

/** The simulation results of a lifecycle transaction, as the system chaincode would leave them. */
export interface LifecycleResults {
  /** Serialised rwset.TxReadWriteSet. */
  readonly public: Buffer;
  /** Serialised rwset.TxPvtReadWriteSet; absent when nothing private is written. */
  readonly private?: Buffer;
}

interface Entry {
  readonly key: string;
  readonly value: Buffer;
}

/** Approving: the parameters and the package go into the organisation's own implicit collection. */
export function simulateApproval(
  snapshot: Snapshot,
  chaincode: DesiredChaincode,
  sequence: number,
  mspId: string,
): LifecycleResults {
  const collection = implicitCollectionOf(mspId);
  const writes = approvalEntries(chaincode, sequence).sort(byKey);
  const metadataKeys = writes.filter(({ key }) => key.includes('/metadata/'));
  const hashed = new ProtoWriter();
  for (const { key } of metadataKeys) hashed.present(1, hashedRead(snapshot, collection, key));
  for (const { key, value } of writes) {
    hashed.present(2, new ProtoWriter().bytes(1, sha256(key)).bytes(3, sha256(value)).finish());
  }
  const privateWrites = new ProtoWriter();
  for (const write of writes) privateWrites.present(3, kvWrite(write));
  const rwset = privateWrites.finish();
  const reads = new ProtoWriter()
    .present(1, publicRead(snapshot, LIFECYCLE_NAMESPACE, definitionKeys.field(chaincode.name, 'Sequence')))
    .finish();
  return {
    public: txRwset([
      namespaceRwset(LIFECYCLE_NAMESPACE, reads, [
        collectionRwset(collection, hashed.finish(), sha256(rwset)),
      ]),
    ]),
    private: new ProtoWriter()
      .present(
        2,
        new ProtoWriter()
          .bytes(1, LIFECYCLE_NAMESPACE)
          .present(2, new ProtoWriter().bytes(1, collection).bytes(2, rwset).finish())
          .finish(),
      )
      .finish(),
  };
}

/** Committing: every organisation's approval is looked up by hash, then what changes of the definition is written. */
export function simulateCommit(
  snapshot: Snapshot,
  chaincode: DesiredChaincode,
  sequence: number,
  mspIds: readonly string[],
): LifecycleResults {
  const entries = definitionEntries(chaincode, sequence).sort(byKey);
  const isNew = sequence === 1;
  const read = isNew ? entries.filter(({ key }) => /\/Sequence$|\/metadata\//.test(key)) : entries;
  const rwset = new ProtoWriter();
  for (const { key } of read) rwset.present(1, publicRead(snapshot, LIFECYCLE_NAMESPACE, key));
  for (const entry of entries) {
    const current = snapshot.getState(LIFECYCLE_NAMESPACE, entry.key)?.value;
    if (current?.equals(entry.value) !== true) rwset.present(3, kvWrite(entry));
  }
  const approvals = approvalEntries(chaincode, sequence)
    .filter(({ key }) => key.startsWith('namespaces/'))
    .sort(byKey);
  const collections = [...mspIds].sort(compareBytewise).map((mspId) => {
    const hashed = new ProtoWriter();
    for (const { key } of approvals)
      hashed.present(1, hashedRead(snapshot, implicitCollectionOf(mspId), key));
    return collectionRwset(implicitCollectionOf(mspId), hashed.finish());
  });
  const namespaces = [namespaceRwset(LIFECYCLE_NAMESPACE, rwset.finish(), collections)];
  if (isNew) {
    // A name that is new to the lifecycle could still be one of Fabric's legacy lifecycle.
    const legacy = new ProtoWriter().present(1, publicRead(snapshot, 'lscc', chaincode.name)).finish();
    namespaces.push(namespaceRwset('lscc', legacy, []));
  }
  return { public: txRwset(namespaces) };
}

function approvalEntries(chaincode: DesiredChaincode, sequence: number): Entry[] {
  const name = `${chaincode.name}#${sequence}`;
  const fields = parameterFields(chaincode);
  return [
    ...fields.map((field) => ({ key: definitionKeys.field(name, field.name), value: field.value })),
    {
      key: definitionKeys.metadata(name),
      value: encodeStateMetadata(
        'ChaincodeParameters',
        fields.map((field) => field.name),
      ),
    },
    {
      key: `chaincode-sources/fields/${name}/PackageID`,
      value: encodeStateString(chaincode.packageId ?? ''),
    },
    {
      key: `chaincode-sources/metadata/${name}`,
      value: encodeStateMetadata('ChaincodeLocalPackage', ['PackageID']),
    },
  ];
}

function byKey(a: Entry, b: Entry): number {
  return compareBytewise(a.key, b.key);
}

function kvWrite({ key, value }: Entry): Buffer {
  return new ProtoWriter().bytes(1, key).bytes(3, value).finish();
}

function publicRead(snapshot: Snapshot, namespace: string, key: string): Buffer {
  return read(Buffer.from(key, 'utf8'), snapshot.getState(namespace, key)?.version);
}

function hashedRead(snapshot: Snapshot, collection: string, key: string): Buffer {
  const keyHash = sha256(key);
  return read(keyHash, snapshot.getHashed(LIFECYCLE_NAMESPACE, collection, keyHash)?.version);
}

function read(key: Buffer, version: Version | undefined): Buffer {
  const writer = new ProtoWriter().bytes(1, key);
  if (version !== undefined) {
    writer.present(2, new ProtoWriter().number(1, version.block).number(2, version.tx).finish());
  }
  return writer.finish();
}

function collectionRwset(collection: string, hashed: Buffer, privateHash?: Buffer): Buffer {
  return new ProtoWriter().bytes(1, collection).bytes(2, hashed).bytes(3, privateHash).finish();
}

function namespaceRwset(namespace: string, rwset: Buffer, collections: readonly Buffer[]): Buffer {
  const writer = new ProtoWriter().bytes(1, namespace).bytes(2, rwset);
  for (const collection of collections) writer.present(3, collection);
  return writer.finish();
}

function txRwset(namespaces: readonly Buffer[]): Buffer {
  const writer = new ProtoWriter();
  for (const namespace of namespaces) writer.present(2, namespace);
  return writer.finish();
}
