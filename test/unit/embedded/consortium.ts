import { fork } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, signers } from '@hyperledger/fabric-gateway';
import type { Gateway } from '@hyperledger/fabric-gateway';
import { loadTopology, portPlan, prepareConsortium } from '@consent-ledger/network';
import type { OrganisationMaterial, PreparedConsortium, Topology } from '@consent-ledger/network';
import { parseConfiguration } from '@consent-ledger/network/embedded/configuration';
import type { EmbeddedLedgerConfiguration } from '@consent-ledger/network/embedded/configuration';
import { embeddedLedgerConfiguration } from '@consent-ledger/network/embedded/configure';
import { freePorts } from '../../support/free-ports.js';
import { PROBE_SCRIPT, probeEnvironment } from '../../support/ledger/probe-chaincode/servers.js';

const TOPOLOGY = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));

export const CHAINCODE = 'consent-ledger';
export const CHANNEL = 'consent';
/** The demo's four organisations, with the probe in the place of their chaincode. */
export class Consortium {
  private constructor(
    readonly topology: Topology,
    readonly prepared: PreparedConsortium,
    readonly configuration: EmbeddedLedgerConfiguration,
    /** Where the configuration expects the chaincode. */
    readonly chaincode: ChaincodePlace,
  ) {}

  /** Identities, genesis block and configuration in a folder; ports are free ones. */
  static async make(folder: string): Promise<Consortium> {
    const topology = await loadTopology(TOPOLOGY);
    const plan = portPlan(topology);
    const dataDir = join(folder, 'consortium');
    const prepared = await prepareConsortium(topology, plan, dataDir);
    const input = embeddedLedgerConfiguration(topology, plan, dataDir, prepared);
    const port = await freePorts(1);
    const configuration = parseConfiguration({
      ...input,
      orderer: { ...input.orderer, listen: '127.0.0.1:0' },
      organisations: input.organisations.map((organisation) => ({ ...organisation, listen: '127.0.0.1:0' })),
      chaincodes: input.chaincodes.map((chaincode) => ({
        ...chaincode,
        address: `127.0.0.1:${port}`,
      })),
    });
    const [chaincode] = input.chaincodes;
    const place = { ccid: chaincode?.packageId ?? '', address: `127.0.0.1:${port}` };
    return new Consortium(topology, prepared, configuration, place);
  }

  organisation(name: string): OrganisationMaterial {
    const found = this.prepared.identities.organisations.find((organisation) => organisation.name === name);
    if (found === undefined) {
      throw new RangeError(`no organisation ${name}`);
    }
    return found;
  }

  /** A package id and address other than the configured ones. */
  async elsewhere(ccid = this.chaincode.ccid): Promise<ChaincodePlace> {
    const port = await freePorts(1);
    return { ccid, address: `127.0.0.1:${port}` };
  }

  /**
   * The probe, served for all organisations by a process of its own: the shim brings its own copy of the protocol
   * messages, and two copies in one process disturb each other.
   */
  async serve(at = this.chaincode): Promise<ServedChaincode> {
    const { tls, clientCas } = this.prepared.identities.services.paths.chaincode;
    const environment = probeEnvironment('', [{ ...at, tls: { ...tls, clientCa: clientCas } }]);
    const child = fork(PROBE_SCRIPT, { env: { ...process.env, ...environment }, stdio: 'ignore' });
    const exited = once(child, 'exit');
    await once(child, 'message');
    return {
      address: at.address,
      stop: async () => {
        child.kill('SIGKILL');
        await exited;
      },
    };
  }

  /** The unmodified client, as one organisation's gateway identity at its own peer. */
  client(addresses: ReadonlyMap<string, string>, name: string): Connection {
    const { mspId, gatewayClient, tlsCaPem } = this.organisation(name);
    const grpc = new Client(addresses.get(mspId) ?? '', credentials.createSsl(Buffer.from(tlsCaPem)));
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
}

export interface ChaincodePlace {
  /** Package id. */
  readonly ccid: string;
  readonly address: string;
}

export interface ServedChaincode {
  readonly address: string;
  stop(): Promise<void>;
}

export interface Connection {
  readonly gateway: Gateway;
  close(): void;
}
