import { newLogger } from 'fabric-shim';
import { logEvent } from './log.js';

/** Names that fabric-shim 2.5 gives its loggers; `newLogger` hands out the one that is there. */
const SHIM_LOGGERS = ['lib/handler.js', 'lib/stub.js', 'lib/iterators.js', 'lib/chaincode.js', '_'];

/** Says only what `start()` rejects with as well. */
const SERVER_LOGGER = 'lib/server.js';

/**
 * The shim writes some ten debug messages for every value that it reads. Winston takes each through a stream
 * before it looks at the level: measured at half of the chaincode's time. They are cut off here; warnings and
 * errors become lines of our own log.
 */
export function quietShim(): void {
  for (const name of [...SHIM_LOGGERS, SERVER_LOGGER]) {
    const logger = newLogger(name);
    const ignore = (): typeof logger => logger;
    const pass =
      (level: 'warn' | 'error') =>
      (message: unknown): typeof logger => {
        logEvent(level, 'shim', { logger: name, message: String(message) });
        return logger;
      };
    Object.assign(logger, {
      debug: ignore,
      info: ignore,
      warn: pass('warn'),
      error: name === SERVER_LOGGER ? ignore : pass('error'),
    });
  }
}
