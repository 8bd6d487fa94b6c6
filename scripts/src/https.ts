import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { buffer } from 'node:stream/consumers';

export interface HttpsRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  /** PEM of the CA that alone may vouch for the server. */
  readonly ca: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly deadlineMs?: number;
}

export interface HttpsResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** One request, one whole answer. Rejects with Node's error when there is none within the deadline (10 s). */
export async function send(wanted: HttpsRequest): Promise<HttpsResponse> {
  const { body, ...head } = await open(wanted);
  return { ...head, body: await buffer(body) };
}

/** One request; the answer's body is read as it comes. Rejects as {@link send}, and so does reading on after the deadline. */
export async function open(
  wanted: HttpsRequest,
): Promise<Omit<HttpsResponse, 'body'> & { readonly body: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      wanted.url,
      {
        method: wanted.method,
        ca: wanted.ca,
        headers: { ...wanted.headers },
        signal: AbortSignal.timeout(wanted.deadlineMs ?? 10_000),
        agent: false,
      },
      (response) => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: response });
      },
    );
    sent.once('error', reject);
    sent.end(wanted.body);
  });
}
