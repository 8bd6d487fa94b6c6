import { status as Code } from '@grpc/grpc-js';
import { encodeMessage } from '../../wire-format/index.js';
import { describeError } from '../chaincode-stream/errors.js';
import type { Ledger } from '../ports.js';
import { requireReader } from './access.js';
import type { BlockEvent } from './block-events.js';
import type { GatewayContext } from './context.js';
import { decodeChaincodeEvents, decodeSigned } from './requests.js';
import type { ChaincodeEventsRequest } from './requests.js';
import { StatusError } from './status-error.js';

/**
 * Events of one chaincode from valid transactions, one message per block that has any, until the client ends it
 * [gateway/chaincodeevents.go]. `send` resolves when the next message may follow.
 */
export async function chaincodeEvents(
  { ledger, blockEvents }: GatewayContext,
  signedRequest: Buffer,
  send: (response: Buffer) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { request, signature } = decodeSigned(signedRequest);
  const decoded = parse(request);
  requireReader(ledger.channel, 'gateway/ChaincodeEvents', decoded.channelId, {
    data: request,
    identity: decoded.identity,
    signature,
  });
  const matches = matcher(decoded);
  for (let blockNumber = startBlock(ledger, decoded); ; blockNumber += 1) {
    const block = await nextBlock(ledger, blockNumber, signal);
    const events = blockEvents.of(blockNumber, block).filter(matches);
    if (events.length > 0) {
      await send(encodeEvents(events, blockNumber));
    }
  }
}

function parse(request: Buffer): ChaincodeEventsRequest {
  if (request.length === 0) {
    throw new StatusError(Code.INVALID_ARGUMENT, 'a chaincode events request is required');
  }
  try {
    return decodeChaincodeEvents(request);
  } catch (error) {
    throw new StatusError(Code.INVALID_ARGUMENT, `invalid chaincode events request: ${describeError(error)}`);
  }
}

function startBlock(ledger: Ledger, { afterTxId, start }: ChaincodeEventsRequest): number {
  const after = afterTxId === '' ? undefined : ledger.transactionStatus(afterTxId);
  if (after !== undefined) {
    return after.blockNumber;
  }
  switch (start.kind) {
    case 'specified':
      return start.block;
    case 'next commit':
      return ledger.height;
    case 'newest':
    case 'oldest':
      throw new StatusError(Code.INVALID_ARGUMENT, `invalid start position type: ${start.kind}`);
  }
}

/** After a named transaction nothing shows until an event of that transaction passed, of whichever chaincode. */
function matcher({ chaincode, afterTxId }: ChaincodeEventsRequest): (event: BlockEvent) => boolean {
  let passed = afterTxId === '';
  return (event) => {
    if (!passed) {
      passed = event.txId === afterTxId;
      return false;
    }
    return event.chaincode === chaincode;
  };
}

async function nextBlock(ledger: Ledger, blockNumber: number, signal: AbortSignal): Promise<Buffer> {
  try {
    signal.throwIfAborted();
    let block = ledger.block(blockNumber);
    while (block === undefined) {
      // A start in the future just waits, block by block.
      const next = Math.min(blockNumber, ledger.height);
      const arrived = await ledger.waitForBlock(next, signal);
      block = next === blockNumber ? arrived : ledger.block(blockNumber);
    }
    return block;
  } catch (error) {
    throw new StatusError(signal.aborted ? Code.CANCELLED : Code.ABORTED, describeError(error));
  }
}

/** gateway.ChaincodeEventsResponse */
function encodeEvents(events: readonly BlockEvent[], blockNumber: number): Buffer {
  return encodeMessage((writer) => {
    for (const event of events) {
      writer.present(1, event.bytes);
    }
    writer.number(2, blockNumber);
  });
}
