import type { LoadedConfiguration } from '@consent-ledger/gateway';
import { createMetrics } from '@consent-ledger/gateway/internal/adapters/metrics';
import { createLogger } from '@consent-ledger/gateway/internal/adapters/pino-logger';
import { openIdempotencyStore } from '@consent-ledger/gateway/internal/adapters/sqlite/idempotency-store';
import { Closers } from '@consent-ledger/gateway/internal/composition/closers';
import { connectToIssuer } from '@consent-ledger/gateway/internal/composition/others';
import { createApp } from '@consent-ledger/gateway/internal/http/app';
import type { Handlers } from '@consent-ledger/gateway/internal/http/handlers';
import { startServer } from '@consent-ledger/gateway/internal/http/server';
import type { AskOptions } from '@consent-ledger/gateway/internal/usecases/ask-for-records';
import path from 'node:path';

/** What a stripped gateway leaves out: the ledger. Its own peer is always there and has whatever the custodian says. */
export const NO_CHAIN: AskOptions['chain'] = {
  requireReach: () => undefined,
  reached: () => Promise.resolve(),
  // The stripped custodian names its transaction by the hash of the event's bytes.
  writtenHash: (_block, transaction) => Promise.resolve(transaction),
};

/** Serves some of a gateway's operations as the gateway does, on a port of its own, and tells the parent which. */
export async function serveStripped(
  { configuration }: LoadedConfiguration,
  folder: string,
  handlers: Handlers,
): Promise<void> {
  const log = createLogger('warn');
  const tokens = connectToIssuer(configuration, new Closers());
  const app = createApp({
    handlers,
    tokens,
    clientTokens: tokens,
    log,
    metrics: createMetrics(),
    jsonBytes: configuration.limits.jsonBytes,
    idempotency: openIdempotencyStore({
      path: path.join(folder, 'idempotency.db'),
      gateway: 'stripped',
      now: () => Date.now(),
    }),
    title: 'without a ledger',
    isOpen: () => true,
  });
  const { port } = await startServer(app, { ...configuration.listen, host: '127.0.0.1', port: 0 });
  process.once('disconnect', () => {
    process.exit(0);
  });
  process.send?.({ port });
}
