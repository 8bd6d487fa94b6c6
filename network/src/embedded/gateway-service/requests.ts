import { ProtoReader } from '../../wire-format/index.js';
import { lengthDelimited } from '../endorser/parsed-proposal.js';

/** gateway.EvaluateRequest and gateway.EndorseRequest. The outer ids are of no consequence: the proposal's count. */
export interface ProposalRequest {
  /** Serialised protos.SignedProposal. */
  readonly signedProposal: Buffer;
  /** target_organizations, endorsing_organizations */
  readonly organizations: readonly string[];
}

/** gateway.SubmitRequest */
export interface SubmitRequest {
  readonly channelId: string;
  /** Serialised common.Envelope, kept as it came. */
  readonly envelope: Buffer | undefined;
  readonly isSigned: boolean;
}

/** gateway.SignedCommitStatusRequest and SignedChaincodeEventsRequest. */
export interface SignedRequest {
  readonly request: Buffer;
  readonly signature: Buffer;
}

/** gateway.CommitStatusRequest */
export interface CommitStatusRequest {
  readonly txId: string;
  readonly channelId: string;
  readonly identity: Buffer;
}

/** orderer.SeekPosition */
export type SeekPosition =
  | { readonly kind: 'newest' | 'oldest' | 'next commit' }
  | { readonly kind: 'specified'; readonly block: number };

/** gateway.ChaincodeEventsRequest */
export interface ChaincodeEventsRequest {
  readonly channelId: string;
  readonly chaincode: string;
  readonly identity: Buffer;
  readonly start: SeekPosition;
  readonly afterTxId: string;
}

const EMPTY = Buffer.alloc(0);

export function decodeProposalRequest(bytes: Buffer): ProposalRequest {
  const reader = new ProtoReader(bytes);
  let signedProposal: Buffer = EMPTY;
  const organizations: string[] = [];
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x1a:
        signedProposal = reader.bytes();
        break;
      case 0x22:
        organizations.push(reader.string());
        break;
      default:
        reader.skip(tag);
    }
  }
  return { signedProposal, organizations };
}

export function decodeSubmit(bytes: Buffer): SubmitRequest {
  const [channelId = EMPTY, envelope] = lengthDelimited(bytes, 2, 3);
  const [signature = EMPTY] = lengthDelimited(envelope ?? EMPTY, 2);
  return { channelId: channelId.toString(), envelope, isSigned: signature.length > 0 };
}

export function decodeSigned(bytes: Buffer): SignedRequest {
  const [request = EMPTY, signature = EMPTY] = lengthDelimited(bytes, 1, 2);
  return { request, signature };
}

export function decodeCommitStatus(bytes: Buffer): CommitStatusRequest {
  const [txId = EMPTY, channelId = EMPTY, identity = EMPTY] = lengthDelimited(bytes, 1, 2, 3);
  return { txId: txId.toString(), channelId: channelId.toString(), identity };
}

export function decodeChaincodeEvents(bytes: Buffer): ChaincodeEventsRequest {
  const [channelId = EMPTY, chaincode = EMPTY, identity = EMPTY, position, afterTxId = EMPTY] =
    lengthDelimited(bytes, 1, 2, 3, 4, 5);
  return {
    channelId: channelId.toString(),
    chaincode: chaincode.toString(),
    identity,
    start: decodeSeekPosition(position ?? EMPTY),
    afterTxId: afterTxId.toString(),
  };
}

function decodeSeekPosition(bytes: Buffer): SeekPosition {
  const [newest, oldest, specified] = lengthDelimited(bytes, 1, 2, 3);
  if (specified !== undefined) {
    const reader = new ProtoReader(specified);
    let block = 0;
    for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
      if (tag === 0x08) {
        block = reader.number();
      } else {
        reader.skip(tag);
      }
    }
    return { kind: 'specified', block };
  }
  if (newest !== undefined) {
    return { kind: 'newest' };
  }
  return { kind: oldest === undefined ? 'next commit' : 'oldest' };
}
