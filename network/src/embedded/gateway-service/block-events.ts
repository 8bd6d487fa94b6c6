import { ProtoReader } from '../../wire-format/index.js';
import { lengthDelimited } from '../endorser/parsed-proposal.js';

/** common.HeaderType.ENDORSER_TRANSACTION, protos.TxValidationCode.VALID */
const ENDORSER_TRANSACTION = 3;
const VALID = 0;
const TRANSACTIONS_FILTER = 2;
const CACHED_BLOCKS = 64;
const EMPTY = Buffer.alloc(0);

export interface BlockEvent {
  readonly chaincode: string;
  readonly txId: string;
  /** Serialised protos.ChaincodeEvent. */
  readonly bytes: Buffer;
}

/** Chaincode events of blocks, in the order of transactions. Several clients follow the same blocks: kept for a while. */
export class BlockEvents {
  private readonly cache = new Map<number, readonly BlockEvent[]>();

  /** `block` = serialised common.Block with its validation codes. */
  of(blockNumber: number, block: Buffer): readonly BlockEvent[] {
    let events = this.cache.get(blockNumber);
    if (events === undefined) {
      events = readEvents(block);
      this.cache.set(blockNumber, events);
      if (this.cache.size > CACHED_BLOCKS) {
        const [oldest] = this.cache.keys();
        this.cache.delete(oldest ?? blockNumber);
      }
    }
    return events;
  }
}

function readEvents(block: Buffer): BlockEvent[] {
  const [data = EMPTY, metadata = EMPTY] = lengthDelimited(block, 2, 3);
  const codes = repeated(metadata, 1)[TRANSACTIONS_FILTER] ?? EMPTY;
  return repeated(data, 1)
    .filter((_, index) => codes[index] === VALID)
    .map(readEvent)
    .filter((event) => event !== undefined);
}

/** Of a valid transaction, so every layer parses. */
function readEvent(envelope: Buffer): BlockEvent | undefined {
  const [payload = EMPTY] = lengthDelimited(envelope, 1);
  const [header = EMPTY, transaction = EMPTY] = lengthDelimited(payload, 1, 2);
  const [channelHeader = EMPTY] = lengthDelimited(header, 1);
  if (headerType(channelHeader) !== ENDORSER_TRANSACTION) {
    return undefined;
  }
  const [action = EMPTY] = lengthDelimited(transaction, 1);
  const [actionPayload = EMPTY] = lengthDelimited(action, 2);
  const [endorsedAction = EMPTY] = lengthDelimited(actionPayload, 2);
  const [responsePayload = EMPTY] = lengthDelimited(endorsedAction, 1);
  const [chaincodeAction = EMPTY] = lengthDelimited(responsePayload, 2);
  const [event = EMPTY] = lengthDelimited(chaincodeAction, 2);
  const [chaincode = EMPTY, txId = EMPTY, name = EMPTY] = lengthDelimited(event, 1, 2, 3);
  // A copy, so that the cache holds events and not whole blocks.
  return chaincode.length > 0 && txId.length > 0 && name.length > 0
    ? { chaincode: chaincode.toString(), txId: txId.toString(), bytes: Buffer.from(event) }
    : undefined;
}

function headerType(channelHeader: Buffer): number {
  const reader = new ProtoReader(channelHeader);
  let type = 0;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === 0x08) {
      type = reader.int32();
    } else {
      reader.skip(tag);
    }
  }
  return type;
}

function repeated(bytes: Buffer, field: number): Buffer[] {
  const reader = new ProtoReader(bytes);
  const found: Buffer[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    if (tag === ((field << 3) | 2)) {
      found.push(reader.bytes());
    } else {
      reader.skip(tag);
    }
  }
  return found;
}
