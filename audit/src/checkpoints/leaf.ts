import { hash } from 'node:crypto';
import { canonicalBytes, primitives, z } from '@consent-ledger/chaincode/wire';
import type { DeliveredTransaction } from '../history/delivered-block.js';
import type { KeyWrite } from '../write-sets.js';
import { leafHash } from './merkle-proofs.js';

/**
 * One write of a valid transaction, as every member can read it in the block: for each public write and each hash of a private one, in
 * the order of the transaction's write set; and one for each configuration of the channel. So what once was in the history is in the tree for ever, whatever happens to its key.
 */
export const historyLeaf = z.strictObject({
  v: z.literal(1),
  block: z.int().min(0),
  /** Place in the block. */
  tx: z.int().min(0),
  transaction: z.string().max(128),
  /** The transaction's timestamp. */
  at: primitives.instant,
  /** Name of the chaincode. */
  namespace: z.string().max(128),
  /** '' for public state. */
  collection: z.string().max(128),
  /** SHA-256 of the key. */
  key: primitives.digest,
  /** SHA-256 of the value; absent where the key was deleted or purged. */
  value: primitives.digest.exactOptional(),
});
export type HistoryLeaf = z.infer<typeof historyLeaf>;

/** The leaves of a transaction; none where it is not valid. */
export function leavesOf(block: number, transaction: DeliveredTransaction): HistoryLeaf[] {
  const { index, id, at, writes } = transaction;
  return writes.map((write) => ({
    v: 1,
    block,
    tx: index,
    transaction: id,
    at: statedInstant(at),
    namespace: write.namespace,
    collection: write.collection,
    key: keyHashOf(write).toString('base64url'),
    ...(!write.isDelete && { value: valueHashOf(write).toString('base64url') }),
  }));
}

/** Key of a leaf that is a configuration of the channel: Fabric's own, in the namespace ''. */
export const CONFIGURATION_KEY = hash('sha256', 'resourcesconfigtx.CHANNEL_CONFIG_KEY', 'base64url');

/** The leaf of a configuration transaction; its value is the whole envelope. */
export function configurationLeaf(
  block: number,
  { index, id, at }: DeliveredTransaction,
  envelope: Uint8Array,
): HistoryLeaf {
  return {
    v: 1,
    block,
    tx: index,
    transaction: id,
    at: statedInstant(at),
    namespace: '',
    collection: '',
    key: CONFIGURATION_KEY,
    value: hash('sha256', envelope, 'base64url'),
  };
}

const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z');

/** FHIR instant of what a transaction states as its time, which may be anything: chaincode of Fabric's own does not look at it. */
export function statedInstant(at: number): string {
  return new Date(Math.min(Math.max(at, 0), LAST_INSTANT)).toISOString();
}

/** What the tree has of it (RFC 9162 section 2.1.1). */
export function hashOfLeaf(leaf: HistoryLeaf): Buffer {
  return leafHash(canonicalBytes(leaf));
}

function keyHashOf({ collection, key }: KeyWrite): Buffer {
  const bytes = Buffer.from(key, 'latin1');
  return collection === '' ? hash('sha256', bytes, 'buffer') : bytes;
}

function valueHashOf({ collection, value }: KeyWrite): Buffer {
  return collection === '' ? hash('sha256', value, 'buffer') : Buffer.from(value);
}
