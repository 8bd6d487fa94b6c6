import type { Network } from '@hyperledger/fabric-gateway';
import { common, orderer } from '@hyperledger/fabric-protos';
import type { Session } from './endpoint.js';

const DEADLINE_MS = 5_000;

/** How many blocks the own peer has: one more than the number of the newest. The client asks by numbers only, so ours is signed here. */
export async function heightOf(network: Network, { gateway, signer }: Session): Promise<number> {
  const asked = network.newFilteredBlockEventsRequest({ startBlock: 0n }).getBytes();
  const envelope = common.Envelope.deserializeBinary(asked);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const seek = orderer.SeekInfo.deserializeBinary(payload.getData_asU8());
  const newest = new orderer.SeekPosition();
  newest.setNewest(new orderer.SeekNewest());
  seek.setStart(newest);
  seek.setStop(newest);
  payload.setData(seek.serializeBinary());
  const bytes = payload.serializeBinary();
  envelope.setPayload(bytes);
  const request = gateway.newSignedFilteredBlockEventsRequest(
    envelope.serializeBinary(),
    await signer(bytes),
  );
  const events = await request.getEvents({ deadline: Date.now() + DEADLINE_MS });
  try {
    for await (const block of events) return block.getNumber() + 1;
  } finally {
    events.close();
  }
  throw new Error('the peer gives no block');
}
