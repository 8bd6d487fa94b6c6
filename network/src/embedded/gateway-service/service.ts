import { once } from 'node:events';
import { status as Code } from '@grpc/grpc-js';
import type {
  handleServerStreamingCall,
  handleUnaryCall,
  MethodDefinition,
  ServerUnaryCall,
  ServerWritableStream,
  ServiceDefinition,
  ServiceError,
  UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { describeError } from '../chaincode-stream/errors.js';
import { chaincodeEvents } from './chaincode-events.js';
import { commitStatus } from './commit-status.js';
import type { GatewayContext } from './context.js';
import { endorse } from './endorse.js';
import { evaluate } from './evaluate.js';
import { StatusError } from './status-error.js';
import { submit } from './submit.js';

/** peer.limits.concurrency.gatewayService of core.yaml; waiting calls count. */
export const GATEWAY_CONCURRENCY = 500;

const SERVICE = '/gateway.Gateway';

/** gateway.Gateway with messages as bytes: what was signed is never decoded and encoded again. */
export const gatewayServiceDefinition: ServiceDefinition = {
  evaluate: method('Evaluate', false),
  endorse: method('Endorse', false),
  submit: method('Submit', false),
  commitStatus: method('CommitStatus', false),
  chaincodeEvents: method('ChaincodeEvents', true),
};

export function gatewayService(context: GatewayContext): UntypedServiceImplementation {
  const limit = new ConcurrencyLimit(GATEWAY_CONCURRENCY);
  const unary = (
    run: (request: Buffer, signal: AbortSignal) => Promise<Buffer>,
  ): handleUnaryCall<Buffer, Buffer> => {
    return (call, callback) => {
      limit
        .run(() => run(call.request, abortedWith(call)))
        .then(
          (response) => {
            callback(null, response);
          },
          (error: unknown) => {
            callback(toServiceError(error));
          },
        );
    };
  };
  const events: handleServerStreamingCall<Buffer, Buffer> = (call) => {
    const signal = abortedWith(call);
    const send = (response: Buffer): Promise<void> => write(call, response, signal);
    limit
      .run(() => chaincodeEvents(context, call.request, send, signal))
      .catch((error: unknown) => {
        call.emit('error', toServiceError(error));
      });
  };
  return {
    evaluate: unary((request) => evaluate(context, request)),
    endorse: unary((request) => endorse(context, request)),
    submit: unary((request) => submit(context, request)),
    commitStatus: unary((request, signal) => commitStatus(context, request, signal)),
    chaincodeEvents: events,
  };
}

function method(name: string, responseStream: boolean): MethodDefinition<Buffer, Buffer> {
  const same = (bytes: Buffer): Buffer => bytes;
  return {
    path: `${SERVICE}/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}

/** Refuses what exceeds the limit, instead of queueing it [node/grpc_limiters.go]. */
class ConcurrencyLimit {
  private running = 0;

  constructor(private readonly limit: number) {}

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running >= this.limit) {
      throw new StatusError(
        Code.UNKNOWN,
        `too many requests for ${SERVICE}, exceeding concurrency limit (${this.limit})`,
      );
    }
    this.running += 1;
    try {
      return await work();
    } finally {
      this.running -= 1;
    }
  }
}

function abortedWith(
  call: ServerUnaryCall<Buffer, Buffer> | ServerWritableStream<Buffer, Buffer>,
): AbortSignal {
  const controller = new AbortController();
  call.once('cancelled', () => {
    controller.abort(new Error('context canceled'));
  });
  return controller.signal;
}

async function write(
  call: ServerWritableStream<Buffer, Buffer>,
  response: Buffer,
  signal: AbortSignal,
): Promise<void> {
  if (!call.write(response)) {
    await once(call, 'drain', { signal });
  }
}

function toServiceError(error: unknown): ServiceError {
  if (error instanceof StatusError) {
    return error.toServiceError();
  }
  // Bytes that are no message, which grpc-go itself refuses this way; or a fault of ours.
  return new StatusError(Code.INTERNAL, describeError(error)).toServiceError();
}
