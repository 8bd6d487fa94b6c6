import { readFile } from 'node:fs/promises';
import type { ChaincodeEndpoint } from './chaincode-stream/connection.js';
import type { EmbeddedLedgerConfiguration } from './configuration.js';
import { deliverService, deliverServiceDefinition } from './deliver/service.js';
import { createSigner } from './msp/signer.js';
import { openLedger } from './open-ledger.js';
import type { OpenLedger } from './open-ledger.js';
import type { PeerSigner } from './ports.js';
import { startPeers } from './server.js';
import type { PeerService, PeerSettings } from './server.js';

export interface EmbeddedLedgerEvents {
  /** Called while the stored blocks are verified. */
  readonly onProgress?: (verified: number, blocks: number) => void;
  /** Called once if the ledger stops by itself, for instance because the disk is full. */
  readonly onFailure?: (error: unknown) => void;
}

export interface RunningEmbeddedLedger {
  /** `host:port` of each organisation's peer, by MSP id. */
  readonly addresses: ReadonlyMap<string, string>;
  readonly ledger: OpenLedger;
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
  const peers = await readPeers(configuration);
  const ledger = await open(configuration, peers, events);
  try {
    const timeouts = { execute: configuration.executeTimeoutSeconds * 1000 };
    const deliver: PeerService = {
      definition: deliverServiceDefinition,
      implementation: (mspId) => deliverService(ledger.peerView(mspId), Date.now),
    };
    const running = await startPeers({ ledger, peers, timeouts, services: [deliver] });
    return {
      addresses: running.addresses,
      ledger,
      close: async () => {
        await running.close();
        await ledger.close();
      },
    };
  } catch (error) {
    await ledger.close();
    throw error;
  }
}

/** What the peers are started with, read from the configuration's files; in its order. */
export function readPeers({
  organisations,
  chaincodes,
}: EmbeddedLedgerConfiguration): Promise<PeerSettings[]> {
  return Promise.all(
    organisations.map(async ({ mspId, listen, tls, peer, chaincodeClient }) => {
      const [certificate, key] = await readPair(tls);
      const [clientCert, clientKey] = await readPair(chaincodeClient);
      const endpoints = chaincodes.map(
        async ({ name, packageId, address, rootCertificate }): Promise<[string, ChaincodeEndpoint][]> => {
          const own = typeof address === 'string' ? address : address[mspId];
          const rootCert = await readFile(rootCertificate);
          return own === undefined
            ? []
            : [[name, { packageId, address: own, tls: { rootCert, clientCert, clientKey } }]];
        },
      );
      return {
        signer: await readSigner(mspId, peer),
        listen,
        tls: { certificate, key },
        chaincodes: new Map((await Promise.all(endpoints)).flat()),
      };
    }),
  );
}

async function open(
  configuration: EmbeddedLedgerConfiguration,
  peers: readonly PeerSettings[],
  events: EmbeddedLedgerEvents,
): Promise<OpenLedger> {
  const { orderer, organisations } = configuration;
  const admins = await Promise.all(organisations.map(({ mspId, admin }) => readSigner(mspId, admin)));
  return openLedger({
    ...events,
    folder: configuration.dataDirectory,
    genesisBlock: await readFile(configuration.genesisBlock),
    orderer: await readSigner(orderer.mspId, orderer),
    organizations: peers.flatMap(({ signer: peer }) => {
      const admin = admins.find(({ mspId }) => mspId === peer.mspId);
      return admin === undefined ? [] : [{ mspId: peer.mspId, peer, admin }];
    }),
    chaincodes: configuration.chaincodes.map((chaincode) => ({
      ...chaincode,
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
