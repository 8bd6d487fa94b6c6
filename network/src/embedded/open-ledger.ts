import type { DatabaseSync } from 'node:sqlite';
import { dataHash, encodeBlock, MetadataSlot, readBlock, type Block } from '../wire-format/index.js';
import { Committer, type Stores } from './commit/committer.js';
import { PrivateGathering } from './commit/private-gathering.js';
import { Reconciliation } from './commit/reconciliation.js';
import { readChannelConfig } from './config/channel-config.js';
import { LiveChannel } from './config/live-channel.js';
import { EmbeddedLedger } from './embedded-ledger.js';
import { Definitions } from './lifecycle/definitions.js';
import type { DesiredChaincode } from './lifecycle/desired-definition.js';
import { ensureChaincode, type LifecycleOrganization } from './lifecycle/ensure-chaincode.js';
import { DEFAULT_PATIENCE_MS, IDEAL, type PeerConditions } from './peers/conditions.js';
import { openStores } from './open-stores.js';
import { PeerLedgers } from './peers/peer-ledgers.js';
import type { PeerSigner } from './ports.js';
import { encodeAnnex } from './state/previous-state.js';
import { openDatabase, openTransientDatabase, requireSoundPages } from './store/database.js';
import { damaged, explainSqlite, StoreError } from './store/store-error.js';
import { TipWitness } from './store/tip-witness.js';
import { TransientStore } from './store/transient-store.js';
import { claimedTransactionId } from './validation/syntax.js';
import { ValidationCode } from './validation/codes.js';
import { DefinedGovernance } from './validation/governance.js';
import { Validator } from './validation/validator.js';
import { explainDamage, inTurns, requireWitnessedTip } from './verification/damage.js';
import { BLOCK_VALIDATION, verifyLedger, type VerifiedLedger } from './verification/verify-ledger.js';

export interface LedgerOptions {
  /** Folder of the store; made if need be. One process at a time. */
  readonly folder: string;
  /** Serialised common.Block. */
  readonly genesisBlock: Uint8Array;
  /** Signs blocks; has to satisfy the channel's BlockValidation policy. */
  readonly orderer: PeerSigner;
  readonly organizations: readonly LifecycleOrganization[];
  /** Brought onto the ledger, with every organisation's approval, when it does not have them yet. */
  readonly chaincodes: readonly DesiredChaincode[];
  /** By MSP id, what is not at its best with a peer; nothing by default. */
  readonly conditions?: ReadonlyMap<string, PeerConditions>;
  /** Milliseconds that a peer waits for private data before it goes on without; two seconds by default. */
  readonly privateDataPatienceMs?: number;
  /** Size in bytes at which the store counts as full; as much as the disk holds by default. */
  readonly maxBytes?: number;
  /** Milliseconds since the epoch; the machine's clock by default. */
  readonly now?: () => number;
  /** Called now and then while the stored blocks are verified, and when all are. */
  readonly onProgress?: (verified: number, blocks: number) => void;
  /** Called once if the ledger stops by itself, for instance because the disk is full. */
  readonly onFailure?: (error: unknown) => void;
}

export type OpenLedger = EmbeddedLedger & { close(): Promise<void> };

/**
 * Opens the ledger: verifies all of it first, and refuses a store that is damaged, belongs to another genesis
 * block, is in use or cannot be written.
 * @throws StoreError
 */
export async function openLedger(options: LedgerOptions): Promise<OpenLedger> {
  const { folder } = options;
  const database = openDatabase(folder, options.maxBytes);
  let transient: DatabaseSync | undefined;
  try {
    const genesis = readBlock(options.genesisBlock);
    const channel = new LiveChannel(
      readChannelConfig(genesis),
      options.organizations.map(({ peer }) => peer.serializedIdentity),
    );
    const stores = openStores(database);
    const storedGenesis = genesisAsStored(genesis);
    if (stores.blocks.height === 0) writeGenesis(stores, storedGenesis);
    requireSameGenesis(stores, storedGenesis, folder);
    const verified = await verify(stores, channel, storedGenesis, options);
    requireSoundPages(database, folder, stores.blocks.height);
    requireOrderer(channel, options.orderer);
    transient = openTransientDatabase(folder);
    const witness = new TipWitness(transient);
    requireWitnessedTip(stores.blocks, witness, folder);
    const ledger = assemble(
      options,
      stores,
      { transient: new TransientStore(transient), witness },
      channel,
      verified,
    );
    const { now = Date.now } = options;
    for (const chaincode of options.chaincodes)
      ensureChaincode(ledger, options.organizations, chaincode, now);
    // The peers' views begin where the ledger is, whatever holds them up from now on.
    for (const { mspId } of options.organizations) {
      ledger.setConditions(mspId, options.conditions?.get(mspId) ?? IDEAL);
    }
    return Object.assign(ledger, { close: closing(ledger, [database, transient]) });
  } catch (error) {
    transient?.close();
    database.close();
    throw explainDamage(error, folder, 0);
  }
}

