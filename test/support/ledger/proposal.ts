import { createHash, randomBytes } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { serialize, type LedgerIdentity } from './identity.js';
import { sign, type HalfOfOrder } from './signature.js';

export interface ProposalInput {
  readonly identity: LedgerIdentity;
  readonly channel: string;
  readonly chaincode: string;
  readonly args: readonly (string | Uint8Array)[];
  readonly transient?: Readonly<Record<string, string>>;
  /** Where the proposal departs from what a correct client makes. */
  readonly odd?: {
    readonly timestamp?: Date;
    readonly epoch?: number;
    readonly nonce?: Uint8Array;
    readonly txId?: string;
    /** Name in the header's extension, when it is not the invoked chaincode's. */
    readonly headerChaincode?: string;
    readonly type?: common.HeaderTypeMap[keyof common.HeaderTypeMap];
    readonly signature?: HalfOfOrder | 'none' | 'other bytes';
  };
}

/** A proposal made by hand, with the bytes that later steps hash. */
export interface HandMadeProposal {
  readonly txId: string;
  readonly channel: string;
  readonly signed: peer.SignedProposal;
  readonly channelHeader: Uint8Array;
  readonly signatureHeader: Uint8Array;
}

export function makeProposal(input: ProposalInput): HandMadeProposal {
  const odd = input.odd ?? {};
  const creator = serialize(input.identity);
  const nonce = odd.nonce ?? randomBytes(24);
  const txId = odd.txId ?? transactionId(nonce, creator);
  const channelHeader = makeChannelHeader(input, txId);
  const signatureHeader = makeSignatureHeader(creator, nonce);

  const header = new common.Header();
  header.setChannelHeader(channelHeader);
  header.setSignatureHeader(signatureHeader);
  const proposal = new peer.Proposal();
  proposal.setHeader(header.serializeBinary());
  proposal.setPayload(makePayload(input));

  const signed = new peer.SignedProposal();
  signed.setProposalBytes(proposal.serializeBinary());
  if (odd.signature !== 'none') {
    const half = odd.signature === 'high' ? 'high' : 'low';
    const message =
      odd.signature === 'other bytes' ? Buffer.from('something else') : signed.getProposalBytes_asU8();
    signed.setSignature(sign(input.identity.privateKey, message, half));
  }
  return { txId, channel: input.channel, signed, channelHeader, signatureHeader };
}

/** Hex SHA-256 of nonce and creator. */
export function transactionId(nonce: Uint8Array, creator: Uint8Array): string {
  return createHash('sha256').update(nonce).update(creator).digest('hex');
}

export function makeSignatureHeader(creator: Uint8Array, nonce: Uint8Array): Uint8Array {
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator);
  signatureHeader.setNonce(nonce);
  return signatureHeader.serializeBinary();
}

function makeChannelHeader(input: ProposalInput, txId: string): Uint8Array {
  const odd = input.odd ?? {};
  const chaincodeId = new peer.ChaincodeID();
  chaincodeId.setName(odd.headerChaincode ?? input.chaincode);
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(chaincodeId);

  const header = new common.ChannelHeader();
  header.setType(odd.type ?? common.HeaderType.ENDORSER_TRANSACTION);
  header.setChannelId(input.channel);
  header.setTxId(txId);
  header.setEpoch(odd.epoch ?? 0);
  header.setTimestamp(timestamps.Timestamp.fromDate(odd.timestamp ?? new Date()));
  header.setExtension$(extension.serializeBinary());
  return header.serializeBinary();
}

function makePayload(input: ProposalInput): Uint8Array {
  const chaincodeId = new peer.ChaincodeID();
  chaincodeId.setName(input.chaincode);
  const chaincodeInput = new peer.ChaincodeInput();
  chaincodeInput.setArgsList(input.args.map((arg) => Buffer.from(arg as Uint8Array)));
  const spec = new peer.ChaincodeSpec();
  spec.setType(peer.ChaincodeSpec.Type.NODE);
  spec.setChaincodeId(chaincodeId);
  spec.setInput(chaincodeInput);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);

  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());
  for (const [field, value] of Object.entries(input.transient ?? {})) {
    payload.getTransientmapMap().set(field, Buffer.from(value));
  }
  return payload.serializeBinary();
}
