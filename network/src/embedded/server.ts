import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { ChaincodeDirectory } from './chaincode-packages/chaincode-directory.js';
import { InstalledPackages } from './chaincode-packages/installed-packages.js';
import type { OwnTls } from './chaincode-packages/package.js';
import { ChaincodeRuntime, DEFAULT_TIMEOUTS, type Invocation } from './chaincode-stream/chaincode-runtime.js';
import type { ChaincodeResponse } from './chaincode-stream/chaincode-response.js';
import type { ChaincodeTimeouts } from './chaincode-stream/chaincode-stream.js';
import type { ChaincodeEndpoint } from './chaincode-stream/connection.js';
import { Endorser } from './endorser/endorser.js';
import { isSystemChaincode } from './endorser/interest.js';
import { endorserService, endorserServiceDefinition } from './endorser/service.js';
import { BlockEvents } from './gateway-service/block-events.js';
import type { Peer } from './gateway-service/peers.js';
import { gatewayService, gatewayServiceDefinition } from './gateway-service/service.js';
import { Listener, type ListenSettings } from './listener.js';
import { IDEAL, type PeerConditions } from './peers/conditions.js';
import type { Ledger, PeerSigner } from './ports.js';
import { SystemChaincodes } from './system-chaincodes/system-chaincodes.js';

/** peer.gateway.endorsementTimeout of core.yaml. */
const ENDORSEMENT_TIMEOUT_MS = 30_000;

/** One organisation's peer: an endpoint, a signing identity, and its own streams to the chaincode. */
export interface PeerSettings extends ListenSettings {
  readonly signer: PeerSigner;
  /** Packages that are on the peer from the start, and where their servers listen. */
  readonly packages: readonly ChaincodeEndpoint[];
  /** Where packages go that are installed later. */
  readonly packageFolder: string;
  /** What it shows to chaincode servers, where a package brings nothing of its own. */
  readonly chaincodeTls: OwnTls;
}

/** Another gRPC service of every peer, such as Deliver. */
export interface PeerService {
  readonly definition: ServiceDefinition;
  readonly implementation: (mspId: string) => UntypedServiceImplementation;
}

export interface PeersSettings {
  /** The ledger as an organisation's peer sees it. */
  readonly ledgerOf: (mspId: string) => Ledger;
  /** What is not at its best with a peer; nothing by default. */
  readonly conditionsOf?: (mspId: string) => PeerConditions;
  readonly services?: readonly PeerService[];
  /** ms; peer.gateway.endorsementTimeout of core.yaml by default. */
  readonly endorsementTimeout?: number;
  readonly timeouts?: Partial<ChaincodeTimeouts>;
  /** ms since the epoch */
  readonly now?: () => number;
}

interface Running {
  readonly peer: Peer;
  readonly installed: InstalledPackages;
  close(): Promise<void>;
}

/** The peers of all organisations, one TLS listener each; they come and go while the ledger runs. */
export class Peers {
  readonly #settings: PeersSettings;
  readonly #running = new Map<string, Running>();
  /** What every gateway knows of the others; one array, that all of them look at. */
  readonly #peers: Peer[] = [];
  readonly #blockEvents = new BlockEvents();

  constructor(settings: PeersSettings) {
    this.#settings = settings;
  }

  /** `host:port` by MSP id. */
  get addresses(): ReadonlyMap<string, string> {
    return new Map(this.#peers.map(({ mspId, address }) => [mspId, address]));
  }

  /** Rejects when the address cannot be had; then the peer is not there. */
  async add(settings: PeerSettings): Promise<void> {
    const { ledgerOf, conditionsOf, services = [], now = Date.now, timeouts } = this.#settings;
    const { endorsementTimeout: endorsementTimeoutMs = ENDORSEMENT_TIMEOUT_MS } = this.#settings;
    const { signer, packages, packageFolder, chaincodeTls } = settings;
    const { mspId } = signer;
    const ledger = ledgerOf(mspId);
    const installed = new InstalledPackages(packageFolder, chaincodeTls, packages);
    const directory = new ChaincodeDirectory(mspId, ledger, installed);
    const system = new SystemChaincodes({ mspId, ledger, installed, directory });
    const invokeSystem = (invocation: Invocation): ChaincodeResponse | undefined =>
      isSystemChaincode(invocation.namespace)
        ? system.invoke(invocation.namespace, {
            channelId: invocation.channel.channelId,
            args: invocation.input.args,
            proposal: invocation.proposal,
            simulator: invocation.simulator,
          })
        : undefined;
    const runtime = new ChaincodeRuntime(directory, { ...DEFAULT_TIMEOUTS, ...timeouts }, invokeSystem);
    const peerMspIds = (): string[] => this.#peers.map((peer) => peer.mspId);
    const endorser = new Endorser({
      ledger,
      signer,
      runtime,
      directory,
      system,
      peerMspIds,
      conditionsOf: (of) => conditionsOf?.(of) ?? IDEAL,
      now,
    });
    const listener = new Listener();
    const context = {
      mspId,
      ledger,
      peers: this.#peers,
      blockEvents: this.#blockEvents,
      endorsementTimeoutMs,
    };
    listener.serve(gatewayServiceDefinition, gatewayService(context));
    listener.serve(endorserServiceDefinition, endorserService(endorser));
    for (const { definition, implementation } of services) listener.serve(definition, implementation(mspId));
    const close = async (): Promise<void> => {
      await listener.close();
      runtime.close();
    };
    try {
      const address = await listener.open(settings);
      const peer: Peer = {
        mspId,
        address,
        endorser,
        get height() {
          return ledger.height;
        },
      };
      this.#peers.push(peer);
      this.#running.set(mspId, { peer, installed, close });
    } catch (error) {
      await close();
      throw error;
    }
  }

  /** Makes packages known to a peer that runs. */
  state(mspId: string, packages: readonly ChaincodeEndpoint[]): void {
    this.#running.get(mspId)?.installed.state(packages);
  }

  async remove(mspId: string): Promise<void> {
    const running = this.#running.get(mspId);
    if (running === undefined) return;
    this.#running.delete(mspId);
    this.#peers.splice(this.#peers.indexOf(running.peer), 1);
    await running.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.keys()].map((mspId) => this.remove(mspId)));
  }
}

/** Starts the peers of several organisations. Nothing listens when one of them cannot. */
export async function startPeers(
  settings: PeersSettings & { readonly peers: readonly PeerSettings[] },
): Promise<Peers> {
  const peers = new Peers(settings);
  try {
    for (const peer of settings.peers) await peers.add(peer);
  } catch (error) {
    await peers.close();
    throw error;
  }
  return peers;
}
