import { common } from '@hyperledger/fabric-protos';
import { dataHash, headerBytes, headerHash, ledgerIdOf, type BlockHeader } from './block-hash.js';
import { isSignedByOrderers } from './block-signatures.js';
import { orderingRuleOf, type OrderingRule } from './channel-config.js';
import { CommitHashChain } from './commit-hash.js';
import { isConfiguration } from './evidence/envelopes.js';

/**
 * Verifies a ledger from its blocks' bytes alone: the chain of headers, the hash over the transactions, the signatures of
 * the orderers that the configuration of the block's day names, and the commit hashes that the peer wrote. It believes
 * nobody, so it shares no code with what writes blocks.
 */

/** What is wrong, and in which block; `rule` is stable. */
export class ChainError extends Error {
  constructor(
    readonly blockNumber: number,
    readonly rule: ChainRule,
    detail: string,
  ) {
    super(`block ${blockNumber}: ${detail}`);
    this.name = 'ChainError';
  }
}

export type ChainRule =
  'unreadable' | 'number' | 'previous-hash' | 'data-hash' | 'orderer-signature' | 'filter' | 'commit-hash';

const VALID = 0;

export interface VerifiedChain {
  /** Number of blocks. */
  readonly height: number;
  readonly ledgerId: string;
  /** Transactions by validation code (protos.TxValidationCode). */
  readonly transactionsByCode: ReadonlyMap<number, number>;
}

/**
 * @param blocks serialised common.Block from the genesis block on, as a peer delivers them
 * @throws ChainError at the first block that does not verify
 */
export async function verifyChain(
  blocks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<VerifiedChain> {
  const commitHashes = new CommitHashChain();
  const transactionsByCode = new Map<number, number>();
  let previous: BlockHeader | undefined;
  let genesis: BlockHeader | undefined;
  let ordering: OrderingRule = { kind: 'any', roots: [] };
  let height = 0;
  for await (const bytes of blocks) {
    const block = readBlock(bytes, height);
    if (block.header.number !== height) {
      throw new ChainError(height, 'number', `the block in this place is numbered ${block.header.number}`);
    }
    const expected = previous === undefined ? Buffer.alloc(0) : headerHash(previous);
    if (!expected.equals(block.header.previousHash)) {
      throw new ChainError(
        height,
        'previous-hash',
        'its previous hash is not the hash of the block before it',
      );
    }
    if (!dataHash(block.envelopes).equals(block.header.dataHash)) {
      throw new ChainError(
        height,
        'data-hash',
        'its transactions do not have the hash that its header states',
      );
    }
    if (block.filter.length !== block.envelopes.length) {
      throw new ChainError(height, 'filter', 'it has not one validation code for each transaction');
    }
    if (genesis === undefined) {
      genesis = block.header;
    } else {
      verifyOrderers(block, ordering);
      const commitHash = commitHashes.next(height, block.envelopes, block.filter);
      if (!commitHash.equals(block.commitHash)) {
        throw new ChainError(
          height,
          'commit-hash',
          'its commit hash does not follow from its transactions and codes',
        );
      }
    }
    // A configuration holds from the block after its own.
    block.envelopes.forEach((envelope, index) => {
      if (block.filter[index] === VALID && isConfiguration(envelope)) ordering = orderingRuleOf(envelope);
    });
    for (const code of block.filter) transactionsByCode.set(code, (transactionsByCode.get(code) ?? 0) + 1);
    previous = block.header;
    height += 1;
  }
  if (genesis === undefined) throw new ChainError(0, 'unreadable', 'there is no genesis block');
  return { height, ledgerId: ledgerIdOf(genesis), transactionsByCode };
}

interface ReadBlock {
  readonly header: BlockHeader;
  readonly envelopes: readonly Uint8Array[];
  readonly signatures: common.Metadata;
  readonly filter: Uint8Array;
  readonly commitHash: Uint8Array;
}

function readBlock(bytes: Uint8Array, place: number): ReadBlock {
  try {
    const block = common.Block.deserializeBinary(bytes);
    const header = block.getHeader();
    const metadata = block.getMetadata()?.getMetadataList_asU8() ?? [];
    const slot = (index: number): Uint8Array => metadata[index] ?? new Uint8Array();
    if (header === undefined) throw new Error('no header');
    return {
      header: {
        number: header.getNumber(),
        previousHash: header.getPreviousHash_asU8(),
        dataHash: header.getDataHash_asU8(),
      },
      envelopes: block.getData()?.getDataList_asU8() ?? [],
      signatures: common.Metadata.deserializeBinary(slot(common.BlockMetadataIndex.SIGNATURES)),
      filter: slot(common.BlockMetadataIndex.TRANSACTIONS_FILTER),
      commitHash: common.Metadata.deserializeBinary(
        slot(common.BlockMetadataIndex.COMMIT_HASH),
      ).getValue_asU8(),
    };
  } catch (error) {
    throw new ChainError(place, 'unreadable', `it is not a block (${String(error)})`);
  }
}

function verifyOrderers(block: ReadBlock, rule: OrderingRule): void {
  if (!isSignedByOrderers(block.signatures, headerBytes(block.header), rule)) {
    throw new ChainError(
      block.header.number,
      'orderer-signature',
      rule.kind === 'any'
        ? 'no orderer of the consortium signed it'
        : `fewer than ${rule.quorum} of the ${rule.orderers.size} orderers signed it`,
    );
  }
}
