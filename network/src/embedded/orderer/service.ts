import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { deliverFrom, streamOfBytes } from '../deliver/service.js';
import type { BlockView } from '../deliver/peer-view.js';
import { asOrdered, blockResponse, headerWithSignatures } from '../deliver/responses.js';
import { answerAll, type ByteStream } from '../deliver/stream.js';
import type { BroadcastResult } from '../ports.js';
import { ProtoWriter } from '../../wire-format/index.js';
import { Status } from './admission.js';

const READERS = '/Channel/Readers';

/** orderer.AtomicBroadcast */
export const ordererServiceDefinition: ServiceDefinition = {
  broadcast: streamOfBytes('/orderer.AtomicBroadcast/Broadcast'),
  deliver: streamOfBytes('/orderer.AtomicBroadcast/Deliver'),
};

/** What the service needs of the ledger. */
export interface OrderingLedger extends BlockView {
  broadcast(envelope: Buffer): Promise<BroadcastResult>;
}

/**
 * The orderer's own service: it takes envelopes, and delivers blocks as it made them
 * [orderer/common/broadcast, orderer/common/server].
 * @param now Milliseconds since the epoch.
 */
export function ordererService(ledger: OrderingLedger, now: () => number): UntypedServiceImplementation {
  return {
    broadcast: (call: ByteStream) => {
      void answerAll(call, async (envelope, send) => {
        const { status, info } = await ledger.broadcast(envelope);
        await send(new ProtoWriter().number(1, status).bytes(2, info).finish());
        return status === Status.SUCCESS;
      });
    },
    deliver: deliverFrom({ view: ledger, readers: () => READERS }, now, (block, _number, { headersOnly }) =>
      blockResponse(asOrdered(headersOnly ? headerWithSignatures(block) : block)),
    ),
  };
}
