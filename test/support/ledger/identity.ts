import type { KeyObject } from 'node:crypto';
import { msp } from '@hyperledger/fabric-protos';

/** Someone who can sign on the channel. */
export interface LedgerIdentity {
  readonly mspId: string;
  /** PEM */
  readonly certificate: string;
  readonly privateKey: KeyObject;
}

/** The creator bytes of a header: msp.SerializedIdentity. */
export function serialize(identity: Pick<LedgerIdentity, 'mspId' | 'certificate'>): Uint8Array {
  const serialized = new msp.SerializedIdentity();
  serialized.setMspid(identity.mspId);
  serialized.setIdBytes(Buffer.from(identity.certificate));
  return serialized.serializeBinary();
}
