import { randomBytes } from 'node:crypto';
import { common } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { serialize, type LedgerIdentity } from './identity.js';
import { makeSignatureHeader, transactionId } from './proposal.js';
import { sign } from './signature.js';

export interface EnvelopeInput {
  readonly identity: LedgerIdentity;
  readonly channel: string;
  readonly data: Uint8Array;
  readonly txId?: string;
  readonly nonce?: Uint8Array;
  readonly epoch?: number;
  readonly type?: common.HeaderTypeMap[keyof common.HeaderTypeMap];
}

/** An envelope as a transaction has it, signed, with any bytes for data. */
export function makeEnvelope(input: EnvelopeInput): {
  readonly txId: string;
  readonly envelope: common.Envelope;
} {
  const creator = serialize(input.identity);
  const nonce = input.nonce ?? randomBytes(24);
  const txId = input.txId ?? transactionId(nonce, creator);

  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(input.type ?? common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setChannelId(input.channel);
  channelHeader.setTxId(txId);
  channelHeader.setEpoch(input.epoch ?? 0);
  channelHeader.setTimestamp(timestamps.Timestamp.fromDate(new Date()));

  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(makeSignatureHeader(creator, nonce));
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(input.data);

  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(sign(input.identity.privateKey, envelope.getPayload_asU8()));
  return { txId, envelope };
}
