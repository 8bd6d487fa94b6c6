import { Agent, request } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

/** A user of a gateway, on connections that stay open. */
export interface User {
  /** Resolves with the head of the answer; its body is still to be read. */
  open(method: string, path: string, options: SendOptions): Promise<IncomingMessage>;
  /** The whole answer. Throws an Error with what came where the status is not the one expected. */
  send(method: string, path: string, options: SendOptions & { readonly expected: number }): Promise<Answer>;
  close(): void;
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | Readable;
}

export interface Answer {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const DEADLINE_MS = 300_000;

export function userOf(options: {
  readonly base: string;
  readonly ca: Buffer;
  readonly token: string;
}): User {
  const agent = new Agent({ keepAlive: true, ca: options.ca, maxSockets: 256 });
  const open: User['open'] = (method, path, { headers, body }) =>
    new Promise((resolve, reject) => {
      const sent = request(options.base + path, {
        method,
        agent,
        headers: { authorization: `Bearer ${options.token}`, ...headers },
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      sent.once('response', resolve);
      sent.once('error', reject);
      if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) sent.end(body);
      else body.pipe(sent);
    });
  return {
    open,
    async send(method, path, { expected, ...rest }) {
      const response = await open(method, path, rest);
      const body = await buffer(response);
      if (response.statusCode !== expected)
        throw new Error(`${method} ${path}: ${response.statusCode ?? 0} ${body.toString('utf8', 0, 800)}`);
      return { headers: response.headers, body };
    },
    close: () => {
      agent.destroy();
    },
  };
}
