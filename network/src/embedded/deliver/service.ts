import type { ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { Status } from '../orderer/admission.js';
import type { PeerView } from './peer-view.js';
import {
  blockAndPrivateDataResponse,
  blockResponse,
  filteredBlockResponse,
  headerWithSignatures,
  statusResponse,
} from './responses.js';
import { serveRequest, type SendBlock } from './session.js';

type Call = ServerDuplexStream<Buffer, Buffer>;

const asIs = (bytes: Buffer): Buffer => bytes;

const method = (name: string): ServiceDefinition[string] => ({
  path: `/protos.Deliver/${name}`,
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});

/** protos.Deliver, with messages as bytes: a block is sent as it is stored, nothing is marshalled again. */
export const deliverServiceDefinition: ServiceDefinition = {
  deliver: method('Deliver'),
  deliverFiltered: method('DeliverFiltered'),
  deliverWithPrivateData: method('DeliverWithPrivateData'),
};

/** What a block becomes on its way out. */
type Render = (...block: Parameters<SendBlock>) => Buffer;

/**
 * The deliver service of one organisation's peer [core/peer/deliverevents.go].
 * @param now Milliseconds since the epoch.
 */
export function deliverService(view: PeerView, now: () => number): UntypedServiceImplementation {
  const serve = (render: Render) => (call: Call) => {
    void handle(call, view, now, render);
  };
  return {
    deliver: serve((block, _number, { headersOnly }) =>
      blockResponse(headersOnly ? headerWithSignatures(block) : block),
    ),
    deliverFiltered: serve((block) => filteredBlockResponse(block, view.channel.channelId)),
    deliverWithPrivateData: serve((block, number, { headersOnly }, requester) =>
      blockAndPrivateDataResponse(headersOnly ? headerWithSignatures(block) : block, number, view, requester),
    ),
  };
}

/** One request after another until the caller has enough, or one of them ends with another status than SUCCESS. */
async function handle(call: Call, view: PeerView, now: () => number, render: Render): Promise<void> {
  const gone = new AbortController();
  call.on('cancelled', () => {
    gone.abort(new Error('the caller is gone'));
  });
  call.on('error', (error) => {
    gone.abort(error);
  });
  const send: SendBlock = (...block) => write(call, render(...block), gone.signal);
  try {
    // A loop that destroys the stream when it is left would leave the caller without an end.
    const requests = call.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const request of requests) {
      const status = await serveRequest(request, view, now, gone.signal, send);
      await write(call, statusResponse(status), gone.signal);
      if (status !== Status.SUCCESS) break;
    }
  } catch (error) {
    if (!gone.signal.aborted) call.emit('error', asServiceError(error));
    return;
  }
  call.end();
}

/** Writes and waits until the receiver can take more, so that a slow one costs no memory. */
async function write(call: Call, message: Buffer, signal: AbortSignal): Promise<void> {
  if (signal.aborted) throw asError(signal.reason);
  if (call.write(message)) return;
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      call.off('drain', proceed);
      reject(asError(signal.reason));
    };
    const proceed = (): void => {
      signal.removeEventListener('abort', stop);
      resolve();
    };
    call.once('drain', proceed);
    signal.addEventListener('abort', stop, { once: true });
  });
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** UNAVAILABLE: the ledger stopped while the stream was open. */
function asServiceError(error: unknown): Error & { code: number; details: string } {
  const { message } = asError(error);
  return Object.assign(new Error(message), { code: 14, details: message });
}
