import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChaincodeEndpoint } from './chaincode-stream/connection.js';
import type { EmbeddedLedgerConfiguration } from './configuration.js';
import { deliverService, deliverServiceDefinition } from './deliver/service.js';
import type { LifecycleOrganization } from './lifecycle/ensure-chaincode.js';
import { Listener } from './listener.js';
import { createSigner } from './msp/signer.js';
import { openLedger } from './open-ledger.js';
import type { LedgerOptions, OpenLedger } from './open-ledger.js';
import { ordererService, ordererServiceDefinition } from './orderer/service.js';
import { IDEAL } from './peers/conditions.js';
import type { PeerSigner } from './ports.js';
import { startPeers, type Peers, type PeerService, type PeerSettings } from './server.js';

export interface EmbeddedLedgerEvents {
  /** Called while the stored blocks are verified. */
  readonly onProgress?: (verified: number, blocks: number) => void;
  /** Called once if the ledger stops by itself, for instance because the disk is full. */
  readonly onFailure?: (error: unknown) => void;
}

export interface RunningEmbeddedLedger {
  /** `host:port` of each organisation's peer, by MSP id. */
  readonly addresses: ReadonlyMap<string, string>;
  /** `host:port` of the orderer, where it listens. */
  readonly orderer: string | undefined;
  readonly ledger: OpenLedger;
  /**
   * Peers for the organisations that are new in the configuration, none for those that are gone, the chaincode
   * packages that it states, and what is not at its best with a peer; all else stays as it was started. Definitions and the channel's own configuration change
   * by transactions.
   */
  reconfigure(configuration: EmbeddedLedgerConfiguration): Promise<void>;
  /** Ends calls, commits what waits for its block, closes the store. */
  close(): Promise<void>;
}

/**
 * The embedded ledger: one process that orders alone, with a peer for every organisation. Throws a StoreError for a
 * store that is damaged or in use, and an Error for files that cannot be read or addresses that cannot be listened on.
 */
export async function startEmbeddedLedger(
  configuration: EmbeddedLedgerConfiguration,
  events: EmbeddedLedgerEvents = {},
): Promise<RunningEmbeddedLedger> {
  const settings = await readPeers(configuration);
  const ledger = await open(configuration, settings, events);
  const closing: (() => Promise<void>)[] = [() => ledger.close()];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const deliver: PeerService = {
      definition: deliverServiceDefinition,
      implementation: (mspId) => deliverService(ledger.peerView(mspId), Date.now),
    };
    const peers = await startPeers({
      ledgerOf: (mspId) => ledger.peer(mspId),
      conditionsOf: (mspId) => ledger.peer(mspId).conditions,
      peers: settings,
      timeouts: { execute: configuration.executeTimeoutSeconds * 1000 },
      endorsementTimeout: configuration.endorsementTimeoutSeconds * 1000,
      services: [deliver],
    });
    closing.push(() => peers.close());
    const orderer = new Listener();
    closing.push(() => orderer.close());
    const ordererAddress = await openOrderer(orderer, ledger, configuration);
    return {
      get addresses() {
        return peers.addresses;
      },
      orderer: ordererAddress,
      ledger,
      reconfigure: async (next) => {
        await reconfigure(peers, ledger, await readPeers(next));
        for (const { mspId, conditions = IDEAL } of next.organisations)
          ledger.setConditions(mspId, conditions);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openOrderer(
  listener: Listener,
  ledger: OpenLedger,
  { orderer: { listen, tls } }: EmbeddedLedgerConfiguration,
): Promise<string | undefined> {
  if (listen === undefined || tls === undefined) return undefined;
  listener.serve(ordererServiceDefinition, ordererService(ledger, Date.now));
  const [certificate, key] = await readPair(tls);
  return listener.open({ listen, tls: { certificate, key } });
}

async function reconfigure(peers: Peers, ledger: OpenLedger, next: readonly PeerSettings[]): Promise<void> {
  const wanted = new Map(next.map((settings) => [settings.signer.mspId, settings]));
  const present = [...peers.addresses.keys()];
  for (const mspId of present) {
    const settings = wanted.get(mspId);
    if (settings === undefined) await peers.remove(mspId);
    else peers.state(mspId, settings.packages);
  }
  ledger.channel.setPeers(next.map(({ signer }) => signer.serializedIdentity));
  for (const [mspId, settings] of wanted) {
    if (!present.includes(mspId)) await peers.add(settings);
  }
}

/** What the peers are started with, read from the configuration's files; in its order. */
export function readPeers({
  dataDirectory,
  organisations,
  chaincodes,
}: EmbeddedLedgerConfiguration): Promise<PeerSettings[]> {
  return Promise.all(
    organisations.map(async ({ mspId, listen, tls, peer, chaincodeClient }) => {
      const [certificate, key] = await readPair(tls);
      const [clientCert, clientKey] = await readPair(chaincodeClient);
      const packages = chaincodes.map(
        async ({ packageId, address, rootCertificate }): Promise<ChaincodeEndpoint[]> => {
          const own = addressFor(address, mspId);
          const rootCert = await readFile(rootCertificate);
          return own === undefined
            ? []
            : [{ packageId, address: own, tls: { rootCert, clientCert, clientKey } }];
        },
      );
      return {
        signer: await readSigner(mspId, peer),
        listen,
        tls: { certificate, key },
        packages: (await Promise.all(packages)).flat(),
        packageFolder: join(dataDirectory, 'chaincode-packages', mspId),
        chaincodeTls: { clientCert, clientKey },
      };
    }),
  );
}

type Address = EmbeddedLedgerConfiguration['chaincodes'][number]['address'];

function addressFor(address: Address, mspId: string): string | undefined {
  return typeof address === 'string' ? address : address[mspId];
}

async function open(
  configuration: EmbeddedLedgerConfiguration,
  peers: readonly PeerSettings[],
  events: EmbeddedLedgerEvents,
): Promise<OpenLedger> {
  const { orderer, organisations } = configuration;
  return openLedger({
    ...events,
    folder: configuration.dataDirectory,
    genesisBlock: await readFile(configuration.genesisBlock),
    orderer: await readSigner(orderer.mspId, orderer),
    conditions: new Map(organisations.map(({ mspId, conditions = IDEAL }) => [mspId, conditions])),
    privateDataPatienceMs: configuration.privateDataPatienceMs,
    organizations: await Promise.all(
      organisations.map(async ({ mspId, admin }): Promise<LifecycleOrganization> => {
        const peer = peers.find(({ signer }) => signer.mspId === mspId);
        if (peer === undefined) throw new RangeError(`${mspId} has no peer`);
        return { mspId, peer: peer.signer, admin: await readSigner(mspId, admin) };
      }),
    ),
    chaincodes: configuration.chaincodes.map((chaincode): LedgerOptions['chaincodes'][number] => ({
      ...chaincode,
      packageId: new Map(
        organisations.flatMap(({ mspId }) =>
          addressFor(chaincode.address, mspId) === undefined ? [] : [[mspId, chaincode.packageId]],
        ),
      ),
      validationParameter: Buffer.from(chaincode.validationParameter, 'base64'),
      collections: Buffer.from(chaincode.collections, 'base64'),
    })),
  });
}

/** Paths of PEM files. */
interface Files {
  readonly certificate: string;
  readonly privateKey: string;
}

async function readSigner(mspId: string, files: Files): Promise<PeerSigner> {
  const [certificate, key] = await readPair(files);
  return createSigner(mspId, certificate, key);
}

function readPair({ certificate, privateKey }: Files): Promise<[Buffer, Buffer]> {
  return Promise.all([readFile(certificate), readFile(privateKey)]);
}
