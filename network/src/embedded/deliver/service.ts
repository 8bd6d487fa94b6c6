import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { Status } from '../orderer/admission.js';
import type { PeerView } from './peer-view.js';
import {
  blockAndPrivateDataResponse,
  blockResponse,
  filteredBlockResponse,
  headerWithSignatures,
  statusResponse,
} from './responses.js';
import { serveRequest, type DeliverSource } from './session.js';
import { answerAll, type ByteStream, type Render } from './stream.js';

const READERS = '/Channel/Application/Readers';

const asIs = (bytes: Buffer): Buffer => bytes;

/** A method whose messages are bytes: a block is sent as it is stored, nothing is marshalled again. */
export const streamOfBytes = (path: string): ServiceDefinition[string] => ({
  path,
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
});

/** protos.Deliver */
export const deliverServiceDefinition: ServiceDefinition = {
  deliver: streamOfBytes('/protos.Deliver/Deliver'),
  deliverFiltered: streamOfBytes('/protos.Deliver/DeliverFiltered'),
  deliverWithPrivateData: streamOfBytes('/protos.Deliver/DeliverWithPrivateData'),
};

/**
 * The deliver service of one organisation's peer [core/peer/deliverevents.go].
 * @param now Milliseconds since the epoch.
 */
export function deliverService(view: PeerView, now: () => number): UntypedServiceImplementation {
  const source = (resource: string): DeliverSource => ({
    view,
    readers: () => view.channel.policyFor(resource, READERS),
  });
  const blocks = source('event/Block');
  return {
    deliver: deliverFrom(blocks, now, (block, _number, { headersOnly }) =>
      blockResponse(headersOnly ? headerWithSignatures(block) : block),
    ),
    deliverFiltered: deliverFrom(source('event/FilteredBlock'), now, (block) =>
      filteredBlockResponse(block, view.channel.channelId),
    ),
    deliverWithPrivateData: deliverFrom(blocks, now, (block, number, { headersOnly }, requester) =>
      blockAndPrivateDataResponse(headersOnly ? headerWithSignatures(block) : block, number, view, requester),
    ),
  };
}

/** Serves one request after another, until one of them ends with another status than SUCCESS. */
export function deliverFrom(
  source: DeliverSource,
  now: () => number,
  render: Render,
): (call: ByteStream) => void {
  return (call) => {
    void answerAll(call, async (request, send, gone) => {
      const status = await serveRequest(request, source, now, gone, (...block) => send(render(...block)));
      await send(statusResponse(status));
      return status === Status.SUCCESS;
    });
  };
}
