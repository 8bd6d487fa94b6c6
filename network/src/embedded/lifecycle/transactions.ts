import { randomBytes } from 'node:crypto';
import { HeaderType, ProtoWriter, sha256, transactionId } from '../../wire-format/index.js';
import type { PeerSigner } from '../ports.js';
import { LIFECYCLE_NAMESPACE } from './definitions.js';

const NONCE_BYTES = 24;
/** Version that Fabric gives its system chaincodes. */
const SYSTEM_VERSION = 'syscc';
const SUCCESS = 200;

/** An envelope that is ready to be sent, with the id of its transaction. */
export interface SignedTransaction {
  readonly txId: string;
  /** Serialised common.Envelope. */
  readonly envelope: Buffer;
}

export interface LifecycleCall {
  readonly channelId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly creator: PeerSigner;
  readonly endorsers: readonly PeerSigner[];
  readonly function: 'ApproveChaincodeDefinitionForMyOrg' | 'CommitChaincodeDefinition';
  /** Serialised arguments of the function. */
  readonly argument: Uint8Array;
  /** Serialised rwset.TxReadWriteSet. */
  readonly results: Buffer;
}

/** The whole way of a transaction from proposal to signed envelope, as client and peers would go it together. */
export function lifecycleTransaction(call: LifecycleCall): SignedTransaction {
  const nonce = randomBytes(NONCE_BYTES);
  const creator = call.creator.serializedIdentity;
  const txId = transactionId(nonce, creator);
  const chaincodeName = new ProtoWriter().bytes(2, LIFECYCLE_NAMESPACE).finish();
  const timestamp = new ProtoWriter()
    .number(1, Math.floor(call.at / 1000))
    .number(2, (call.at % 1000) * 1_000_000)
    .finish();
  const channelHeader = new ProtoWriter()
    .number(1, HeaderType.ENDORSER_TRANSACTION)
    .present(3, timestamp)
    .bytes(4, call.channelId)
    .bytes(5, txId)
    .bytes(7, new ProtoWriter().present(2, chaincodeName).finish())
    .finish();
  const signatureHeader = new ProtoWriter().bytes(1, creator).bytes(2, nonce).finish();
  const proposalPayload = new ProtoWriter().bytes(1, invocation(call, chaincodeName)).finish();
  const response = responsePayload(call.results, sha256(channelHeader, signatureHeader, proposalPayload));
  const endorsed = new ProtoWriter().bytes(1, response);
  for (const endorser of call.endorsers) {
    const signature = endorser.sign(Buffer.concat([response, endorser.serializedIdentity]));
    endorsed.present(2, new ProtoWriter().bytes(1, endorser.serializedIdentity).bytes(2, signature).finish());
  }
  const actionPayload = new ProtoWriter().bytes(1, proposalPayload).present(2, endorsed.finish()).finish();
  const action = new ProtoWriter().bytes(1, signatureHeader).bytes(2, actionPayload).finish();
  const payload = new ProtoWriter()
    .present(1, new ProtoWriter().bytes(1, channelHeader).bytes(2, signatureHeader).finish())
    .bytes(2, new ProtoWriter().present(1, action).finish())
    .finish();
  return {
    txId,
    envelope: new ProtoWriter().bytes(1, payload).bytes(2, call.creator.sign(payload)).finish(),
  };
}

/** protos.ChaincodeInvocationSpec */
function invocation(call: LifecycleCall, chaincodeName: Buffer): Buffer {
  const input = new ProtoWriter()
    .present(1, Buffer.from(call.function, 'utf8'))
    .present(1, call.argument)
    .finish();
  const spec = new ProtoWriter().present(2, chaincodeName).present(3, input).finish();
  return new ProtoWriter().present(1, spec).finish();
}

/** protos.ProposalResponsePayload with the chaincode action in it. */
function responsePayload(results: Buffer, proposalHash: Buffer): Buffer {
  const chaincodeId = new ProtoWriter().bytes(2, LIFECYCLE_NAMESPACE).bytes(3, SYSTEM_VERSION).finish();
  const action = new ProtoWriter()
    .bytes(1, results)
    .present(3, new ProtoWriter().number(1, SUCCESS).finish())
    .present(4, chaincodeId)
    .finish();
  return new ProtoWriter().bytes(1, proposalHash).bytes(2, action).finish();
}
