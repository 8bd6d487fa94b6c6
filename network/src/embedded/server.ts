import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { ChaincodeRuntime, DEFAULT_TIMEOUTS } from './chaincode-stream/chaincode-runtime.js';
import type { ChaincodeTimeouts } from './chaincode-stream/chaincode-stream.js';
import type { ChaincodeEndpoint } from './chaincode-stream/connection.js';
import { Endorser } from './endorser/endorser.js';
import { BlockEvents } from './gateway-service/block-events.js';
import type { GatewayContext } from './gateway-service/context.js';
import type { Peer } from './gateway-service/peers.js';
import { gatewayService, gatewayServiceDefinition } from './gateway-service/service.js';
import type { Ledger, PeerSigner } from './ports.js';

const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
/** How long calls may go on after the listeners closed, in ms. */
const DRAIN_MS = 2_000;

/** One organisation's peer: an endpoint, a signing identity, and its own streams to the chaincode. */
export interface PeerSettings {
  readonly signer: PeerSigner;
  /** `host:port` to listen on; port 0 takes a free one. */
  readonly listen: string;
  /** PEM */
  readonly tls: { readonly key: Buffer; readonly certificate: Buffer };
  /** By chaincode name. */
  readonly chaincodes: ReadonlyMap<string, ChaincodeEndpoint>;
}

/** Another gRPC service of every peer, such as Deliver. */
export interface PeerService {
  readonly definition: ServiceDefinition;
  readonly implementation: (mspId: string) => UntypedServiceImplementation;
}

export interface PeersSettings {
  readonly ledger: Ledger;
  readonly peers: readonly PeerSettings[];
  readonly services?: readonly PeerService[];
  readonly timeouts?: Partial<ChaincodeTimeouts>;
  /** ms since the epoch */
  readonly now?: () => number;
}

export interface RunningPeers {
  /** `host:port` by MSP id. */
  readonly addresses: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

/** Starts the peers of all organisations, one TLS listener each. Nothing listens when one of them cannot. */
export async function startPeers(settings: PeersSettings): Promise<RunningPeers> {
  const { ledger, now = Date.now } = settings;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...settings.timeouts };
  const peerMspIds = settings.peers.map(({ signer }) => signer.mspId);
  const runtimes = settings.peers.map(({ chaincodes }) => new ChaincodeRuntime(chaincodes, timeouts));
  const servers = settings.peers.map(() => new Server(SERVER_OPTIONS));
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(shutDown));
    runtimes.forEach((runtime) => {
      runtime.close();
    });
  };
  const peers: Peer[] = [];
  const blockEvents = new BlockEvents();
  try {
    for (const [index, { signer, listen, tls }] of settings.peers.entries()) {
      const [server, runtime] = [servers[index], runtimes[index]];
      if (server === undefined || runtime === undefined) {
        throw new RangeError('a peer without a server');
      }
      const { mspId } = signer;
      const context: GatewayContext = { mspId, ledger, peers, blockEvents };
      server.addService(gatewayServiceDefinition, gatewayService(context));
      for (const { definition, implementation } of settings.services ?? []) {
        server.addService(definition, implementation(mspId));
      }
      const address = await bind(server, listen, tls);
      const endorser = new Endorser({ ledger, signer, runtime, peerMspIds, now });
      peers.push({ mspId, address, endorser });
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { addresses: new Map(peers.map(({ mspId, address }) => [mspId, address])), close };
}

const SERVER_OPTIONS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.enable_channelz': 0,
};

async function bind(server: Server, listen: string, tls: PeerSettings['tls']): Promise<string> {
  const credentials = ServerCredentials.createSsl(null, [
    { private_key: tls.key, cert_chain: tls.certificate },
  ]);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(listen, credentials, (error, bound) => {
      if (error === null) {
        resolve(bound);
      } else {
        reject(new Error(`cannot listen on ${listen}: ${error.message}`, { cause: error }));
      }
    });
  });
  return `${listen.slice(0, listen.lastIndexOf(':'))}:${port}`;
}

/**
 * Lets running calls end for a moment, then ends them: event streams would go on for ever. A client that does not read
 * what it was sent can hold its connection open all the same; nobody waits for that.
 */
async function shutDown(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, DRAIN_MS);
    server.tryShutdown(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
