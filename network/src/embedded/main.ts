/*
 * The embedded ledger as a process: `node main.js <configuration.json>`. Prints one line of JSON when it is ready. On
 * SIGHUP it reads its configuration again, for organisations that came or went.
 */
import { describeError } from './chaincode-stream/errors.js';
import { readConfiguration } from './configuration.js';
import { startEmbeddedLedger } from './start.js';

const NOTICE =
  'one process orders and keeps the ledger of all organisations: it is for development and tests, ' +
  'and protects nobody from whoever operates it';

function say(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

/** In one line, for a person. */
function failAndRemember(error: unknown): void {
  process.stderr.write(`embedded ledger: ${describeError(error)}\n`);
  process.exitCode = 1;
}

async function main(file: string | undefined): Promise<void> {
  if (file === undefined) {
    throw new Error('usage: main.js <configuration.json>');
  }
  const configuration = await readConfiguration(file);
  say('notice', { text: NOTICE });
  const failure = Promise.withResolvers<unknown>();
  const running = await startEmbeddedLedger(configuration, {
    onProgress: (verified, blocks) => {
      say('verifying', { verified, blocks });
    },
    onFailure: failure.resolve,
  });
  let stopped: Promise<void> | undefined;
  const stop = (): void => {
    // A client's connection that lingers does not keep the process.
    stopped ??= running
      .close()
      .catch(failAndRemember)
      .then(() => process.exit());
  };
  void failure.promise.then((error) => {
    failAndRemember(error);
    stop();
  });
  const reconfigure = (): void => {
    readConfiguration(file)
      .then((next) => running.reconfigure(next))
      .then(
        () => {
          say('reconfigured', { peers: Object.fromEntries(running.addresses) });
        },
        (error: unknown) => {
          // What was there before stays as it is.
          process.stderr.write(`embedded ledger: ${describeError(error)}\n`);
        },
      );
  };
  process.on('SIGHUP', reconfigure);
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  say('ready', {
    process: 'ledger',
    height: running.ledger.height,
    peers: Object.fromEntries(running.addresses),
  });
}

main(process.argv[2]).catch(failAndRemember);
