import { ChainError, verifyChain } from '@consent-ledger/audit';
import type { OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { common } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { writeBlock } from '@consent-ledger/network/internal/embedded/orderer/block-writer';
import { commitHash } from '@consent-ledger/network/internal/embedded/state/commit-hash';
import { UpdateBatch } from '@consent-ledger/network/internal/embedded/state/update-batch';
import {
  encodeBlock,
  encodeMetadata,
  MetadataSlot,
  readBlock,
} from '@consent-ledger/network/internal/wire-format/index';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allOf, policyEnvelope, role } from '@consent-ledger/network/internal/channel/policies';
import {
  CHANNEL,
  CUSTODY,
  PATIENCE,
  prepareTestConsortium,
  RIVERSIDE,
  SENTINEL,
  sharedLedger,
  type TestConsortium,
} from './support/consortium.js';
import { commitTogether, transaction } from './support/sending.js';

const MEMBERS = [RIVERSIDE, SENTINEL];

function allBlocks(ledger: OpenLedger): Buffer[] {
  return Array.from({ length: ledger.height }, (_, number) => ledger.block(number) ?? Buffer.alloc(0));
}

describe('the chain of blocks', () => {
  const shared = sharedLedger();

  it('verifies from its bytes alone, by the auditor, who shares no code with the ledger', async () => {
    const { ledger, consortium } = shared;
    const send = async (...specs: Parameters<typeof transaction>[2][]): Promise<number[]> =>
      await commitTogether(
        ledger,
        specs.map((spec) => transaction(ledger, consortium, spec)),
      );
    const policy = Buffer.from(policyEnvelope(allOf([role(SENTINEL, 'peer')])).serializeBinary());
    const custody = (content: object) => ({
      content: { collections: { [CUSTODY]: content } },
      by: MEMBERS,
      stagedAt: MEMBERS,
    });
    const codes = [
      await send(
        { content: { writes: { a: '1', 'b\u{10FFFF}': '2', é: '3' } } },
        { content: { writes: { a: '4' } } },
      ),
      await send({ content: { metadata: { a: policy } } }, custody({ writes: { x: 'y', z: 'w' } })),
      await send(
        { content: { writes: { a: '5' } }, by: [SENTINEL] },
        { content: { writes: { a: '6' } }, by: [RIVERSIDE] },
      ),
      await send(
        { content: { metadata: { a: null } } },
        custody({ writes: { x: null } }),
        custody({ purges: ['z'] }),
      ),
      await send({ content: { reads: { a: null }, writes: { a: '7' } } }),
      await send({ content: { writes: { a: null } } }),
    ].flat();
    const verified = await verifyChain(allBlocks(ledger));
    expect(verified.height).to.equal(ledger.height);
    expect(verified.ledgerId).to.equal(consortium.prepared.ledgerId);
    for (const code of [0, 10, 11]) {
      const expected = codes.filter((one) => one === code).length;
      // Genesis, four approvals and the commit of the definition were valid as well.
      expect(verified.transactionsByCode.get(code), `code ${code}`).to.equal(expected + (code === 0 ? 6 : 0));
    }
  });

  it('is signed by the orderers that the configuration before it names, from the block after that on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    try {
      const { consortium } = shared;
      const other = await prepareTestConsortium(folder);
      const genesis = readBlock(consortium.prepared.genesisBlock);
      const configuration = readBlock(other.prepared.genesisBlock).transactions;
      const first = readBlock(shared.ledger.block(0) ?? Buffer.alloc(0));
      // A configuration that names other orderers, and a block after it by one of them or by one of the old.
      const chain = (last: TestConsortium): Buffer[] => {
        let hash: Buffer = Buffer.alloc(0);
        let previous = genesis.header;
        const blocks = [configuration, []].map((transactions, index) => {
          const signer = (index === 0 ? consortium : last).signer(SENTINEL, 'orderer');
          const block = writeBlock(previous, transactions, 0, signer);
          previous = block.header;
          const filter = Buffer.alloc(transactions.length);
          hash = commitHash(filter, new UpdateBatch(), hash);
          const metadata = block.metadata.slice();
          metadata[MetadataSlot.TRANSACTIONS_FILTER] = filter;
          metadata[MetadataSlot.COMMIT_HASH] = encodeMetadata(hash);
          return encodeBlock({ ...block, metadata });
        });
        return [encodeBlock(first), ...blocks];
      };
      expect((await verifyChain(chain(other))).height).to.equal(3);
      const refused = await verifyChain(chain(consortium)).catch((error: unknown) => error);
      expect(refused)
        .to.be.instanceOf(ChainError)
        .and.to.include({ blockNumber: 2, rule: 'orderer-signature' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }).timeout(PATIENCE);

  it('is made of bytes that any protobuf library writes again as they are', () => {
    for (const bytes of allBlocks(shared.ledger)) {
      const block = common.Block.deserializeBinary(bytes);
      expect(Buffer.from(block.serializeBinary()).equals(bytes)).to.equal(true);
      for (const data of block.getData()?.getDataList_asU8() ?? []) {
        const envelope = common.Envelope.deserializeBinary(data);
        expect(Buffer.from(envelope.serializeBinary()).equals(Buffer.from(data))).to.equal(true);
      }
    }
  });

  it('carries in its metadata what Fabric puts there', () => {
    const block = common.Block.deserializeBinary(shared.ledger.block(2) ?? Buffer.alloc(0));
    const slots = block.getMetadata()?.getMetadataList_asU8() ?? [];
    expect(slots).to.have.length(5);
    const [signatures, lastConfig, filter, unused, commitHash] = slots;
    const { SIGNATURES, LAST_CONFIG, TRANSACTIONS_FILTER, COMMIT_HASH } = common.BlockMetadataIndex;
    expect([SIGNATURES, LAST_CONFIG, TRANSACTIONS_FILTER, COMMIT_HASH]).to.deep.equal([0, 1, 2, 4]);
    const signed = common.Metadata.deserializeBinary(signatures ?? new Uint8Array());
    expect(signed.getSignaturesList()).to.have.length(1);
    const orderer = common.OrdererBlockMetadata.deserializeBinary(signed.getValue_asU8());
    expect(orderer.getLastConfig()?.getIndex()).to.equal(0);
    expect(lastConfig).to.have.length(0);
    expect([...(filter ?? [])]).to.deep.equal([0]);
    expect(unused).to.have.length(0);
    expect(common.Metadata.deserializeBinary(commitHash ?? new Uint8Array()).getValue_asU8()).to.have.length(
      32,
    );
  });

  it('starts with the genesis block as every organisation was given it', () => {
    const given = common.Block.deserializeBinary(shared.consortium.prepared.genesisBlock);
    const stored = common.Block.deserializeBinary(shared.ledger.block(0) ?? Buffer.alloc(0));
    expect(stored.getHeader()?.serializeBinary()).to.deep.equal(given.getHeader()?.serializeBinary());
    expect(stored.getData()?.serializeBinary()).to.deep.equal(given.getData()?.serializeBinary());
    expect(shared.ledger.channel.channelId).to.equal(CHANNEL);
  });

  it('holds the approvals of all organisations and the commit of the definition', () => {
    const transactions = (number: number): number =>
      common.Block.deserializeBinary(shared.ledger.block(number) ?? Buffer.alloc(0))
        .getData()
        ?.getDataList().length ?? 0;
    expect(transactions(1)).to.equal(4);
    expect(transactions(2)).to.equal(1);
    const snapshot = shared.ledger.openSnapshot();
    const approval = snapshot.getPrivate(
      RIVERSIDE,
      '_lifecycle',
      `_implicit_org_${RIVERSIDE}`,
      'namespaces/fields/consent-ledger#1/Collections',
    );
    const committed = snapshot.getState('_lifecycle', 'namespaces/fields/consent-ledger/Collections');
    snapshot.release();
    expect(approval?.value).to.deep.equal(committed?.value);
  });
});
