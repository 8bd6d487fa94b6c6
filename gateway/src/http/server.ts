import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Express } from 'express';

const SWEEP_MS = 50;

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: string;
  readonly privateKey: string;
}

export interface RunningServer {
  readonly port: number;
  /** Takes no new connection, lets what is under way end for `drainMs` at most, then cuts. */
  close(drainMs: number): Promise<void>;
}

/** Listens with TLS 1.2 or later. Rejects where the port is taken or the certificate cannot be read. */
export async function startServer(app: Express, options: ServerOptions): Promise<RunningServer> {
  const server = createServer(
    {
      cert: readFileSync(options.certificate),
      key: readFileSync(options.privateKey),
      minVersion: 'TLSv1.2',
      headersTimeout: 15_000,
      // The whole of a request; large records arrive over slow lines.
      requestTimeout: 600_000,
      keepAliveTimeout: 20_000,
      // A token, and beside it evidence or a descriptor, each of 8 KiB.
      maxHeaderSize: 32 * 1024,
    },
    app,
  );
  server.maxRequestsPerSocket = 0;
  server.maxHeadersCount = 100;
  // Without a byte in either direction; longer than a commit may take.
  server.timeout = 120_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return { port: (server.address() as AddressInfo).port, close: (drainMs) => close(server, drainMs) };
}

async function close(server: Server, drainMs: number): Promise<void> {
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, drainMs);
  // A connection whose answer ends later becomes idle later, and would be kept open for the next request.
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });
  clearInterval(sweep);
  clearTimeout(cut);
}
