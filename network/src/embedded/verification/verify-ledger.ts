import {
  dataHash,
  encodeBlock,
  headerBytes,
  headerHash,
  lastConfigIndex,
  MetadataSlot,
  readBlock,
  readMetadata,
  readSignatureHeader,
  type Block,
  type BlockHeader,
} from '../../wire-format/index.js';
import type { Stores } from '../commit/committer.js';
import { readChannelConfig } from '../config/channel-config.js';
import type { LiveChannel } from '../config/live-channel.js';
import { commitHash } from '../state/commit-hash.js';
import { readAnnex } from '../state/previous-state.js';
import { rederiveUpdates, type RederivedTransaction } from './rederive.js';
import { StateComparison } from './state-comparison.js';
import { IndexComparison } from './index-comparison.js';
import { Mismatch } from './mismatch.js';
import { PrivateComparison } from './private-comparison.js';

export const BLOCK_VALIDATION = '/Channel/Orderer/BlockValidation';

const SLOTS = 5;

export interface VerifiedLedger {
  readonly header: BlockHeader;
  readonly lastConfigIndex: number;
  /** Value of the tip's COMMIT_HASH; empty for the genesis block. */
  readonly commitHash: Buffer;
}

/**
 * Reads the whole ledger and compares everything with everything: headers with the chain and their data, orderer
 * signatures with the channel's policy, commit hashes and codes with the updates that follow from the blocks, the
 * world state, the indexes and the private sets with the blocks. A block at a time, so that a caller can show how
 * far it is and give others a turn.
 * @param genesis The genesis block as it would be stored.
 * @throws Mismatch naming the block.
 */
export function* verifyLedger(
  stores: Stores,
  channel: LiveChannel,
  genesis: Buffer,
): Generator<number, VerifiedLedger> {
  const state = new StateComparison(stores);
  const indexes = new IndexComparison(stores);
  const privateSets = new PrivateComparison(stores);
  let previous: BlockHeader | undefined;
  let verified: VerifiedLedger | undefined;
  for (let number = 0; number < stores.blocks.height; number++) {
    const block = readStored(stores, number);
    if (number === 0 && !encodeBlock(block).equals(genesis))
      throw new Mismatch(0, 'it is not the genesis block');
    verifyChain(block, number, previous);
    if (number > 0) verifyOrderer(block, channel);
    const filter = block.metadata[MetadataSlot.TRANSACTIONS_FILTER] ?? Buffer.alloc(0);
    if (filter.length !== block.transactions.length)
      throw new Mismatch(number, 'its validation codes are not one a transaction');
    const annexBytes = stores.blocks.annex(number);
    if (annexBytes === undefined) throw new Mismatch(number, 'what is kept beside it was altered');
    const annex = readAnnex(annexBytes);
    const { updates, transactions } = rederiveUpdates(block, annex.kept);
    const hash =
      number === 0 ? Buffer.alloc(0) : commitHash(filter, updates, verified?.commitHash ?? Buffer.alloc(0));
    const stored = block.metadata[MetadataSlot.COMMIT_HASH] ?? Buffer.alloc(0);
    if (number > 0 && !readMetadata(stored).value.equals(hash)) {
      throw new Mismatch(number, 'its commit hash does not follow from its transactions and their codes');
    }
    state.block(number, stores.lives.next(number, updates).updates);
    indexes.block(number, transactions);
    privateSets.block(number, annex.privateSets, transactions);
    if (number > 0 && changesConfiguration(transactions)) channel.update(readChannelConfig(block));
    previous = block.header;
    verified = { header: block.header, lastConfigIndex: lastConfigIndex(block), commitHash: hash };
    yield number;
  }
  if (verified === undefined) throw new Mismatch(0, 'it is missing');
  state.finish();
  indexes.finish();
  privateSets.finish();
  return verified;
}

function readStored(stores: Stores, number: number): Block {
  const bytes = stores.blocks.read(number);
  if (bytes === undefined) throw new Mismatch(number, 'it is missing');
  try {
    const block = readBlock(bytes);
    if (encodeBlock(block).equals(bytes)) return block;
  } catch (cause) {
    throw new Mismatch(number, 'its bytes cannot be read', { cause });
  }
  throw new Mismatch(number, 'its bytes are not in the canonical form');
}

function verifyChain(block: Block, number: number, previous: BlockHeader | undefined): void {
  const { header, metadata } = block;
  if (header.number !== number) throw new Mismatch(number, `its header says ${header.number}`);
  if (previous !== undefined && !header.previousHash.equals(headerHash(previous))) {
    throw new Mismatch(number, 'its header does not continue the chain');
  }
  if (!header.dataHash.equals(dataHash(block.transactions))) {
    throw new Mismatch(number, 'its transactions do not match the hash in its header');
  }
  if (metadata.length !== SLOTS || (metadata[MetadataSlot.ORDERER]?.length ?? 0) !== 0) {
    throw new Mismatch(number, 'its metadata does not have the five slots');
  }
}

function verifyOrderer(block: Block, channel: LiveChannel): void {
  const { number } = block.header;
  const { value, signatures } = readMetadata(block.metadata[MetadataSlot.SIGNATURES] ?? Buffer.alloc(0));
  const header = headerBytes(block.header);
  const signed = signatures.map(({ signatureHeader, signature }) => ({
    data: Buffer.concat([value, signatureHeader, header]),
    identity: readSignatureHeader(signatureHeader).creator,
    signature,
  }));
  const refusal = channel.policyRefusal(BLOCK_VALIDATION, signed);
  if (refusal !== undefined) throw new Mismatch(number, `the orderer's signature does not hold: ${refusal}`);
}

function changesConfiguration(transactions: readonly RederivedTransaction[]): boolean {
  return transactions.some(({ isValid, isConfig }) => isValid && isConfig);
}
