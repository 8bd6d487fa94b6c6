import { encodeMessage, ProtoReader } from '../../wire-format/index.js';
import { decodeInput, type ChaincodeInput } from '../chaincode-stream/chaincode-input.js';
import { chaincodeName } from '../chaincode-stream/requests.js';

/**
 * A client's signed proposal. Header bytes and input stay as received: they are hashed and go into the transaction
 * (PU/proputils.go, PU/unmarshalers.go).
 */
export interface ParsedProposal {
  /** Serialised protos.SignedProposal. */
  readonly signedProposal: Buffer;
  readonly proposalBytes: Buffer;
  readonly signature: Buffer;
  /** Serialised common.Header of the proposal. */
  readonly header: Buffer;
  readonly channelHeaderBytes: Buffer;
  readonly signatureHeaderBytes: Buffer;
  readonly channelHeader: ChannelHeader;
  /** Serialised protos.ChaincodeProposalPayload without the transient map: what is hashed and goes into the block. */
  readonly payloadWithoutTransient: Buffer;
  readonly hasTransientData: boolean;
  /** Of the invocation spec: what the gateway plans by. */
  readonly specChaincode: string;
  /** Absent when there is no spec, or a spec without input. */
  readonly input: ChaincodeInput | undefined;
  readonly missing: 'spec' | 'chaincode id' | 'input' | undefined;
}

export interface ChannelHeader {
  readonly type: number;
  readonly timestampMs: number;
  readonly channelId: string;
  readonly txId: string;
  readonly epoch: number;
  /** Serialised protos.ChaincodeHeaderExtension. */
  readonly extension: Buffer;
}

export interface SignatureHeader {
  /** Serialised msp.SerializedIdentity. */
  readonly creator: Buffer;
  readonly nonce: Buffer;
}

const EMPTY = Buffer.alloc(0);

/** Throws WireFormatError when any of what the gateway reads cannot be parsed. */
export function parseProposal(signedProposal: Buffer): ParsedProposal {
  const [proposalBytes = EMPTY, signature = EMPTY] = lengthDelimited(signedProposal, 1, 2);
  const [header = EMPTY, payload = EMPTY] = lengthDelimited(proposalBytes, 1, 2);
  const [channelHeaderBytes = EMPTY, signatureHeaderBytes = EMPTY] = lengthDelimited(header, 1, 2);
  const [input = EMPTY, transientEntry] = lengthDelimited(payload, 1, 2);
  const [spec] = lengthDelimited(input, 1);
  const [chaincodeId, chaincodeInput] = lengthDelimited(spec ?? EMPTY, 2, 3);
  return {
    signedProposal,
    proposalBytes,
    signature,
    header,
    channelHeaderBytes,
    signatureHeaderBytes,
    channelHeader: parseChannelHeader(channelHeaderBytes),
    payloadWithoutTransient: encodeMessage((writer) => {
      writer.bytes(1, input);
    }),
    hasTransientData: transientEntry !== undefined,
    specChaincode: chaincodeId === undefined ? '' : chaincodeName(chaincodeId),
    input: chaincodeInput === undefined ? undefined : decodeInput(chaincodeInput),
    missing: missingPart(spec, chaincodeId, chaincodeInput),
  };
}

function missingPart(
  spec: Buffer | undefined,
  chaincodeId: Buffer | undefined,
  input: Buffer | undefined,
): ParsedProposal['missing'] {
  if (spec === undefined) {
    return 'spec';
  }
  if (chaincodeId === undefined) {
    return 'chaincode id';
  }
  return input === undefined ? 'input' : undefined;
}

function parseChannelHeader(bytes: Buffer): ChannelHeader {
  const reader = new ProtoReader(bytes);
  let type = 0;
  let timestampMs = 0;
  let channelId = '';
  let txId = '';
  let epoch = 0;
  let extension: Buffer = EMPTY;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x08:
        type = reader.int32();
        break;
      case 0x1a:
        timestampMs = parseTimestamp(reader.bytes());
        break;
      case 0x22:
        channelId = reader.string();
        break;
      case 0x2a:
        txId = reader.string();
        break;
      case 0x30:
        epoch = reader.number();
        break;
      case 0x3a:
        extension = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { type, timestampMs, channelId, txId, epoch, extension };
}

function parseTimestamp(bytes: Buffer): number {
  const reader = new ProtoReader(bytes);
  let seconds = 0;
  let nanos = 0;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x08:
        seconds = reader.number();
        break;
      case 0x10:
        nanos = reader.int32();
        break;
      default:
        reader.skip(tag);
    }
  }
  return seconds * 1000 + nanos / 1_000_000;
}

export function parseSignatureHeader(bytes: Buffer): SignatureHeader {
  const [creator = EMPTY, nonce = EMPTY] = lengthDelimited(bytes, 1, 2);
  return { creator, nonce };
}

/** Name in a protos.ChaincodeHeaderExtension; undefined without a chaincode id. */
export function parseHeaderExtension(bytes: Buffer): string | undefined {
  const [chaincodeId] = lengthDelimited(bytes, 2);
  return chaincodeId === undefined ? undefined : chaincodeName(chaincodeId);
}

/** The named length-delimited fields of a message; of a repeated field the last one. */
export function lengthDelimited(bytes: Buffer, ...fields: readonly number[]): (Buffer | undefined)[] {
  const found = new Array<Buffer | undefined>(fields.length).fill(undefined);
  const reader = new ProtoReader(bytes);
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    const index = (tag & 7) === 2 ? fields.indexOf(tag >>> 3) : -1;
    if (index >= 0) {
      found[index] = reader.bytes();
    } else {
      reader.skip(tag);
    }
  }
  return found;
}
