import { createHash } from 'node:crypto';
import { common, gateway, ledger, peer } from '@hyperledger/fabric-protos';
import {
  NEVER_WRITTEN,
  type HashedWrite,
  type LedgerBlock,
  type LedgerTransaction,
  type PrivateWrite,
  type PublicWrite,
  type Version,
} from '../../ports/ledger.js';

/**
 * Takes a block of the own peer apart; of private writes only those of `chaincode`, since another chaincode may have
 * collections of the same names. Throws an Error where it is not what Fabric makes.
 */
export function readBlock(delivered: peer.BlockAndPrivateData, chaincode: string): LedgerBlock {
  const block = defined(delivered.getBlock(), 'block');
  const header = defined(block.getHeader(), 'header');
  const codes = defined(block.getMetadata(), 'metadata').getMetadataList_asU8()[
    common.BlockMetadataIndex.TRANSACTIONS_FILTER
  ];
  const secrets = delivered.getPrivateDataMapMap();
  const transactions = defined(block.getData(), 'data')
    .getDataList_asU8()
    .map((envelope, index) => readTransaction(envelope, index, codes?.[index], secrets.get(index), chaincode))
    .filter((transaction) => transaction !== undefined);
  return { number: header.getNumber(), hash: headerHash(header), transactions };
}

function readTransaction(
  bytes: Uint8Array,
  index: number,
  code: number | undefined,
  secrets: ledger.rwset.TxPvtReadWriteSet | undefined,
  chaincode: string,
): LedgerTransaction | undefined {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(bytes).getPayload_asU8(),
  );
  const header = common.ChannelHeader.deserializeBinary(
    defined(payload.getHeader(), 'header').getChannelHeader_asU8(),
  );
  if (header.getType() !== common.HeaderType.ENDORSER_TRANSACTION) return undefined;
  const valid = code === peer.TxValidationCode.VALID;
  const timestamp = defined(header.getTimestamp(), 'timestamp');
  return {
    index,
    id: header.getTxId(),
    valid,
    code: nameOfCode(code),
    at: timestamp.getSeconds() * 1000 + Math.floor(timestamp.getNanos() / 1_000_000),
    // What an invalid transaction would have written is nobody's business: it did not.
    ...(valid
      ? { ...readWrites(payload.getData_asU8(), chaincode), private: readSecrets(secrets, chaincode) }
      : NOTHING),
  };
}

const NOTHING = { writes: [], hashed: [], private: [] } as const;

function readWrites(data: Uint8Array, chaincode: string): { writes: PublicWrite[]; hashed: HashedWrite[] } {
  const writes: PublicWrite[] = [];
  const hashed: HashedWrite[] = [];
  for (const set of readWriteSets(data)) {
    writes.push(...publicWrites(set));
    if (set.getNamespace() !== chaincode) continue;
    hashed.push(...set.getCollectionHashedRwsetList().flatMap(hashedWrites));
  }
  return { writes, hashed };
}

function readWriteSets(data: Uint8Array): ledger.rwset.NsReadWriteSet[] {
  return peer.Transaction.deserializeBinary(data)
    .getActionsList()
    .flatMap((action) => {
      const payload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
      const response = peer.ProposalResponsePayload.deserializeBinary(
        defined(payload.getAction(), 'action').getProposalResponsePayload_asU8(),
      );
      const results = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8()).getResults_asU8();
      return ledger.rwset.TxReadWriteSet.deserializeBinary(results).getNsRwsetList();
    });
}

/** The version of a public key of `chaincode` that a prepared transaction read; undefined where it did not read it. */
export function versionRead(prepared: Uint8Array, chaincode: string, key: string): Version | undefined {
  const envelope = defined(gateway.PreparedTransaction.deserializeBinary(prepared).getEnvelope(), 'envelope');
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  for (const set of readWriteSets(payload.getData_asU8())) {
    if (set.getNamespace() !== chaincode) continue;
    const reads = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8()).getReadsList();
    const read = reads.find((one) => one.getKey() === key);
    if (read === undefined) continue;
    const version = read.getVersion();
    return version === undefined
      ? NEVER_WRITTEN
      : { block: version.getBlockNum(), place: version.getTxNum() };
  }
  return undefined;
}

function publicWrites(set: ledger.rwset.NsReadWriteSet): PublicWrite[] {
  const namespace = set.getNamespace();
  return ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8())
    .getWritesList()
    .map((write) => ({
      namespace,
      key: write.getKey(),
      ...(write.getIsDelete() ? {} : { value: Buffer.from(write.getValue_asU8()) }),
    }));
}

function hashedWrites(set: ledger.rwset.CollectionHashedReadWriteSet): HashedWrite[] {
  const collection = set.getCollectionName();
  return ledger.rwset.kvrwset.HashedRWSet.deserializeBinary(set.getHashedRwset_asU8())
    .getHashedWritesList()
    .map((write) => ({
      collection,
      keyHash: hex(write.getKeyHash_asU8()),
      ...(write.getIsDelete() || write.getIsPurge() ? {} : { valueHash: hex(write.getValueHash_asU8()) }),
      purged: write.getIsPurge(),
    }));
}

function readSecrets(secrets: ledger.rwset.TxPvtReadWriteSet | undefined, chaincode: string): PrivateWrite[] {
  if (secrets === undefined) return [];
  const own = secrets.getNsPvtRwsetList().filter((set) => set.getNamespace() === chaincode);
  return own.flatMap((namespace) =>
    namespace.getCollectionPvtRwsetList().flatMap((set) =>
      ledger.rwset.kvrwset.KVRWSet.deserializeBinary(set.getRwset_asU8())
        .getWritesList()
        .filter((write) => !write.getIsDelete())
        .map((write) => ({
          collection: set.getCollectionName(),
          key: write.getKey(),
          value: Buffer.from(write.getValue_asU8()),
        })),
    ),
  );
}

/** SHA-256 of the header in ASN.1 DER: SEQUENCE of number, previous hash and data hash, as Fabric chains blocks. */
function headerHash(header: common.BlockHeader): string {
  const body = Buffer.concat([
    der(0x02, integer(header.getNumber())),
    der(0x04, header.getPreviousHash_asU8()),
    der(0x04, header.getDataHash_asU8()),
  ]);
  return createHash('sha256').update(der(0x30, body)).digest('hex');
}

function der(tag: number, content: Uint8Array): Buffer {
  // All three parts and the whole stay below 128 bytes: hashes of 32, a number of at most 8.
  return Buffer.concat([Buffer.of(tag, content.length), content]);
}

function integer(value: number): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
}

const CODES = new Map<number, string>(
  Object.entries(peer.TxValidationCode).map(([name, code]) => [code, name]),
);

/** Name of one of Fabric's validation codes. */
export function nameOfCode(code: number | undefined): string {
  return CODES.get(code ?? peer.TxValidationCode.NOT_VALIDATED) ?? `CODE_${code ?? 'NONE'}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function defined<Value>(value: Value | undefined, part: string): Value {
  if (value === undefined) throw new Error(`a block or transaction without ${part}`);
  return value;
}
