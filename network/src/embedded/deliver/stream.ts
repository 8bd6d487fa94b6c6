import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { SendBlock } from './session.js';

export type ByteStream = ServerDuplexStream<Buffer, Buffer>;

/** Sends one message; resolves when the receiver can take more, rejects when it is gone. */
export type Send = (message: Buffer) => Promise<void>;

/**
 * Answers one request of a stream after another, until the caller has enough or `answer` says false; then the stream
 * ends well, whatever was answered.
 */
export async function answerAll(
  call: ByteStream,
  answer: (request: Buffer, send: Send, gone: AbortSignal) => Promise<boolean>,
): Promise<void> {
  const gone = new AbortController();
  call.on('cancelled', () => {
    gone.abort(new Error('the caller is gone'));
  });
  call.on('error', (error) => {
    gone.abort(error);
  });
  const send: Send = (message) => write(call, message, gone.signal);
  try {
    // A loop that destroys the stream when it is left would leave the caller without an end.
    const requests = call.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
    for await (const request of requests) {
      if (!(await answer(request, send, gone.signal))) break;
    }
  } catch (error) {
    if (!gone.signal.aborted) call.emit('error', asServiceError(error));
    return;
  }
  call.end();
}

/** Writes and waits until the receiver can take more, so that a slow one costs no memory. */
async function write(call: ByteStream, message: Buffer, signal: AbortSignal): Promise<void> {
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

/** What a block becomes on its way out. */
export type Render = (...block: Parameters<SendBlock>) => Buffer;
