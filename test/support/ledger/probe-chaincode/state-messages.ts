import type { ChaincodeStub } from 'fabric-shim';
import { BinaryReader, BinaryWriter } from 'google-protobuf';
import { createRequire } from 'node:module';

/** protos.ChaincodeMessage.Type of Fabric 3.1; fabric-shim 2.5 does not know these. */
const WRITE_BATCH_STATE = 24;
const GET_STATE_MULTIPLE = 25;

/** protos.WriteRecord.Type */
const RECORD_TYPES = { put: 9, delete: 10, purge: 23, setPolicy: 21, unknown: 1 } as const;
const POLICY_KEY = 'VALIDATION_PARAMETER';

/** One change of a batch. */
export interface BatchRecord {
  readonly type: keyof typeof RECORD_TYPES;
  readonly key: string;
  readonly value?: string;
  readonly collection?: string;
}

interface PeerMessage {
  setType(type: number): void;
  setPayload(payload: Uint8Array): void;
  setTxid(id: string): void;
  setChannelId(id: string): void;
}

/** The part of fabric-shim's message handler that asks the peer and waits for its answer. */
interface PeerHandler {
  _askPeerAndListen(message: PeerMessage, method: string): Promise<Uint8Array>;
}

/** The shim only sends messages of the class that it was loaded with itself. */
const { peer } = createRequire(createRequire(import.meta.url).resolve('fabric-shim'))(
  '@hyperledger/fabric-protos',
) as {
  peer: { ChaincodeMessage: new () => PeerMessage };
};

export async function getMany(
  stub: ChaincodeStub,
  keys: readonly string[],
  collection = '',
): Promise<Uint8Array[]> {
  const writer = new BinaryWriter();
  writer.writeRepeatedString(1, [...keys]);
  if (collection !== '') writer.writeString(2, collection);
  const reader = new BinaryReader(await ask(stub, GET_STATE_MULTIPLE, writer.getResultBuffer()));
  const values: Uint8Array[] = [];
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 1) values.push(reader.readBytes());
    else reader.skipField();
  }
  return values;
}

export async function writeBatch(
  stub: ChaincodeStub,
  records: readonly (Omit<BatchRecord, 'value'> & { readonly value: Uint8Array })[],
): Promise<void> {
  const writer = new BinaryWriter();
  for (const record of records) writer.writeBytes(1, encodeRecord(record));
  await ask(stub, WRITE_BATCH_STATE, writer.getResultBuffer());
}

function encodeRecord({
  type,
  key,
  value,
  collection = '',
}: Omit<BatchRecord, 'value'> & { readonly value: Uint8Array }): Uint8Array {
  const writer = new BinaryWriter();
  writer.writeString(1, key);
  if (type === 'put') writer.writeBytes(2, value);
  if (collection !== '') writer.writeString(3, collection);
  if (type === 'setPolicy') {
    const metadata = new BinaryWriter();
    metadata.writeString(1, POLICY_KEY);
    metadata.writeBytes(2, value);
    writer.writeBytes(4, metadata.getResultBuffer());
  }
  writer.writeEnum(5, RECORD_TYPES[type]);
  return writer.getResultBuffer();
}

function ask(stub: ChaincodeStub, type: number, payload: Uint8Array): Promise<Uint8Array> {
  const message = new peer.ChaincodeMessage();
  message.setType(type);
  message.setPayload(payload);
  message.setTxid(stub.getTxID());
  message.setChannelId(stub.getChannelID());
  const { handler } = stub as unknown as { handler: PeerHandler };
  return handler._askPeerAndListen(message, 'GetState');
}
