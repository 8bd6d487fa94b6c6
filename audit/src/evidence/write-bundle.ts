import { createHash } from 'node:crypto';
import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { encodeLine, FORMAT, type About, type BlockLine, type HeaderLine } from './format.js';

export interface BundleSubject {
  readonly ledger: string;
  readonly chaincode: string;
  /** Collections that the deliverer is a member of. */
  readonly collections: readonly string[];
  readonly about: About;
}

/**
 * The lines of a full bundle, each with its line feed.
 * @param blocks from the genesis block on, as a peer delivers them with private data
 */
export async function* writeBundle(
  subject: BundleSubject,
  blocks: AsyncIterable<peer.BlockAndPrivateData>,
): AsyncGenerator<string> {
  const digest = createHash('sha256');
  const line = (content: object): string => {
    const text = encodeLine(content);
    digest.update(text);
    return text;
  };
  const header: HeaderLine = {
    format: FORMAT,
    v: 1,
    kind: 'full',
    ledger: subject.ledger,
    chaincode: subject.chaincode,
    collections: [...subject.collections].sort(),
    about: subject.about,
  };
  yield line(header);
  const collections = new Set(subject.collections);
  let count = 0;
  for await (const delivered of blocks) {
    yield line(blockLineOf(delivered, subject.chaincode, collections));
    count += 1;
  }
  yield encodeLine({ end: count, sha256: digest.digest('base64url') });
}

function blockLineOf(
  delivered: peer.BlockAndPrivateData,
  chaincode: string,
  collections: ReadonlySet<string>,
): BlockLine {
  const block = delivered.getBlock();
  const metadata = block?.getMetadata()?.getMetadataList_asU8() ?? [];
  const codes = metadata[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ?? new Uint8Array();
  // Peers keep what came with transactions that turned out not to be valid; it is no part of the history.
  const secrets = [...delivered.getPrivateDataMapMap().entries()]
    .filter(([tx]) => codes[tx] === peer.TxValidationCode.VALID)
    .map(([tx, set]) => ({ tx, set: ownSet(set, chaincode, collections) }))
    .filter(({ set }) => set !== undefined);
  return {
    block: block?.getHeader()?.getNumber() ?? 0,
    data: (block?.getData()?.getDataList_asU8() ?? []).map(text),
    signatures: text(metadata[common.BlockMetadataIndex.SIGNATURES] ?? new Uint8Array()),
    codes: text(codes),
    private: secrets
      .sort((a, b) => a.tx - b.tx)
      .map(({ tx, set }) => ({ tx, set: text(set ?? new Uint8Array()) })),
  };
}

/** What the bundle covers of a transaction's private sets. */
function ownSet(
  delivered: ledger.rwset.TxPvtReadWriteSet,
  chaincode: string,
  collections: ReadonlySet<string>,
): Uint8Array | undefined {
  const space = delivered.getNsPvtRwsetList().find((one) => one.getNamespace() === chaincode);
  const sets =
    space?.getCollectionPvtRwsetList().filter((one) => collections.has(one.getCollectionName())) ?? [];
  if (sets.length === 0) return undefined;
  const ownSpace = new ledger.rwset.NsPvtReadWriteSet();
  ownSpace.setNamespace(chaincode);
  ownSpace.setCollectionPvtRwsetList(sets);
  const own = new ledger.rwset.TxPvtReadWriteSet();
  own.setDataModel(delivered.getDataModel());
  own.setNsPvtRwsetList([ownSpace]);
  return own.serializeBinary();
}

function text(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString('base64url');
}
