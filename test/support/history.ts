import { createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { readDelivered, type DeliveredBlock } from '@consent-ledger/audit';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, hash, signers, type Network } from '@hyperledger/fabric-gateway';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import type { TestMember } from '../http/support/consortium.js';

/** One private value that a valid transaction wrote. */
export interface HistoricWrite {
  readonly block: number;
  readonly transaction: number;
  readonly collection: string;
  readonly key: string;
  readonly value: Record<string, unknown>;
}

/** A block as the member's peer delivers it. */
export async function rawBlocks(member: TestMember): Promise<readonly Buffer[]> {
  return follow(member, async (network, height) => {
    const blocks: Buffer[] = [];
    const stream = await network.getBlockEvents({ startBlock: 0n });
    try {
      for await (const block of stream) {
        blocks.push(Buffer.from(block.serializeBinary()));
        if (blocks.length >= height) return blocks;
      }
    } finally {
      stream.close();
    }
    throw new Error('the peer ended the stream of blocks');
  });
}

/** What the valid transactions wrote that the member may read, in the order in which they were ordered. */
export async function privateHistory(member: TestMember): Promise<readonly HistoricWrite[]> {
  const { chaincode } = member.configuration.ledger;
  return follow(member, async (network, height) => {
    const writes: HistoricWrite[] = [];
    const stream = await network.getBlockAndPrivateDataEvents({ startBlock: 0n });
    try {
      for await (const delivered of stream) {
        const block = delivered.getBlock();
        const number = block?.getHeader()?.getNumber() ?? 0;
        const filter =
          block?.getMetadata()?.getMetadataList_asU8()[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ??
          new Uint8Array();
        for (const [index, set] of delivered.getPrivateDataMapMap().entries()) {
          if (filter[index] === peer.TxValidationCode.VALID) {
            writes.push(
              ...writesOf(set, chaincode).map((write) => ({ block: number, transaction: index, ...write })),
            );
          }
        }
        if (number + 1 >= height) break;
      }
    } finally {
      stream.close();
    }
    return writes.sort((a, b) => a.block - b.block || a.transaction - b.transaction);
  });
}

/** All blocks with the private data that the member's peer holds. */
export async function deliveredBlocks(member: TestMember): Promise<readonly peer.BlockAndPrivateData[]> {
  return follow(member, async (network, height) => {
    const blocks: peer.BlockAndPrivateData[] = [];
    const stream = await network.getBlockAndPrivateDataEvents({ startBlock: 0n });
    try {
      for await (const delivered of stream) {
        blocks.push(delivered);
        if (blocks.length >= height) return blocks;
      }
    } finally {
      stream.close();
    }
    throw new Error('the peer ended the stream of blocks');
  });
}

/** The same as the auditor's library reads them. */
export async function deliveredHistory(member: TestMember): Promise<readonly DeliveredBlock[]> {
  return (await deliveredBlocks(member)).map(readDelivered);
}

/** Of the product's chaincode: Fabric's own lifecycle keeps private values, too. */
function writesOf(
  set: ledger.rwset.TxPvtReadWriteSet,
  chaincode: string,
): Omit<HistoricWrite, 'block' | 'transaction'>[] {
  const own = set.getNsPvtRwsetList().filter((namespace) => namespace.getNamespace() === chaincode);
  return own.flatMap((namespace) =>
    namespace.getCollectionPvtRwsetList().flatMap((collection) =>
      ledger.rwset.kvrwset.KVRWSet.deserializeBinary(collection.getRwset_asU8())
        .getWritesList()
        .map((write) => ({
          collection: collection.getCollectionName(),
          key: write.getKey(),
          value: JSON.parse(Buffer.from(write.getValue_asU8()).toString('utf8')) as Record<string, unknown>,
        })),
    ),
  );
}

async function follow<Result>(
  member: TestMember,
  read: (network: Network, height: number) => Promise<Result>,
): Promise<Result> {
  const { ledger: settings } = member.configuration;
  const token = await member.token('auditor', ['auditor']);
  const { height } = (await member.call('GET', '/v1/ledger', { token })).json;
  const client = new Client(
    settings.peer.address,
    credentials.createSsl(await readFile(settings.peer.tlsCa)),
    {
      'grpc.max_receive_message_length': 100 * 1024 * 1024,
    },
  );
  const gateway = connect({
    client,
    hash: hash.sha256,
    identity: { mspId: member.mspId, credentials: await readFile(settings.certificate) },
    signer: signers.newPrivateKeySigner(createPrivateKey(await readFile(settings.privateKey))),
  });
  try {
    return await read(gateway.getNetwork(settings.channel), Number(height));
  } finally {
    gateway.close();
    client.close();
  }
}
