import { createHash } from 'node:crypto';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { compareUtf8 } from '@consent-ledger/network/embedded/protobuf/utf8-order';
import type {
  BroadcastResult,
  Channel,
  ChaincodeDefinition,
  HashedValue,
  Ledger,
  Snapshot,
  StateValue,
  TransactionStatus,
} from '@consent-ledger/network/embedded/ports';

const { kvrwset } = ledger.rwset;

interface Tables {
  readonly state: ReadonlyMap<string, StateValue>;
  readonly hashed: ReadonlyMap<string, HashedValue>;
  readonly secrets: ReadonlyMap<string, StateValue>;
}

/**
 * A ledger in memory that commits whatever it is given, one transaction a block, without judging it: enough to watch
 * what the endorsing half makes of proposals. The state is copied on write, so a snapshot is a reference.
 */
export class FakeLedger implements Ledger {
  readonly staged = new Map<string, Map<string, Buffer>>();
  readonly envelopes: Buffer[] = [];
  refuse: BroadcastResult | undefined;
  snapshots = 0;
  private readonly blocks: Buffer[];
  private readonly statuses = new Map<string, TransactionStatus>();
  private tables: Tables = { state: new Map(), hashed: new Map(), secrets: new Map() };
  private waiting: (() => void)[] = [];

  constructor(
    readonly channel: Channel,
    genesis: Buffer,
    readonly definitions: Map<string, ChaincodeDefinition>,
  ) {
    this.blocks = [genesis];
    for (const name of definitions.keys()) {
      const state = new Map(this.tables.state);
      for (const field of ['Sequence', 'EndorsementInfo', 'ValidationInfo', 'Collections']) {
        state.set(`_lifecycle/namespaces/fields/${name}/${field}`, {
          value: Buffer.from('x'),
          version: { block: 0, tx: 0 },
        });
      }
      state.set(`_lifecycle/namespaces/metadata/${name}`, {
        value: Buffer.from('x'),
        version: { block: 0, tx: 0 },
      });
      this.tables = { ...this.tables, state };
    }
  }

  get height(): number {
    return this.blocks.length;
  }

  openSnapshot(): Snapshot {
    const { tables } = this;
    this.snapshots += 1;
    return {
      height: this.height,
      getState: (namespace, key) => tables.state.get(`${namespace}/${key}`),
      range: (namespace, start, end) => range(tables.state, `${namespace}/`, start, end),
      getHashed: (namespace, collection, keyHash) =>
        tables.hashed.get(`${namespace}/${collection}/${keyHash.toString('hex')}`),
      getPrivate: (mspId, namespace, collection, key) =>
        tables.secrets.get(`${mspId}/${namespace}/${collection}/${key}`),
      privateRange: (mspId, namespace, collection, start, end) =>
        range(tables.secrets, `${mspId}/${namespace}/${collection}/`, start, end),
      history: () => [][Symbol.iterator](),
      release: () => {
        this.snapshots -= 1;
      },
    };
  }

  transactionStatus(txId: string): TransactionStatus | undefined {
    return this.statuses.get(txId);
  }

  async waitForTransaction(txId: string, signal: AbortSignal): Promise<TransactionStatus> {
    for (;;) {
      const status = this.statuses.get(txId);
      if (status !== undefined) {
        return status;
      }
      await this.nextCommit(signal);
    }
  }

  block(blockNumber: number): Buffer | undefined {
    return this.blocks[blockNumber];
  }

  async waitForBlock(blockNumber: number, signal: AbortSignal): Promise<Buffer> {
    for (;;) {
      const block = this.blocks[blockNumber];
      if (block !== undefined) {
        return block;
      }
      await this.nextCommit(signal);
    }
  }

  chaincodeDefinition(_snapshot: Snapshot, name: string): ChaincodeDefinition | undefined {
    return this.definitions.get(name);
  }

  broadcast(envelope: Buffer): Promise<BroadcastResult> {
    if (this.refuse === undefined) {
      setImmediate(() => {
        this.commit(envelope);
      });
    }
    return Promise.resolve(this.refuse ?? { status: 200, info: '' });
  }

  stagePrivate(mspId: string, txId: string, privateSet: Buffer): void {
    const sets = this.staged.get(txId) ?? new Map<string, Buffer>();
    sets.set(mspId, privateSet);
    this.staged.set(txId, sets);
  }

