import { hash } from 'node:crypto';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { writesOf, type KeyWrite } from '../write-sets.js';

/** A block as a peer delivers it to a member of collections: protos.BlockAndPrivateData. */
export interface DeliveredBlock {
  readonly number: number;
  readonly transactions: readonly DeliveredTransaction[];
}

export interface DeliveredTransaction {
  /** Place in the block. */
  readonly index: number;
  readonly id: string;
  /** protos.TxValidationCode */
  readonly code: number;
  /** Timestamp of the transaction: what a decision takes for the time, epoch milliseconds. */
  readonly at: number;
  /** Public values and hashes of private ones, in the order of the write set; empty where it is not valid. */
  readonly writes: readonly KeyWrite[];
  /** What the peer holds of the private values. */
  readonly values: readonly PrivateValue[];
}

export interface PrivateValue {
  readonly namespace: string;
  readonly collection: string;
  readonly key: string;
  /** As {@link hashKey} makes it. */
  readonly keyHash: string;
  readonly value: Buffer;
}

/** @throws Error where it is not what a peer delivers */
export function readDelivered(delivered: peer.BlockAndPrivateData): DeliveredBlock {
  const block = delivered.getBlock();
  const header = block?.getHeader();
  if (block === undefined || header === undefined) throw new Error('a block without header');
  const codes =
    block.getMetadata()?.getMetadataList_asU8()[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ??
    new Uint8Array();
  const secrets = delivered.getPrivateDataMapMap();
  const transactions = (block.getData()?.getDataList_asU8() ?? []).map((envelope, index) =>
    readTransaction(envelope, index, codes[index], secrets.get(index)),
  );
  return { number: header.getNumber(), transactions };
}

/** @throws Error where it is not a transaction */
export function readTransaction(
  envelope: Uint8Array,
  index: number,
  code: number = peer.TxValidationCode.NOT_VALIDATED,
  secrets?: ledger.rwset.TxPvtReadWriteSet,
): DeliveredTransaction {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  const header = common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
  const timestamp = header.getTimestamp();
  const isValid = code === peer.TxValidationCode.VALID;
  return {
    index,
    id: header.getTxId(),
    code,
    at: (timestamp?.getSeconds() ?? 0) * 1_000 + Math.floor((timestamp?.getNanos() ?? 0) / 1_000_000),
    writes: isValid ? (writesOf(envelope)?.writes ?? []) : [],
    values: isValid && secrets !== undefined ? readValues(secrets) : [],
  };
}

function readValues(secrets: ledger.rwset.TxPvtReadWriteSet): PrivateValue[] {
  return secrets.getNsPvtRwsetList().flatMap((space) =>
    space.getCollectionPvtRwsetList().flatMap((set) =>
      ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8())
        .getWritesList()
        .filter((write) => !write.getIsDelete())
        .map((write) => ({
          namespace: space.getNamespace(),
          collection: set.getCollectionName(),
          key: write.getKey(),
          keyHash: hashKey(write.getKey()),
          value: Buffer.from(write.getValue_asU8()),
        })),
    ),
  );
}

/** SHA-256 as latin1 text, as {@link KeyWrite} has keys of private values. */
export function hashKey(key: string): string {
  return hash('sha256', key, 'buffer').toString('latin1');
}
