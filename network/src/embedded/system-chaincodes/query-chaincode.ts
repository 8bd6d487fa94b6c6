import { common, peer } from '@hyperledger/fabric-protos';
import { headerHash, MetadataSlot, readBlock } from '../../wire-format/index.js';
import type { ChaincodeResponse } from '../chaincode-stream/chaincode-response.js';
import { describeError } from '../chaincode-stream/errors.js';
import type { Ledger } from '../ports.js';
import type { Access } from './access.js';
import { failure, success, type SystemChaincode } from './system-chaincode.js';

/** `qscc`: blocks and transactions, as a peer has them [core/scc/qscc/query.go]. */
export function queryChaincode(ledger: Ledger, access: Access): SystemChaincode {
  return ({ args, proposal }) => {
    const [call, channel, what] = args.map((arg) => arg.toString('utf8'));
    if (call === undefined || channel === undefined) {
      return failure(`Incorrect number of arguments, ${args.length}`);
    }
    if (call !== 'GetChainInfo' && what === undefined) return failure(`missing 3rd argument for ${call}`);
    if (channel !== ledger.channel.channelId) return failure(`Invalid chain ID, ${channel}`);
    const query = QUERIES.get(call);
    try {
      if (query === undefined) throw new Error(`Unmapped policy for qscc/${call}`);
      access.requireOnChannel(`qscc/${call}`, channel, 'Readers', proposal);
    } catch (error) {
      return failure(`access denied for [${call}][${channel}]: [${describeError(error)}]`);
    }
    return query(ledger, what ?? '', args[2] ?? Buffer.alloc(0));
  };
}

type Query = (ledger: Ledger, what: string, bytes: Buffer) => ChaincodeResponse;

const QUERIES: ReadonlyMap<string, Query> = new Map<string, Query>([
  ['GetChainInfo', chainInfo],
  ['GetBlockByNumber', blockByNumber],
  ['GetBlockByHash', blockByHash],
  ['GetBlockByTxID', blockByTxId],
  ['GetTransactionByID', transactionById],
]);

function chainInfo(ledger: Ledger): ChaincodeResponse {
  const { height } = ledger;
  const { header } = readBlock(ledger.block(height - 1) ?? Buffer.alloc(0));
  const info = new common.BlockchainInfo();
  info.setHeight(height);
  info.setCurrentblockhash(headerHash(header));
  info.setPreviousblockhash(header.previousHash);
  return success(info.serializeBinary());
}

/** The highest number of all stands for the newest block. */
const NEWEST = 2n ** 64n - 1n;

function blockByNumber(ledger: Ledger, what: string): ChaincodeResponse {
  if (!/^\d+$/.test(what) || BigInt(what) > NEWEST) {
    return failure(
      `Failed to parse block number with error strconv.ParseUint: parsing ${JSON.stringify(what)}: invalid syntax`,
    );
  }
  const number = BigInt(what) === NEWEST ? ledger.height - 1 : Number(what);
  const block = ledger.block(number);
  return block === undefined
    ? failure(`Failed to get block number ${what}, error no such block number [${what}] in index`)
    : success(block);
}

/** Without an index: nobody asks often. */
function blockByHash(ledger: Ledger, _text: string, hash: Buffer): ChaincodeResponse {
  for (let number = ledger.height - 1; number >= 0; number--) {
    const block = ledger.block(number);
    if (block !== undefined && headerHash(readBlock(block).header).equals(hash)) return success(block);
  }
  return failure(
    `Failed to get block hash ${hash.toString('utf8')}, error no such block hash [${hash.toString('hex')}] in index`,
  );
}

function blockByTxId(ledger: Ledger, txId: string): ChaincodeResponse {
  const block = blockOf(ledger, txId);
  return block === undefined
    ? failure(`Failed to get block for txID ${txId}, error ${unknownTransaction(txId)}`)
    : success(block);
}

function transactionById(ledger: Ledger, txId: string): ChaincodeResponse {
  const bytes = blockOf(ledger, txId);
  const at = ledger.transactionStatus(txId);
  const block = bytes === undefined ? undefined : readBlock(bytes);
  const transaction = at === undefined ? undefined : block?.transactions[at.tx];
  if (block === undefined || at === undefined || transaction === undefined) {
    return failure(`Failed to get transaction with id ${txId}, error ${unknownTransaction(txId)}`);
  }
  const processed = new peer.ProcessedTransaction();
  processed.setTransactionenvelope(common.Envelope.deserializeBinary(transaction));
  processed.setValidationcode(block.metadata[MetadataSlot.TRANSACTIONS_FILTER]?.[at.tx] ?? at.code);
  return success(processed.serializeBinary());
}

function blockOf(ledger: Ledger, txId: string): Buffer | undefined {
  const at = ledger.transactionStatus(txId);
  return at === undefined ? undefined : ledger.block(at.blockNumber);
}

function unknownTransaction(txId: string): string {
  return `no such transaction ID [${txId}] in index`;
}
