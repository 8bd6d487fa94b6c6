import { credentials, type ClientDuplexStream } from '@grpc/grpc-js';
import { common, orderer, peer } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { randomBytes } from 'node:crypto';
import { lastConfigIndex, readBlock, sha256, transactionId } from '../../wire-format/index.js';
import { configurationIn, type ChannelConfiguration } from '../config/channel-configuration.js';
import { creatorBytes, signerOf, type Signatory } from '../config/update-file.js';
import type { Endpoint } from './endpoint.js';

const DEADLINE_MS = 10_000;
const EVERYTHING = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

/** The blocks of one peer or orderer. Every call has a deadline and rejects with what the other end said. */
export interface BlockReader {
  /** How many blocks it has. */
  height(): Promise<number>;
  /** Serialised common.Block. */
  block(number: number): Promise<Buffer>;
  /** The configuration in force there. */
  configuration(): Promise<ChannelConfiguration>;
  /** Serialised common.Block with the configuration in force there. */
  configurationBlock(): Promise<Buffer>;
  close(): void;
}

export function peerBlocks(endpoint: Endpoint, channel: string, reader: Signatory): BlockReader {
  const client = new peer.DeliverClient(endpoint.address, tls(endpoint), EVERYTHING);
  return blockReader(
    endpoint,
    channel,
    reader,
    () => client.deliver(deadline()),
    () => {
      client.close();
    },
  );
}

export function ordererBlocks(endpoint: Endpoint, channel: string, reader: Signatory): BlockReader {
  const client = new orderer.AtomicBroadcastClient(endpoint.address, tls(endpoint), EVERYTHING);
  return blockReader(
    endpoint,
    channel,
    reader,
    () => client.deliver(deadline()),
    () => {
      client.close();
    },
  );
}

export function tls({ tlsCaPem }: Endpoint): ReturnType<typeof credentials.createSsl> {
  return credentials.createSsl(Buffer.from(tlsCaPem));
}

/** What both of Fabric's deliver services answer. */
interface Answer {
  hasBlock(): boolean;
  getBlock(): common.Block | undefined;
  getStatus(): number;
}

function blockReader(
  endpoint: Endpoint,
  channel: string,
  reader: Signatory,
  open: () => Pick<ClientDuplexStream<common.Envelope, Answer>, 'on' | 'write' | 'end' | 'cancel'>,
  close: () => void,
): BlockReader {
  const seek = async (position: orderer.SeekPosition): Promise<Buffer> => {
    const request = await seekRequest(channel, reader, position);
    const stream = open();
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        stream.on('data', (answer: Answer) => {
          const block = answer.getBlock();
          if (block !== undefined) resolve(Buffer.from(block.serializeBinary()));
          else reject(new Error(`${endpoint.name} answers ${statusName(answer.getStatus())}`));
        });
        stream.on('error', (cause: Error) => {
          reject(new Error(`${endpoint.name} gives no block: ${cause.message}`, { cause }));
        });
        stream.on('end', () => {
          reject(new Error(`${endpoint.name} ended its answer without a block`));
        });
        stream.write(request);
        stream.end();
      });
    } finally {
      stream.cancel();
    }
  };
  const newest = (): Promise<Buffer> => {
    const position = new orderer.SeekPosition();
    position.setNewest(new orderer.SeekNewest());
    return seek(position);
  };
  const block = (number: number): Promise<Buffer> => {
    const specified = new orderer.SeekSpecified();
    specified.setNumber(number);
    const position = new orderer.SeekPosition();
    position.setSpecified(specified);
    return seek(position);
  };
  const configurationBlock = async (): Promise<Buffer> => block(lastConfigOf(await newest()));
  return {
    height: async () => readBlock(await newest()).header.number + 1,
    block,
    configurationBlock,
    configuration: async () => configurationIn(await configurationBlock()),
    close,
  };
}

/** Orderers of Fabric 2 and later name the last configuration block beside their signatures, not in its own slot. */
function lastConfigOf(newest: Buffer): number {
  const block = readBlock(newest);
  const signatures = common.Metadata.deserializeBinary(block.metadata[0] ?? new Uint8Array());
  const value = signatures.getValue_asU8();
  if (value.length === 0) return lastConfigIndex(block);
  return common.OrdererBlockMetadata.deserializeBinary(value).getLastConfig()?.getIndex() ?? 0;
}

async function seekRequest(
  channel: string,
  reader: Signatory,
  position: orderer.SeekPosition,
): Promise<common.Envelope> {
  const info = new orderer.SeekInfo();
  info.setStart(position);
  info.setStop(position);
  info.setBehavior(orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY);
  const creator = creatorBytes(reader);
  const nonce = randomBytes(24);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.DELIVER_SEEK_INFO);
  channelHeader.setChannelId(channel);
  channelHeader.setTimestamp(timestamps.Timestamp.fromDate(new Date()));
  channelHeader.setTxId(transactionId(nonce, creator));
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(info.serializeBinary());
  const bytes = payload.serializeBinary();
  const envelope = new common.Envelope();
  envelope.setPayload(bytes);
  envelope.setSignature(await signerOf(reader)(sha256(bytes)));
  return envelope;
}

export function statusName(status: number): string {
  const names = Object.entries(common.Status).find(([, value]) => (value as number) === status);
  return names?.[0] ?? String(status);
}

export function deadline(): { deadline: number } {
  return { deadline: Date.now() + DEADLINE_MS };
}
