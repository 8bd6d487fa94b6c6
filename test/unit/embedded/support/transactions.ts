import type { PeerSigner } from '@consent-ledger/network/internal/embedded/ports';
import { ProtoWriter, sha256, transactionId } from '@consent-ledger/network/internal/wire-format/index';
import { randomBytes } from 'node:crypto';
import { CHAINCODE, CHANNEL } from './consortium.js';

/** A transaction as client and peers make it together, every part of which a test may get wrong. */
export interface TransactionSpec {
  readonly creator: PeerSigner;
  readonly endorsers: readonly PeerSigner[];
  /** Serialised rwset.TxReadWriteSet. */
  readonly results: Buffer;
  readonly channelId?: string;
  readonly nonce?: Buffer;
  readonly type?: number;
  readonly epoch?: number;
  readonly txId?: string;
  /** In the header extension; null = none. */
  readonly invoked?: string | null;
  /** In the chaincode action; null = none. */
  readonly chaincode?: { readonly name: string; readonly version: string } | null;
  /** Serialised protos.ChaincodeEvent. */
  readonly events?: Buffer;
  readonly proposalHash?: Buffer;
  readonly actions?: number;
  /** Replaces the serialised header extension. */
  readonly extension?: Buffer;
  /** Replaces the serialised chaincode action. */
  readonly action?: Buffer;
  /** Signs the envelope instead of the creator. */
  readonly signer?: PeerSigner;
  readonly endorse?: (endorser: PeerSigner, message: Buffer) => Buffer;
}

export interface BuiltTransaction {
  readonly txId: string;
  readonly envelope: Buffer;
}

export function buildTransaction(spec: TransactionSpec): BuiltTransaction {
  const nonce = spec.nonce ?? randomBytes(24);
  const creator = spec.creator.serializedIdentity;
  const txId = spec.txId ?? transactionId(nonce, creator);
  const channelHeader = new ProtoWriter()
    .number(1, spec.type ?? 3)
    .present(3, new ProtoWriter().number(1, Math.floor(Date.now() / 1000)).finish())
    .bytes(4, spec.channelId ?? CHANNEL)
    .bytes(5, txId)
    .number(6, spec.epoch ?? 0)
    .bytes(7, spec.extension ?? headerExtension(spec.invoked))
    .finish();
  const signatureHeader = new ProtoWriter().bytes(1, creator).bytes(2, nonce).finish();
  const proposalPayload = new ProtoWriter().bytes(1, Buffer.from('input')).finish();
  const proposalHash = spec.proposalHash ?? sha256(channelHeader, signatureHeader, proposalPayload);
  const response = new ProtoWriter()
    .bytes(1, proposalHash)
    .bytes(2, spec.action ?? chaincodeAction(spec))
    .finish();
  const endorsed = new ProtoWriter().bytes(1, response);
  const endorse = spec.endorse ?? ((endorser, message) => endorser.sign(message));
  for (const endorser of spec.endorsers) {
    const signature = endorse(endorser, Buffer.concat([response, endorser.serializedIdentity]));
    endorsed.present(2, new ProtoWriter().bytes(1, endorser.serializedIdentity).bytes(2, signature).finish());
  }
  const actionPayload = new ProtoWriter().bytes(1, proposalPayload).present(2, endorsed.finish()).finish();
  const action = new ProtoWriter().bytes(1, signatureHeader).bytes(2, actionPayload).finish();
  const transaction = new ProtoWriter();
  for (let count = 0; count < (spec.actions ?? 1); count++) transaction.present(1, action);
  const payload = new ProtoWriter()
    .present(1, new ProtoWriter().bytes(1, channelHeader).bytes(2, signatureHeader).finish())
    .bytes(2, transaction.finish())
    .finish();
  return { txId, envelope: sealed(payload, spec.signer ?? spec.creator) };
}

/** An envelope around a payload. */
export function sealed(payload: Buffer, signer: PeerSigner): Buffer {
  return new ProtoWriter().bytes(1, payload).bytes(2, signer.sign(payload)).finish();
}

function headerExtension(invoked: string | null | undefined): Buffer {
  if (invoked === null) return Buffer.alloc(0);
  return new ProtoWriter().present(2, new ProtoWriter().bytes(2, invoked ?? CHAINCODE).finish()).finish();
}

function chaincodeAction({ results, events, chaincode }: TransactionSpec): Buffer {
  const writer = new ProtoWriter()
    .bytes(1, results)
    .bytes(2, events)
    .present(3, new ProtoWriter().number(1, 200).finish());
  if (chaincode !== null) {
    const { name, version } = chaincode ?? { name: CHAINCODE, version: '0.1.0' };
    writer.present(4, new ProtoWriter().bytes(2, name).bytes(3, version).finish());
  }
  return writer.finish();
}