/** Blocks by an orderer that may not sign them would be refused when the ledger is opened the next time. */
function requireOrderer(channel: LiveChannel, orderer: PeerSigner): void {
  const data = Buffer.from('probe');
  const signed = { data, identity: orderer.serializedIdentity, signature: orderer.sign(data) };
  const refusal = channel.policyRefusal(BLOCK_VALIDATION, [signed]);
  if (refusal !== undefined) {
    throw new Error(`the orderer of ${orderer.mspId} may not sign blocks of this channel: ${refusal}`);
  }
}

/** Peers mark the genesis block's one transaction as valid; it has no commit hash. */
function genesisAsStored(genesis: Block): Block {
  const metadata = [0, 1, 2, 3, 4].map((slot) => genesis.metadata[slot] ?? Buffer.alloc(0));
  metadata[MetadataSlot.TRANSACTIONS_FILTER] = Buffer.from([ValidationCode.VALID]);
  return { ...genesis, metadata };
}

function writeGenesis({ database, blocks, state }: Stores, genesis: Block): void {
  const bytes = encodeBlock(genesis);
  database.exec('BEGIN IMMEDIATE');
  blocks.write(0, bytes, encodeAnnex({ privateSets: 0, kept: [] }));
  const txId = claimedTransactionId(genesis.transactions[0] ?? Buffer.alloc(0));
  if (txId !== '') blocks.writeTransaction(txId, 0, 0, ValidationCode.VALID);
  database.exec('COMMIT');
  blocks.advance(0, bytes);
  state.skipGenesis();
}

function requireSameGenesis({ blocks }: Stores, genesis: Block, folder: string): void {
  const stored = blocks.read(0);
  if (stored === undefined) throw damaged(folder, 0, 'it is missing');
  if (stored.equals(encodeBlock(genesis))) return;
  // A genesis block of another consortium reads well; one that was altered on the disk rarely does.
  if (!isConsistent(stored)) throw damaged(folder, 0, 'the genesis block was altered');
  throw new StoreError(
    'foreign',
    `the ledger in ${folder} belongs to another genesis block. Use another --data-dir, or start anew with "consent-ledger reset"`,
  );
}

function isConsistent(stored: Buffer): boolean {
  try {
    const block = readBlock(stored);
    readChannelConfig(block);
    return block.header.dataHash.equals(dataHash(block.transactions)) && encodeBlock(block).equals(stored);
  } catch {
    return false; // Whatever cannot be read is not whole.
  }
}

async function verify(
  stores: Stores,
  channel: LiveChannel,
  genesis: Block,
  { folder, onProgress }: LedgerOptions,
): Promise<VerifiedLedger> {
  return inTurns(verifyLedger(stores, channel, encodeBlock(genesis)), folder, (verified) => {
    onProgress?.(verified, stores.blocks.height);
  });
}

function assemble(
  options: LedgerOptions,
  stores: Stores,
  beside: { readonly transient: TransientStore; readonly witness: TipWitness },
  channel: LiveChannel,
  verified: VerifiedLedger,
): EmbeddedLedger {
  const definitions = new Definitions(stores.state);
  const validator = new Validator(
    channel,
    stores.state,
    new DefinedGovernance(channel, definitions),
    (txId) => stores.blocks.transaction(txId) !== undefined,
  );
  const peers = new PeerLedgers();
  const conditions = (mspId: string): PeerConditions => peers.conditionsOf(mspId);
  const gathering = new PrivateGathering({
    definitions,
    staged: (txId) => beside.transient.staged(txId),
    conditions,
    patienceMs: options.privateDataPatienceMs ?? DEFAULT_PATIENCE_MS,
  });
  return new EmbeddedLedger({
    channel,
    stores,
    ...beside,
    committer: new Committer(stores, validator, gathering, verified.commitHash),
    definitions,
    peers,
    reconciliation: new Reconciliation(stores, definitions, conditions, (error) => {
      options.onFailure?.(error);
    }),
    orderer: options.orderer,
    tip: verified,
    now: options.now ?? Date.now,
    onFailure: options.onFailure ?? (() => undefined),
    explain: (error, block) => explainSqlite(error, options.folder, block),
  });
}

/** Commits what is pending, then closes in the reverse order of opening. */
function closing(ledger: EmbeddedLedger, databases: readonly DatabaseSync[]): () => Promise<void> {
  let isClosed = false;
  return () => {
    if (isClosed) return Promise.resolve();
    isClosed = true;
    ledger.flush();
    ledger.stop('the ledger is closed');
    for (const database of databases.toReversed()) database.close();
    return Promise.resolve();
  };
}
