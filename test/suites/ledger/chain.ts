import { createHash, verify, X509Certificate } from 'node:crypto';
import { msp } from '@hyperledger/fabric-protos';
import { verifyChain } from '@consent-ledger/audit';
import { commitHash } from '@consent-ledger/network/internal/embedded/state/commit-hash';
import { Replay } from '@consent-ledger/network/internal/embedded/verification/replay';
import { MetadataSlot, readBlock, readMetadata } from '@consent-ledger/network/internal/wire-format/index';
import { expect } from 'chai';
import { transactionsOf, type TransactionInBlock } from '../../support/ledger/block-view.js';
import { blocksBetween } from '../../support/ledger/deliver.js';
import type { Behaviour } from '../../support/ledger/rows.js';

/** What anyone can check who has nothing but the blocks. Last, so that every kind of transaction is among them. */
export const chain: Behaviour = (row) => {
  row(
    '56',
    'stands up to a verifier that has only its bytes: headers, data, orderers, commit hashes',
    async (bench) => {
      const height = await bench.height();
      const blocks = await blocksBetween(bench.raw(), {
        identity: bench.a.client,
        channel: bench.ledger.channel,
        start: 'oldest',
        stop: height - 1,
      });
      const verified = await verifyChain(blocks.map((block) => block.serializeBinary()));
      expect(verified.height).to.equal(height);
    },
    { timeoutMs: 60_000 },
  );

  row(
    '56',
    'has, whoever wrote it, the codes and commit hashes that the rules of the embedded ledger give when all is judged again',
    async (bench) => {
      const blocks = await blocksBetween(bench.raw(), {
        identity: bench.a.client,
        channel: bench.ledger.channel,
        start: 'oldest',
        stop: (await bench.height()) - 1,
      });
      const [genesis, ...later] = blocks.map((block) => readBlock(block.serializeBinary()));
      const replay = new Replay(genesis?.transactions[0] ?? Buffer.alloc(0));
      let previous: Buffer = Buffer.alloc(0);
      for (const { header, transactions, metadata } of later) {
        const { codes, updates } = replay.block(header.number, transactions);
        const place = `block ${header.number}`;
        expect([...codes], place).to.deep.equal([...(metadata[MetadataSlot.TRANSACTIONS_FILTER] ?? [])]);
        previous = commitHash(codes, updates, previous);
        const { value } = readMetadata(metadata[MetadataSlot.COMMIT_HASH] ?? Buffer.alloc(0));
        expect(previous.toString('hex'), place).to.equal(value.toString('hex'));
      }
      replay.close();
    },
    { timeoutMs: 120_000 },
  );

  row(
    '56',
    'has only transactions whose ids, hashes and signatures are what they must be',
    async (bench) => {
      const height = await bench.height();
      const blocks = await blocksBetween(bench.raw(), {
        identity: bench.a.client,
        channel: bench.ledger.channel,
        start: 1,
        stop: height - 1,
      });
      const transactions = blocks.flatMap((block) => transactionsOf(block));
      expect(transactions.length).to.be.greaterThan(0);
      for (const transaction of transactions.filter(({ code }) => code === 0)) {
        expectGenuine(transaction);
      }
    },
    { timeoutMs: 60_000 },
  );
};

function expectGenuine({
  txId,
  payload,
  signature,
  creator,
  endorsed,
  ...transaction
}: TransactionInBlock): void {
  expect(verifies(creator, payload, signature), `creator of ${txId}`).to.equal(true);
  if (endorsed === undefined) return;
  const { channelHeader, signatureHeader } = transaction;
  const hash = createHash('sha256')
    .update(channelHeader)
    .update(signatureHeader)
    .update(endorsed.chaincodeProposalPayload)
    .digest();
  expect(hash.equals(endorsed.proposalHash), `proposal hash of ${txId}`).to.equal(true);
  for (const endorsement of endorsed.endorsements) {
    const message = Buffer.concat([endorsed.responsePayload, endorsement.endorser]);
    expect(verifies(endorsement.endorser, message, endorsement.signature), `endorsement of ${txId}`).to.equal(
      true,
    );
  }
}

function verifies(identity: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const pem = msp.SerializedIdentity.deserializeBinary(identity).getIdBytes_asU8();
  return verify('sha256', message, new X509Certificate(pem).publicKey, signature);
}
