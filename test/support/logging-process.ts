import { createLogger } from '@consent-ledger/gateway/internal/adapters/pino-logger';

/** Logs so many lines at once, and says when that is done; ends as a gateway does when it is told to, with so much patience. */
const [lines = '0', lastLinesMs = '0'] = process.argv.slice(2);
const log = createLogger('info', Number(lastLinesMs));
for (let count = 1; count <= Number(lines); count += 1) log.info('made', { count });
process.send?.('logged');
process.once('message', () => {
  log.info('last');
  void log.written().then((isWritten) => {
    if (!isWritten) process.kill(process.pid, 'SIGKILL');
    process.exit(0);
  });
});
