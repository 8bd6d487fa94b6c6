import { mkdirSync } from 'node:fs';
import { createLogger, type WaitingLogger } from './adapters/pino-logger.js';
import { awaitData, type DataLock } from './adapters/sqlite/data-lock.js';
import { startGateway } from './composition/gateway.js';
import { NO_SEAMS } from './composition/seams.js';
import { ConfigurationError, loadConfiguration, type LoadedConfiguration } from './config/load.js';
import { WrongLedgerError } from './usecases/set-up.js';

const USAGE = 'usage: gateway CONFIGURATION-FILE [--standby]';
const STANDBY = '--standby';
const EXIT = { failed: 1, badInput: 2 } as const;

/**
 * Runs one gateway: `main.js CONFIGURATION-FILE [--standby]`. A standby waits until the process that works on the same data has ended,
 * whatever ended it, and takes its place. Standard output gets one line when it takes calls, standard error the log.
 * Ends on SIGTERM and SIGINT with 0, after what was under way.
 */
async function main(): Promise<void> {
  const [file, mode, ...more] = process.argv.slice(2);
  if (file === undefined || (mode !== undefined && mode !== STANDBY) || more.length > 0)
    throw new ConfigurationError(USAGE);
  const loaded = loadConfiguration(file);
  const log = createLogger(loaded.configuration.logLevel);
  // Node's own warnings become lines of the log like everything else.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    // The Node that runs this is pinned: whoever operates it can do nothing about what Node calls experimental.
    if (warning.name !== 'ExperimentalWarning') log.warn('process.warning', { error: warning });
  });
  const lock = mode === STANDBY ? await standBy(loaded) : undefined;
  const gateway = await startGateway(loaded, log, NO_SEAMS, lock);

  let isStopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (isStopping) return;
    isStopping = true;
    log.info('gateway.stopping', { signal });
    void gateway
      .close()
      .then(
        () => 0,
        (error: unknown) => {
          log.error('gateway.not-closed', { error });
          return EXIT.failed;
        },
      )
      .then((code) => end(code, log));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);

  try {
    const broken = await Promise.race([gateway.ready, gateway.broken]);
    if (broken !== undefined) throw broken;
  } catch (error) {
    // A stop that came before it was ready interrupts it, and ends the process by itself.
    if (process.exitCode === undefined && !isStopped()) {
      await gateway.close();
      throw error;
    }
    return;
  }
  void gateway.broken.then(async (error) => {
    report(error);
    await gateway.close().catch((failure: unknown) => {
      log.error('gateway.not-closed', { error: failure });
    });
    await end(EXIT.badInput, log);
  });
  process.stdout.write(
    `${JSON.stringify({ event: 'ready', member: loaded.own.mspId, port: gateway.port })}\n`,
  );

  function isStopped(): boolean {
    return isStopping;
  }
}

/** Nothing is opened meanwhile, not even the port. Ends the process with 0 where it is stopped while it waits. */
async function standBy({ configuration: { dataDirectory }, own }: LoadedConfiguration): Promise<DataLock> {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  const waiting = new AbortController();
  const stop = (): void => {
    waiting.abort();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  try {
    const lock = await awaitData(dataDirectory, {
      now: NO_SEAMS.now,
      signal: waiting.signal,
      onHeld: (by) => {
        process.stdout.write(`${JSON.stringify({ event: 'standby', member: own.mspId, reason: by })}\n`);
      },
    });
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    return lock;
  } catch (error) {
    if (waiting.signal.aborted) process.exit(0);
    throw error;
  }
}

/** Everything is closed by now; only who does not read the log could keep the process. */
async function end(code: number, log: WaitingLogger): Promise<void> {
  if (!(await log.written())) process.kill(process.pid, 'SIGKILL');
  process.exit(code);
}

/** One line for whoever watches the process. */
function report(error: unknown): void {
  const text = error instanceof Error ? error.message : 'it failed';
  process.stderr.write(`${JSON.stringify({ level: 'error', event: 'gateway.not-running', reason: text })}\n`);
}

main().catch((error: unknown) => {
  const isExpected = error instanceof ConfigurationError || error instanceof WrongLedgerError;
  report(error);
  process.exitCode = isExpected ? EXIT.badInput : EXIT.failed;
  // Whatever is half open must not keep the process.
  setTimeout(() => process.exit(), 100).unref();
});
