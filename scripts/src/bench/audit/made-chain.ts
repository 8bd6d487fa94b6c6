import { createHash } from 'node:crypto';
import { dataHash, headerHash, ledgerIdOf, type BlockHeader } from '@consent-ledger/audit';
import { common, ledger, msp, peer } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';

const CHANNEL = 'consent';
const CHAINCODE = 'consent-ledger';

/** What a made transaction writes. */
export interface MadeWrite {
  /** '' for public state. */
  readonly collection: string;
  readonly key: string;
  /** Absent: deleted, or purged. */
  readonly value?: Buffer;
}

export interface MadeTransaction {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly writes: readonly MadeWrite[];
  /** protos.TxValidationCode; valid of itself. */
  readonly code?: number;
}

/**
 * Blocks as a peer delivers them, made in memory: a chain of headers over envelopes with read-write sets, and private sets.
 * Nobody signed them, so they are for what does not look at signatures of peers and orderers.
 */
export class MadeChain {
  readonly #headers: BlockHeader[] = [];

  get height(): number {
    return this.#headers.length;
  }

  /** Fingerprint; the first block must have been made. */
  get ledgerId(): string {
    const [genesis] = this.#headers;
    if (genesis === undefined) throw new RangeError('there is no genesis block yet');
    return ledgerIdOf(genesis);
  }

  block(transactions: readonly MadeTransaction[]): peer.BlockAndPrivateData {
    const number = this.#headers.length;
    const envelopes = transactions.map((transaction, index) =>
      envelopeOf(transaction, transactionId(number, index)),
    );
    const last = this.#headers.at(-1);
    const header = {
      number,
      previousHash: last === undefined ? Buffer.alloc(0) : headerHash(last),
      dataHash: dataHash(envelopes),
    };
    this.#headers.push(header);
    return delivered(header, envelopes, transactions);
  }
}

/** Id of a made transaction. */
export function transactionId(block: number, index: number): string {
  return createHash('sha256').update(`${block} ${index}`).digest('hex');
}

function delivered(
  header: BlockHeader,
  envelopes: readonly Uint8Array[],
  transactions: readonly MadeTransaction[],
): peer.BlockAndPrivateData {
  const block = new common.Block();
  const blockHeader = new common.BlockHeader();
  blockHeader.setNumber(header.number);
  blockHeader.setPreviousHash(header.previousHash);
  blockHeader.setDataHash(header.dataHash);
  block.setHeader(blockHeader);
  const data = new common.BlockData();
  data.setDataList([...envelopes]);
  block.setData(data);
  const metadata = new common.BlockMetadata();
  const slots = [new Uint8Array(), new Uint8Array(), Uint8Array.from(transactions, ({ code = 0 }) => code)];
  metadata.setMetadataList(slots);
  block.setMetadata(metadata);
  const answer = new peer.BlockAndPrivateData();
  answer.setBlock(block);
  transactions.forEach(({ writes }, index) => {
    const set = privateSet(writes);
    if (set !== undefined) answer.getPrivateDataMapMap().set(index, set);
  });
  return answer;
}

function envelopeOf({ at, writes }: MadeTransaction, id: string): Uint8Array {
  const header = new common.ChannelHeader();
  header.setType(common.HeaderType.ENDORSER_TRANSACTION);
  header.setChannelId(CHANNEL);
  header.setTxId(id);
  const timestamp = new timestamps.Timestamp();
  timestamp.setSeconds(Math.floor(at / 1_000));
  timestamp.setNanos((at % 1_000) * 1_000_000);
  header.setTimestamp(timestamp);
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(new msp.SerializedIdentity().serializeBinary());
  const payloadHeader = new common.Header();
  payloadHeader.setChannelHeader(header.serializeBinary());
  payloadHeader.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(payloadHeader);
  payload.setData(transactionOf(writes).serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope.serializeBinary();
}

function transactionOf(writes: readonly MadeWrite[]): peer.Transaction {
  const results = new ledger.rwset.TxReadWriteSet();
  results.setNsRwsetList([namespaceOf(writes)]);
  const action = new peer.ChaincodeAction();
  action.setResults(results.serializeBinary());
  const response = new peer.ProposalResponsePayload();
  response.setExtension$(action.serializeBinary());
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(response.serializeBinary());
  const payload = new peer.ChaincodeActionPayload();
  payload.setAction(endorsed);
  const transactionAction = new peer.TransactionAction();
  transactionAction.setPayload(payload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.setActionsList([transactionAction]);
  return transaction;
}

function namespaceOf(writes: readonly MadeWrite[]): ledger.rwset.NsReadWriteSet {
  const set = new ledger.rwset.kvrwset.KVRWSet();
  set.setWritesList(writes.filter(({ collection }) => collection === '').map(plainWrite));
  const space = new ledger.rwset.NsReadWriteSet();
  space.setNamespace(CHAINCODE);
  space.setRwset(set.serializeBinary());
  space.setCollectionHashedRwsetList(
    [...byCollection(writes)].map(([collection, own]) => {
      const hashes = new ledger.rwset.kvrwset.HashedRWSet();
      hashes.setHashedWritesList(own.map(hashedWrite));
      const hashed = new ledger.rwset.CollectionHashedReadWriteSet();
      hashed.setCollectionName(collection);
      hashed.setHashedRwset(hashes.serializeBinary());
      return hashed;
    }),
  );
  return space;
}

function privateSet(writes: readonly MadeWrite[]): ledger.rwset.TxPvtReadWriteSet | undefined {
  const there = writes.filter(({ value }) => value !== undefined);
  const sets = [...byCollection(there)].map(([collection, own]) => {
    const values = new ledger.rwset.kvrwset.KVRWSet();
    values.setWritesList(own.map(plainWrite));
    const set = new ledger.rwset.CollectionPvtReadWriteSet();
    set.setCollectionName(collection);
    set.setRwset(values.serializeBinary());
    return set;
  });
  if (sets.length === 0) return undefined;
  const space = new ledger.rwset.NsPvtReadWriteSet();
  space.setNamespace(CHAINCODE);
  space.setCollectionPvtRwsetList(sets);
  const all = new ledger.rwset.TxPvtReadWriteSet();
  all.setNsPvtRwsetList([space]);
  return all;
}

function byCollection(writes: readonly MadeWrite[]): Map<string, MadeWrite[]> {
  const collections = new Map<string, MadeWrite[]>();
  for (const write of writes) {
    if (write.collection === '') continue;
    collections.set(write.collection, [...(collections.get(write.collection) ?? []), write]);
  }
  return collections;
}

function plainWrite({ key, value }: MadeWrite): ledger.rwset.kvrwset.KVWrite {
  const write = new ledger.rwset.kvrwset.KVWrite();
  write.setKey(key);
  if (value === undefined) write.setIsDelete(true);
  else write.setValue(value);
  return write;
}

function hashedWrite({ key, value }: MadeWrite): ledger.rwset.kvrwset.KVWriteHash {
  const write = new ledger.rwset.kvrwset.KVWriteHash();
  write.setKeyHash(createHash('sha256').update(key).digest());
  if (value === undefined) write.setIsDelete(true);
  else write.setValueHash(createHash('sha256').update(value).digest());
  return write;
}
