import { verify, X509Certificate } from 'node:crypto';
import { common, msp } from '@hyperledger/fabric-protos';
import { readTransaction, type DeliveredTransaction } from '../history/delivered-block.js';

export function isConfiguration(envelope: Uint8Array): boolean {
  return headerOf(envelope)?.getType() === common.HeaderType.CONFIG;
}

/** A transaction without private values; one that cannot be read has none of its parts. */
export function readEnvelope(envelope: Uint8Array, index: number, code: number): DeliveredTransaction {
  try {
    return readTransaction(envelope, index, code);
  } catch {
    return { index, id: '', code, at: 0, writes: [], values: [] };
  }
}

/** Place of the first transaction that whoever its own header names did not sign. */
export function firstUnsigned(envelopes: readonly Uint8Array[]): number | undefined {
  const place = envelopes.findIndex((envelope) => !isSigned(envelope));
  return place < 0 ? undefined : place;
}

function isSigned(bytes: Uint8Array): boolean {
  try {
    const envelope = common.Envelope.deserializeBinary(bytes);
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = common.SignatureHeader.deserializeBinary(
      payload.getHeader()?.getSignatureHeader_asU8() ?? new Uint8Array(),
    );
    const identity = msp.SerializedIdentity.deserializeBinary(header.getCreator_asU8());
    const { publicKey } = new X509Certificate(identity.getIdBytes_asU8());
    return verify('sha256', envelope.getPayload_asU8(), publicKey, envelope.getSignature_asU8());
  } catch {
    return false; // Whatever cannot be read was not signed as it is.
  }
}

function headerOf(envelope: Uint8Array): common.ChannelHeader | undefined {
  try {
    const payload = common.Payload.deserializeBinary(
      common.Envelope.deserializeBinary(envelope).getPayload_asU8(),
    );
    return common.ChannelHeader.deserializeBinary(
      payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array(),
    );
  } catch {
    return undefined;
  }
}
