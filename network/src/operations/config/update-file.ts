import { signers } from '@hyperledger/fabric-gateway';
import { common, msp } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { createPrivateKey, randomBytes } from 'node:crypto';
import type { Pems } from '../../identities/index.js';
import { sha256, transactionId } from '../../wire-format/index.js';
import { ConfigurationError } from './config-tree.js';

/** Somebody who can sign for an organisation. */
export interface Signatory {
  readonly mspId: string;
  readonly identity: Pems;
}

/** A configuration update on its way: what changes, and who has signed for it. */
export interface PendingUpdate {
  readonly channel: string;
  /** Serialised common.ConfigUpdate: exactly what is signed. */
  readonly bytes: Buffer;
  readonly update: common.ConfigUpdate;
  readonly signatures: readonly common.ConfigSignature[];
}

export function pendingUpdate(update: common.ConfigUpdate): PendingUpdate {
  return {
    channel: update.getChannelId(),
    bytes: Buffer.from(update.serializeBinary()),
    update,
    signatures: [],
  };
}

/** The file form: the common.Envelope that `peer channel signconfigtx` and `peer channel update` take as well. */
export function encodeUpdateFile(pending: PendingUpdate): Buffer {
  return Buffer.from(envelopeOf(pending, new common.SignatureHeader()).serializeBinary());
}

/** @throws ConfigurationError when the file is no configuration update */
export function decodeUpdateFile(content: Uint8Array): PendingUpdate {
  try {
    const payload = common.Payload.deserializeBinary(
      common.Envelope.deserializeBinary(content).getPayload_asU8(),
    );
    const header = common.ChannelHeader.deserializeBinary(
      payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
    );
    if (header.getType() !== common.HeaderType.CONFIG_UPDATE) {
      throw new Error('it holds a transaction of another kind');
    }
    const envelope = common.ConfigUpdateEnvelope.deserializeBinary(payload.getData_asU8());
    const bytes = Buffer.from(envelope.getConfigUpdate_asU8());
    const update = common.ConfigUpdate.deserializeBinary(bytes);
    if (update.getChannelId() === '' || !update.hasWriteSet())
      throw new Error('it names no channel or no change');
    return { channel: update.getChannelId(), bytes, update, signatures: envelope.getSignaturesList() };
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    throw new ConfigurationError('the file is not a configuration update', { cause: error });
  }
}

/** @throws ConfigurationError when the file is no signature */
export function decodeSignatureFile(content: Uint8Array): common.ConfigSignature {
  try {
    const signature = common.ConfigSignature.deserializeBinary(content);
    signatoryOf(signature);
    return signature;
  } catch (error) {
    throw new ConfigurationError('the file is not a signature of a configuration update', { cause: error });
  }
}

export function withSignatures(
  pending: PendingUpdate,
  more: readonly common.ConfigSignature[],
): PendingUpdate {
  return { ...pending, signatures: [...pending.signatures, ...more] };
}

/** Signs exactly these bytes for an organisation. */
export async function signUpdate(
  { bytes }: Pick<PendingUpdate, 'bytes'>,
  by: Signatory,
): Promise<common.ConfigSignature> {
  const header = signatureHeader(by).serializeBinary();
  const signature = new common.ConfigSignature();
  signature.setSignatureHeader(header);
  signature.setSignature(await signerOf(by)(sha256(header, bytes)));
  return signature;
}

/** The signed envelope that an orderer takes. */
export async function envelopeToSubmit(pending: PendingUpdate, by: Signatory): Promise<common.Envelope> {
  const envelope = envelopeOf(pending, signatureHeader(by));
  envelope.setSignature(await signerOf(by)(sha256(envelope.getPayload_asU8())));
  return envelope;
}

/** A signature with what it is over, as policies judge it. */
export function signedData(
  { bytes }: Pick<PendingUpdate, 'bytes'>,
  signature: common.ConfigSignature,
): { readonly identity: Buffer; readonly data: Buffer; readonly signature: Buffer } {
  const header = signature.getSignatureHeader_asU8();
  return {
    identity: Buffer.from(common.SignatureHeader.deserializeBinary(header).getCreator_asU8()),
    data: Buffer.concat([header, bytes]),
    signature: Buffer.from(signature.getSignature_asU8()),
  };
}

/** The MSP id that a signature claims to be of. */
export function signatoryOf(signature: common.ConfigSignature): string {
  const header = common.SignatureHeader.deserializeBinary(signature.getSignatureHeader_asU8());
  const mspId = msp.SerializedIdentity.deserializeBinary(header.getCreator_asU8()).getMspid();
  if (mspId === '' || signature.getSignature_asU8().length === 0)
    throw new Error('there is no signature in it');
  return mspId;
}

export function creatorBytes({ mspId, identity }: Signatory): Uint8Array {
  const creator = new msp.SerializedIdentity();
  creator.setMspid(mspId);
  creator.setIdBytes(Buffer.from(identity.certificatePem));
  return creator.serializeBinary();
}

export function signerOf({ identity }: Signatory): (digest: Uint8Array) => Promise<Uint8Array> {
  return signers.newPrivateKeySigner(createPrivateKey(identity.keyPem));
}

function signatureHeader(by: Signatory): common.SignatureHeader {
  const header = new common.SignatureHeader();
  header.setCreator(creatorBytes(by));
  header.setNonce(randomBytes(24));
  return header;
}

function envelopeOf(
  { channel, bytes, signatures }: PendingUpdate,
  signed: common.SignatureHeader,
): common.Envelope {
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG_UPDATE);
  channelHeader.setChannelId(channel);
  if (signed.getNonce_asU8().length > 0) {
    channelHeader.setTxId(transactionId(signed.getNonce_asU8(), signed.getCreator_asU8()));
    channelHeader.setTimestamp(timestamps.Timestamp.fromDate(new Date()));
  }
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signed.serializeBinary());
  const content = new common.ConfigUpdateEnvelope();
  content.setConfigUpdate(bytes);
  content.setSignaturesList([...signatures]);
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(content.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope;
}
