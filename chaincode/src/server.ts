import { Shim, type ChaincodeInterface, type ChaincodeStub } from 'fabric-shim';
import { ConsentChaincode } from './contracts/index.js';
import { ConfigError, loadConfig, type ServerConfig } from './server/config.js';
import { errorFields, logEvent } from './server/log.js';
import { PeerStub } from './server/peer-stub.js';
import { quietShim } from './server/quiet-shim.js';

/** As long as a peer waits for a chaincode by default; whatever still runs then has no one to answer to. */
const STOP_DEADLINE = 5_000;

/** Time for the last answers to leave the process, in milliseconds. */
const FLUSH = 50;

/** Peers batch a hundred requests of the longest kind into one message; Fabric's own limit is 100 MiB. */
const MAX_MESSAGE = 100 * 1024 * 1024;

/**
 * The chaincode as a service, for one organisation's peer or for the embedded ledger's: mutual TLS, one line
 * when ready, and an end on SIGTERM that answers what it has begun.
 */
async function main(): Promise<void> {
  quietShim();
  const config = loadConfig(process.env);
  const running = new RunningCalls(chaincodeOf(config));
  await listen(running, config);
  logEvent('info', 'chaincode-ready', { id: config.id, address: config.address });

  const stop = (signal: NodeJS.Signals): void => {
    logEvent('info', 'chaincode-stopping', { signal, running: running.count });
    void running.finish(STOP_DEADLINE).then(() => setTimeout(() => process.exit(0), FLUSH));
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function listen(chaincode: ChaincodeInterface, config: ServerConfig): Promise<void> {
  const server = Shim.server(chaincode, {
    ccid: config.id,
    address: config.address,
    tlsProps: config.tls,
    'grpc.max_receive_message_length': MAX_MESSAGE,
    'grpc.max_send_message_length': MAX_MESSAGE,
    'grpc.keepalive_time_ms': 110_000,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.keepalive_permit_without_calls': 1,
  });
  try {
    await server.start();
  } catch (cause) {
    const advice = 'is it in use, or not an address of this machine?';
    throw new ConfigError(`CHAINCODE_SERVER_ADDRESS ${config.address} cannot be listened on: ${advice}`, {
      cause,
    });
  }
}

function chaincodeOf({ maxSkew, minEpoch }: ServerConfig): ConsentChaincode {
  return new ConsentChaincode({
    now: () => Date.now(),
    maxSkew,
    minEpoch,
    reportFailure: ({ transaction, error }) => {
      logEvent('error', 'chaincode-failed', { transaction, ...errorFields(error) });
    },
  });
}

/** Counts what is being answered, so that the process can end between answers. */
class RunningCalls implements ChaincodeInterface {
  count = 0;
  #whenIdle: (() => void) | undefined;

  constructor(private readonly chaincode: ConsentChaincode) {}

  Init(): ReturnType<ConsentChaincode['Init']> {
    return this.chaincode.Init();
  }

  async Invoke(stub: ChaincodeStub): ReturnType<ConsentChaincode['Invoke']> {
    this.count += 1;
    try {
      return await this.chaincode.Invoke(new PeerStub(stub));
    } finally {
      this.count -= 1;
      if (this.count === 0) this.#whenIdle?.();
    }
  }

  /** Resolves when nothing is being answered, at the latest after so many milliseconds. */
  finish(deadline: number): Promise<void> {
    if (this.count === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, deadline);
      this.#whenIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : 'The chaincode could not start.';
  logEvent('error', 'chaincode-not-started', { message });
  process.exitCode = 1;
});
