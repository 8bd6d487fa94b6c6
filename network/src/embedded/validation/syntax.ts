import {
  HeaderType,
  readChaincodeActionPayload,
  readChannelHeader,
  readEnvelope,
  readPayload,
  readProposalResponsePayload,
  readSignatureHeader,
  readTransactionActions,
  sha256,
  transactionId,
  type ChannelHeader,
  type Endorsement,
  type Envelope,
  type Payload,
} from '../../wire-format/index.js';
import type { KnownSignature, MspIdentity } from '../msp/identity.js';
import { InvalidTransaction, orInvalid, ValidationCode } from './codes.js';

/** A transaction whose form, creator and hashes are right; its endorsements are not looked at yet. */
export type WellFormed = ConfigTransaction | EndorserTransaction;

export interface ConfigTransaction {
  readonly kind: 'config';
  readonly header: ChannelHeader;
  /** Serialised common.ConfigEnvelope. */
  readonly configEnvelope: Buffer;
}

export interface EndorserTransaction {
  readonly kind: 'endorser';
  readonly header: ChannelHeader;
  readonly proposalResponsePayload: Buffer;
  /** Serialised protos.ChaincodeAction. */
  readonly chaincodeAction: Buffer;
  readonly endorsements: readonly Endorsement[];
}

/**
 * The checks that need nothing but the transaction and the MSPs, in Fabric's order
 * [core/common/validation/msgvalidation.go: ValidateTransaction].
 * @throws InvalidTransaction with the code of the first that fails.
 */
export function checkSyntax(
  bytes: Buffer,
  channelId: string,
  deserialize: (serialized: Uint8Array) => MspIdentity,
  isKnown?: KnownSignature,
): WellFormed {
  const envelope = orInvalid(ValidationCode.INVALID_OTHER_REASON, () => readEnvelope(bytes));
  const payload = orInvalid(ValidationCode.BAD_PAYLOAD, () => readPayload(envelope.payload));
  const { header, creator, nonce } = checkHeader(payload);
  checkCreator(envelope, creator, header.channelId === channelId ? deserialize : unknownChannel, isKnown);
  switch (header.type) {
    case HeaderType.ENDORSER_TRANSACTION:
      if (header.txId !== transactionId(nonce, creator)) {
        throw new InvalidTransaction(
          ValidationCode.BAD_PROPOSAL_TXID,
          'the transaction id is not that of the proposal',
        );
      }
      return orInvalid(ValidationCode.INVALID_ENDORSER_TRANSACTION, () =>
        checkEndorserTransaction(payload, header),
      );
    case HeaderType.CONFIG:
      return { kind: 'config', header, configEnvelope: payload.data };
    default:
      throw new InvalidTransaction(ValidationCode.UNSUPPORTED_TX_PAYLOAD, `unsupported type ${header.type}`);
  }
}

function checkHeader(payload: Payload): { header: ChannelHeader; creator: Buffer; nonce: Buffer } {
  return orInvalid(ValidationCode.BAD_COMMON_HEADER, () => {
    if (payload.header === undefined) throw new Error('nil header');
    const header = readChannelHeader(payload.header.channelHeader);
    const { creator, nonce } = readSignatureHeader(payload.header.signatureHeader);
    const types: readonly number[] = [
      HeaderType.CONFIG,
      HeaderType.CONFIG_UPDATE,
      HeaderType.ENDORSER_TRANSACTION,
    ];
    if (!types.includes(header.type)) throw new Error(`invalid header type ${header.type}`);
    if (header.epoch !== 0)
      throw new Error(`invalid Epoch in ChannelHeader. Expected 0, got [${header.epoch}]`);
    requireSignatureHeader(nonce, creator);
    return { header, creator, nonce };
  });
}

function requireSignatureHeader(nonce: Buffer, creator: Buffer): void {
  if (nonce.length === 0) throw new Error('invalid nonce specified in the header');
  if (creator.length === 0) throw new Error('invalid creator specified in the header');
}

function unknownChannel(): never {
  throw new Error('could not get msp for channel');
}

function checkCreator(
  envelope: Envelope,
  creator: Buffer,
  deserialize: (bytes: Uint8Array) => MspIdentity,
  isKnown: KnownSignature | undefined,
): void {
  orInvalid(ValidationCode.BAD_CREATOR_SIGNATURE, () => {
    const identity = deserialize(creator);
    identity.validate();
    if (!identity.verify(envelope.payload, envelope.signature, isKnown))
      throw new Error('The signature is invalid');
  });
}

function checkEndorserTransaction(payload: Payload, header: ChannelHeader): EndorserTransaction {
  const [action, ...more] = readTransactionActions(payload.data);
  if (action === undefined || more.length > 0)
    throw new Error('only one action per transaction is supported');
  const { nonce, creator } = readSignatureHeader(action.header);
  requireSignatureHeader(nonce, creator);
  const { chaincodeProposalPayload, action: endorsed } = readChaincodeActionPayload(action.payload);
  const proposalResponsePayload = endorsed?.proposalResponsePayload ?? Buffer.alloc(0);
  const { proposalHash, extension } = readProposalResponsePayload(proposalResponsePayload);
  const channelHeader = payload.header?.channelHeader ?? Buffer.alloc(0);
  if (!sha256(channelHeader, action.header, chaincodeProposalPayload).equals(proposalHash)) {
    throw new Error('proposal hash does not match');
  }
  return {
    kind: 'endorser',
    header,
    proposalResponsePayload,
    chaincodeAction: extension,
    endorsements: endorsed?.endorsements ?? [],
  };
}

/** The transaction id that an envelope claims, if one can be read: it is taken, whatever becomes of the transaction. */
export function claimedTransactionId(bytes: Buffer): string {
  try {
    const { header } = readPayload(readEnvelope(bytes).payload);
    return header === undefined ? '' : readChannelHeader(header.channelHeader).txId;
  } catch {
    return ''; // Unreadable bytes claim nothing.
  }
}
