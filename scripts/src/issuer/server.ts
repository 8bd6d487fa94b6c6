import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { IssuerConfig } from './config.js';
import { memberProvider } from './provider.js';

type Handler = (request: IncomingMessage & { originalUrl?: string }, response: ServerResponse) => void;

/** One HTTPS server; below `/<member>` that member's authorisation server, everywhere else 404. Not yet listening. */
export async function issuerServer(config: IssuerConfig): Promise<Server> {
  const handlers = new Map<string, Handler>();
  for (const member of config.members) {
    handlers.set(new URL(member.issuer).pathname.slice(1), asHandler(memberProvider(member).callback()));
  }
  const [cert, key] = await Promise.all([readFile(config.certificate), readFile(config.key)]);
  return createServer({ cert, key, minVersion: 'TLSv1.3' }, (request, response) => {
    const url = request.url ?? '/';
    const [, name = ''] = /^\/([^/?]+)(?=\/)/.exec(url) ?? [];
    const handler = handlers.get(name);
    if (!handler) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('No such issuer.\n');
      return;
    }
    // As a framework would mount it: the provider derives its own addresses from the difference.
    handler(Object.assign(request, { originalUrl: url, url: url.slice(name.length + 1) }), response);
  });
}

/** koa's callback answers by the response; the promise that it also gives never rejects. */
function asHandler(callback: (request: IncomingMessage, response: ServerResponse) => unknown): Handler {
  return (request, response) => {
    void callback(request, response);
  };
}
