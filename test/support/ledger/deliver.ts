import type { peer } from '@hyperledger/fabric-protos';
import { common, orderer } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { randomBytes } from 'node:crypto';
import { CALL_DEADLINE_MS, type RawGateway } from './calls.js';
import { serialize, type LedgerIdentity } from './identity.js';
import { makeSignatureHeader } from './proposal.js';
import { sign } from './signature.js';

export type Position = 'oldest' | 'newest' | 'next' | number;

export interface SeekInput {
  readonly identity: LedgerIdentity;
  readonly channel: string;
  readonly start?: Position;
  readonly stop?: Position;
  readonly failIfNotReady?: boolean;
  readonly timestamp?: Date;
  readonly method?: 'deliver' | 'deliverFiltered' | 'deliverWithPrivateData';
  /** How long to listen when the stream is not ended by a status. */
  readonly listenMs?: number;
}

export interface Delivered {
  readonly blocks: readonly common.Block[];
  readonly filtered: readonly peer.FilteredBlock[];
  readonly withPrivate: readonly peer.BlockAndPrivateData[];
  /** common.Status; undefined when none came while listening. */
  readonly status?: number;
}

/** One seek request, listened to until a status comes or the time is up. */
export function seek(gateway: RawGateway, input: SeekInput): Promise<Delivered> {
  const blocks: common.Block[] = [];
  const filtered: peer.FilteredBlock[] = [];
  const withPrivate: peer.BlockAndPrivateData[] = [];
  const stream = gateway.deliver[input.method ?? 'deliver']({ deadline: Date.now() + CALL_DEADLINE_MS });

  return new Promise((resolve, reject) => {
    const finish = (status?: number): void => {
      clearTimeout(timer);
      stream.cancel();
      resolve({ blocks, filtered, withPrivate, ...(status === undefined ? {} : { status }) });
    };
    const timer = setTimeout(finish, input.listenMs ?? CALL_DEADLINE_MS);
    stream.on('error', (error) => {
      clearTimeout(timer);
      // Our own cancellation arrives here too, after the promise is settled.
      reject(error);
    });
    stream.on('data', (response: peer.DeliverResponse) => {
      const block = response.getBlock();
      const light = response.getFilteredBlock();
      const full = response.getBlockAndPrivateData();
      if (block !== undefined) blocks.push(block);
      else if (light !== undefined) filtered.push(light);
      else if (full !== undefined) withPrivate.push(full);
      else finish(response.getStatus());
    });
    stream.write(seekEnvelope(input));
  });
}

/** The statuses that a stream answers a list of requests with, until the peer ends it. */
export function statusesUntilEnd(
  gateway: RawGateway,
  inputs: readonly SeekInput[],
): Promise<readonly number[]> {
  const statuses: number[] = [];
  const stream = gateway.deliver.deliver({ deadline: Date.now() + CALL_DEADLINE_MS });
  for (const input of inputs) stream.write(seekEnvelope(input));
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('end', () => {
      resolve(statuses);
    });
    stream.on('data', (response: peer.DeliverResponse) => {
      if (response.hasStatus()) statuses.push(response.getStatus());
    });
  });
}

/** The blocks from `start` to `stop`, both included. Throws when the stream ends otherwise than by success. */
export async function blocksBetween(
  gateway: RawGateway,
  input: Omit<SeekInput, 'method'> & { start: Position; stop: Position },
): Promise<readonly common.Block[]> {
  const { blocks, status } = await seek(gateway, input);
  if (status !== common.Status.SUCCESS) {
    throw new Error(`deliver ended with status ${status}`);
  }
  return blocks;
}

export function seekEnvelope(input: SeekInput): common.Envelope {
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.DELIVER_SEEK_INFO);
  channelHeader.setChannelId(input.channel);
  channelHeader.setTimestamp(timestamps.Timestamp.fromDate(input.timestamp ?? new Date()));

  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(makeSignatureHeader(serialize(input.identity), randomBytes(24)));
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(seekInfo(input).serializeBinary());

  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  envelope.setSignature(sign(input.identity.privateKey, envelope.getPayload_asU8()));
  return envelope;
}

function seekInfo({ start, stop, failIfNotReady }: SeekInput): orderer.SeekInfo {
  const info = new orderer.SeekInfo();
  if (start !== undefined) info.setStart(position(start));
  if (stop !== undefined) info.setStop(position(stop));
  info.setBehavior(
    failIfNotReady === true
      ? orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY
      : orderer.SeekInfo.SeekBehavior.BLOCK_UNTIL_READY,
  );
  return info;
}

function position(at: Position): orderer.SeekPosition {
  const seekPosition = new orderer.SeekPosition();
  if (at === 'oldest') seekPosition.setOldest(new orderer.SeekOldest());
  else if (at === 'newest') seekPosition.setNewest(new orderer.SeekNewest());
  else if (at === 'next') seekPosition.setNextCommit(new orderer.SeekNextCommit());
  else {
    const specified = new orderer.SeekSpecified();
    specified.setNumber(at);
    seekPosition.setSpecified(specified);
  }
  return seekPosition;
}
