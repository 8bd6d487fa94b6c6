import type { OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { readBlock } from '@consent-ledger/network/internal/wire-format/index';
import { ALL, CHAINCODE, RIVERSIDE, type TestConsortium } from './consortium.js';
import { encodeRwset, type NamespaceSpec } from './read-write-sets.js';
import { buildTransaction, type BuiltTransaction, type TransactionSpec } from './transactions.js';

/** Sends transactions so that they come into one block; returns their codes in order. */
export async function commitTogether(
  ledger: OpenLedger,
  transactions: readonly BuiltTransaction[],
): Promise<number[]> {
  const number = ledger.height;
  for (const { envelope } of transactions) {
    const { status, info } = await ledger.broadcast(envelope);
    if (status !== 200) throw new Error(`the orderer answered ${status} ${info}`);
  }
  ledger.flush();
  return codesOf(ledger, number);
}

/** The codes in the filter of a block. */
export function codesOf(ledger: OpenLedger, number: number): number[] {
  const block = ledger.block(number);
  if (block === undefined) throw new Error(`there is no block ${number}`);
  return [...filterOf(block)];
}

function filterOf(block: Buffer): Buffer {
  const filter = readBlock(block).metadata[2];
  if (filter === undefined) throw new Error('the block has no filter');
  return filter;
}

export interface WriteSpec extends Partial<TransactionSpec> {
  readonly content: NamespaceSpec;
  readonly namespace?: string;
  /** MSP ids whose peers endorse; all by default. */
  readonly by?: readonly string[];
  /** MSP ids whose peers get the private data; all by default. */
  readonly stagedAt?: readonly string[];
}

/** A transaction of our chaincode by Riverside's client, its private data staged. */
export function transaction(
  ledger: OpenLedger,
  consortium: TestConsortium,
  spec: WriteSpec,
): BuiltTransaction {
  const { content, namespace = CHAINCODE, by = ALL, stagedAt = ALL, ...overrides } = spec;
  const rwset = encodeRwset({ [namespace]: content });
  const built = buildTransaction({
    creator: consortium.signer(RIVERSIDE, 'client'),
    endorsers: by.map((mspId) => consortium.signer(mspId, 'peer')),
    results: rwset.public,
    ...overrides,
  });
  if (rwset.private !== undefined) {
    for (const mspId of stagedAt) ledger.stagePrivate(mspId, built.txId, rwset.private);
  }
  return built;
}
