import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createPrivateKey } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, signers } from '@hyperledger/fabric-gateway';
import type { Gateway } from '@hyperledger/fabric-gateway';
import {
  chaincodeDefinition,
  collectionPackage,
  collections,
  loadTopology,
  portPlan,
  prepareConsortium,
} from '@consent-ledger/network';
import type { OrganisationMaterial, PreparedConsortium, Topology } from '@consent-ledger/network';
import { readChannelConfig } from '@consent-ledger/network/embedded/config/channel-config';
import { LiveChannel } from '@consent-ledger/network/embedded/config/live-channel';
import { createSigner } from '@consent-ledger/network/embedded/msp/signer';
import type { ChaincodeDefinition, PeerSigner } from '@consent-ledger/network/embedded/ports';
import { startPeers } from '@consent-ledger/network/embedded/server';
import type { PeersSettings, RunningPeers } from '@consent-ledger/network/embedded/server';
import { readBlock } from '@consent-ledger/network/wire-format';
import type { ProbeServer } from '../../support/ledger/probe-chaincode/server.js';
import { FakeLedger } from './fake-ledger.js';

const TOPOLOGY = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));
const PROBE_SERVER = fileURLToPath(
  new URL('../../support/ledger/probe-chaincode/server.js', import.meta.url),
);
const PACKAGE_ID = 'probe:0000000000000000000000000000000000000000000000000000000000000001';

export const CHAINCODE = 'consent-ledger';

/** Four organisations with real identities and a real genesis block, on a ledger that commits everything. */
export class Consortium {
  private constructor(
    readonly topology: Topology,
    readonly prepared: PreparedConsortium,
    readonly ledger: FakeLedger,
    readonly signers: readonly PeerSigner[],
  ) {}

  static async make(folder: string): Promise<Consortium> {
    const topology = await loadTopology(TOPOLOGY);
    const prepared = await prepareConsortium(
      topology,
      portPlan(topology, 17_000),
      join(folder, 'consortium'),
    );
    const peerSigners = prepared.identities.organisations.map(({ mspId, peer }) =>
      createSigner(mspId, Buffer.from(peer.identity.certificatePem), peer.identity.keyPem),
    );
    const channel = new LiveChannel(
      readChannelConfig(readBlock(prepared.genesisBlock)),
      peerSigners.map((signer) => signer.serializedIdentity),
    );
    const ledger = new FakeLedger(
      channel,
      prepared.genesisBlock,
      new Map([[CHAINCODE, definition(topology)]]),
    );
    return new Consortium(topology, prepared, ledger, peerSigners);
  }

  organisation(name: string): OrganisationMaterial {
    const found = this.prepared.identities.organisations.find((organisation) => organisation.name === name);
    if (found === undefined) {
      throw new RangeError(`no organisation ${name}`);
    }
    return found;
  }

  /**
   * The probe, served for all organisations by a process of its own: the shim brings its own copy of the protocol
   * messages, and two copies in one process disturb each other.
   */
  async serve(ccid = PACKAGE_ID): Promise<ServedChaincode> {
    const { tls, clientCas } = this.prepared.identities.services.paths.chaincode;
    const address = `127.0.0.1:${await freePort()}`;
    const server: ProbeServer = { ccid, address, tls: { ...tls, clientCa: clientCas } };
    const child = fork(PROBE_SERVER, { env: { ...process.env, CORE_CHAINCODE_LOGGING_LEVEL: 'critical' } });
    const exited = once(child, 'exit');
    child.send([server]);
    const [answer] = (await once(child, 'message')) as [unknown];
    if (answer !== 'ready') {
      throw new Error(String(answer));
    }
    return {
      address,
      stop: async () => {
        child.kill('SIGKILL');
        await exited;
      },
    };
  }

  startPeers(address: string, settings: Partial<PeersSettings> = {}): Promise<RunningPeers> {
    const { organisations, services } = this.prepared.identities;
    return startPeers({
      ledger: this.ledger,
      peers: organisations.map(({ peer, chaincode }, index) => ({
        signer: this.signer(index),
        listen: '127.0.0.1:0',
        tls: { key: Buffer.from(peer.tls.keyPem), certificate: Buffer.from(peer.tls.certificatePem) },
        chaincodes: new Map([
          [
            CHAINCODE,
            {
              packageId: PACKAGE_ID,
              address,
              tls: {
                rootCert: Buffer.from(services.caPem),
                clientCert: Buffer.from(chaincode.peerClientTls.certificatePem),
                clientKey: Buffer.from(chaincode.peerClientTls.keyPem),
              },
            },
          ],
        ]),
      })),
      ...settings,
    });
  }

  /** The unmodified client, as one organisation's gateway identity at its own peer. */
  client(peers: RunningPeers, name: string): Connection {
    const { mspId, gatewayClient, tlsCaPem } = this.organisation(name);
    const grpc = new Client(peers.addresses.get(mspId) ?? '', credentials.createSsl(Buffer.from(tlsCaPem)));
    const deadline = (): { deadline: number } => ({ deadline: Date.now() + 10_000 });
    const gateway = connect({
      client: grpc,
      identity: { mspId, credentials: Buffer.from(gatewayClient.identity.certificatePem) },
      signer: signers.newPrivateKeySigner(createPrivateKey(gatewayClient.identity.keyPem)),
      evaluateOptions: deadline,
      endorseOptions: deadline,
      submitOptions: deadline,
      commitStatusOptions: deadline,
    });
    return {
      gateway,
      close: () => {
        gateway.close();
        grpc.close();
      },
    };
  }

  private signer(index: number): PeerSigner {
    const signer = this.signers[index];
    if (signer === undefined) {
      throw new RangeError(`no signer ${index}`);
    }
    return signer;
  }
}

export interface ServedChaincode {
  readonly address: string;
  stop(): Promise<void>;
}

export interface Connection {
  readonly gateway: Gateway;
  close(): void;
}

function definition(topology: Topology): ChaincodeDefinition {
  const { name, version, validationParameter } = chaincodeDefinition(topology);
  const members = new Map(collections(topology).map((collection) => [collection.name, collection.members]));
  const configs = collectionPackage(collections(topology)).getConfigList();
  return {
    name,
    version,
    sequence: 1,
    initRequired: false,
    validationParameter,
    collections: configs.flatMap((config) => {
      const collection = config.getStaticCollectionConfig();
      const memberPolicy = collection?.getMemberOrgsPolicy()?.getSignaturePolicy();
      const endorsementPolicy = collection?.getEndorsementPolicy();
      if (collection === undefined || memberPolicy === undefined || endorsementPolicy === undefined) {
        return [];
      }
      return {
        name: collection.getName(),
        memberOrgsPolicy: Buffer.from(memberPolicy.serializeBinary()),
        memberMspIds: members.get(collection.getName()) ?? [],
        requiredPeerCount: collection.getRequiredPeerCount(),
        maximumPeerCount: collection.getMaximumPeerCount(),
        blockToLive: 0,
        memberOnlyRead: true,
        memberOnlyWrite: true,
        endorsementPolicy: Buffer.from(endorsementPolicy.serializeBinary()),
      };
    }),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') {
    throw new Error('no port');
  }
  return address.port;
}