  private commit(envelope: Buffer): void {
    this.envelopes.push(envelope);
    const number = this.height;
    const transaction = readTransaction(envelope);
    const state = new Map(this.tables.state);
    const hashed = new Map(this.tables.hashed);
    const secrets = new Map(this.tables.secrets);
    const version = { block: number, tx: 0 };
    for (const namespace of transaction.rwset.getNsRwsetList()) {
      const set = kvrwset.KVRWSet.deserializeBinary(namespace.getRwset_asU8());
      for (const write of set.getWritesList()) {
        const at = `${namespace.getNamespace()}/${write.getKey()}`;
        if (write.getIsDelete()) {
          state.delete(at);
        } else {
          state.set(at, { value: Buffer.from(write.getValue_asU8()), version });
        }
      }
      for (const write of set.getMetadataWritesList()) {
        const at = `${namespace.getNamespace()}/${write.getKey()}`;
        const before = state.get(at);
        if (before !== undefined) {
          const metadata = new Map(
            write.getEntriesList().map((entry) => [entry.getName(), Buffer.from(entry.getValue_asU8())]),
          );
          state.set(at, { ...before, version, metadata });
        }
      }
      for (const collection of namespace.getCollectionHashedRwsetList()) {
        const writes = kvrwset.HashedRWSet.deserializeBinary(
          collection.getHashedRwset_asU8(),
        ).getHashedWritesList();
        for (const write of writes) {
          const keyHash = Buffer.from(write.getKeyHash_asU8()).toString('hex');
          const at = `${namespace.getNamespace()}/${collection.getCollectionName()}/${keyHash}`;
          if (write.getIsDelete()) {
            hashed.delete(at);
          } else {
            hashed.set(at, { valueHash: Buffer.from(write.getValueHash_asU8()), version });
          }
        }
      }
    }
    for (const [mspId, set] of this.staged.get(transaction.txId) ?? []) {
      for (const namespace of ledger.rwset.TxPvtReadWriteSet.deserializeBinary(set).getNsPvtRwsetList()) {
        for (const collection of namespace.getCollectionPvtRwsetList()) {
          for (const write of kvrwset.KVRWSet.deserializeBinary(collection.getRwset_asU8()).getWritesList()) {
            const at = `${mspId}/${namespace.getNamespace()}/${collection.getCollectionName()}/${write.getKey()}`;
            if (write.getIsDelete()) {
              secrets.delete(at);
            } else {
              secrets.set(at, { value: Buffer.from(write.getValue_asU8()), version });
            }
          }
        }
      }
    }
    this.tables = { state, hashed, secrets };
    this.blocks.push(makeBlock(number, envelope));
    this.statuses.set(transaction.txId, { code: 0, blockNumber: number });
    const { waiting } = this;
    this.waiting = [];
    waiting.forEach((wake) => {
      wake();
    });
  }

  private nextCommit(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      signal.addEventListener('abort', () => {
        reject(signal.reason as Error);
      });
    });
  }
}

export function sha256(data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest();
}

export interface ReadTransaction {
  readonly txId: string;
  readonly payload: common.Payload;
  readonly action: peer.ChaincodeActionPayload;
  readonly responsePayload: peer.ProposalResponsePayload;
  readonly chaincodeAction: peer.ChaincodeAction;
  readonly rwset: ledger.rwset.TxReadWriteSet;
}

export function readTransaction(envelope: Buffer): ReadTransaction {
  const payload = common.Payload.deserializeBinary(
    common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
  );
  const header = common.ChannelHeader.deserializeBinary(
    payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
  );
  const [first] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const action = peer.ChaincodeActionPayload.deserializeBinary(first?.getPayload_asU8() ?? new Uint8Array());
  const responsePayload = peer.ProposalResponsePayload.deserializeBinary(
    action.getAction()?.getProposalResponsePayload_asU8() ?? new Uint8Array(),
  );
  const chaincodeAction = peer.ChaincodeAction.deserializeBinary(responsePayload.getExtension_asU8());
  const rwset = ledger.rwset.TxReadWriteSet.deserializeBinary(chaincodeAction.getResults_asU8());
  return { txId: header.getTxId(), payload, action, responsePayload, chaincodeAction, rwset };
}

function makeBlock(number: number, envelope: Buffer): Buffer {
  const header = new common.BlockHeader();
  header.setNumber(number);
  const data = new common.BlockData();
  data.setDataList([envelope]);
  const metadata = new common.BlockMetadata();
  metadata.setMetadataList([
    new Uint8Array(),
    new Uint8Array(),
    Uint8Array.of(0),
    new Uint8Array(),
    new Uint8Array(),
  ]);
  const block = new common.Block();
  block.setHeader(header);
  block.setData(data);
  block.setMetadata(metadata);
  return Buffer.from(block.serializeBinary());
}

function* range(
  table: ReadonlyMap<string, StateValue>,
  prefix: string,
  start: string,
  end: string,
): Generator<{ key: string } & StateValue, undefined> {
  const inside = [...table]
    .filter(([at]) => at.startsWith(prefix))
    .map(([at, found]) => ({ key: at.slice(prefix.length), ...found }))
    .filter(({ key }) => compareUtf8(key, start) >= 0 && (end === '' || compareUtf8(key, end) < 0))
    .sort((left, right) => compareUtf8(left.key, right.key));
  yield* inside;
}
