import { createLogger } from '@consent-ledger/gateway/internal/adapters/pino-logger';

/** Logs so many lines at once, and says when that is done; ends when it is told to. */
const [lines = '0'] = process.argv.slice(2);
const log = createLogger('info');
for (let count = 1; count <= Number(lines); count += 1) log.info('made', { count });
process.send?.('logged');
process.once('message', () => {
  log.info('last');
  void log.written().then(() => process.exit(0));
});
