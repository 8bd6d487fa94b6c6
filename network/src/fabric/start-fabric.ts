import { readFile } from 'node:fs/promises';
import { orderingOrganisations } from '../channel/index.js';
import { dataLayout, loadIdentities, type OrganisationMaterial } from '../identities/index.js';
import { portsOf, type OrganisationPorts, type PortPlan, type Topology } from '../topology/index.js';
import type { ChaincodeDeployment, ChaincodeServerFor } from './chaincode-deployment.js';
import { chaincodePackage } from './chaincode-package.js';
import { channelClient } from './channel-client.js';
import { findFabricHome } from './fabric-home.js';
import { commitDefinition, type LifecycleMember } from './lifecycle.js';
import { nodeLayout } from './node-layout.js';
import { organisationNodes, type OrganisationNodes } from './organisation-nodes.js';
import type { ChaincodeConnection } from './peer-process.js';
import { waitUntilEndorsable } from './readiness.js';

export interface FabricOptions {
  /** Its ordering is raft or bft. */
  readonly topology: Topology;
  readonly plan: PortPlan;
  /** With identities (`makeIdentities`) and the genesis block in place. */
  readonly dataDir: string;
  readonly chaincodes: readonly ChaincodeDeployment[];
  readonly chaincodeServer: ChaincodeServerFor;
  /** Folder of the unpacked release; FABRIC_HOME unless told otherwise. */
  readonly fabricHome?: string;
  /** FABRIC_LOGGING_SPEC of peers and orderers. Default `info`. */
  readonly logging?: string;
  /** Lets peers, orderers and chaincode servers live on when this process ends. Default false. */
  readonly outlivesUs?: boolean;
  /** Told of each step as it begins, as one line for a person. */
  readonly onProgress?: (step: string) => void;
  readonly signal?: AbortSignal;
}

export interface RunningFabric {
  /** In the topology's order. */
  readonly organisations: readonly OrganisationNodes[];
  /** By name of chaincode. */
  readonly packageIds: ReadonlyMap<string, string>;
  /** Approves and commits the next sequence of a deployed chaincode, by default with an unchanged definition. */
  commitNext(chaincode: string, definition?: ChaincodeDeployment['definition']): Promise<void>;
  /** Gateways first lose their chaincode, then peers stop, then orderers, so that nothing is cut off half done. */
  stop(): Promise<void>;
}

/**
 * Brings the consortium up on the official release, as native processes: orderers and peers started and joined to the
 * channel, chaincode installed, approved by every organisation and committed; resolves when every peer's gateway can
 * really endorse. What runs already, or was done already, is left as it is. After a failure everything that this call
 * started is stopped again.
 *
 * @throws FabricHomeError, IdentityError, WaitTimeoutError
 */
export async function startFabric(options: FabricOptions): Promise<RunningFabric> {
  const { topology, plan, dataDir, chaincodes, signal } = options;
  if (topology.ordering.type === 'embedded') {
    throw new RangeError('the topology asks for the embedded ledger; set ordering.type to raft or bft');
  }
  const say = options.onProgress ?? ((): void => undefined);
  const home = await findFabricHome(options.fabricHome);
  const { organisations: materials } = await loadIdentities(topology, dataDir);
  const genesisBlock = await readFile(dataLayout(dataDir).genesisBlock);
  const packages = new Map(
    chaincodes.map(({ definition }) => [
      definition.name,
      chaincodePackage(definition.name, definition.version),
    ]),
  );
  const packageIds = new Map([...packages].map(([name, { packageId }]) => [name, packageId]));

  const organisations = topology.organisations.map((organisation, index) => {
    const material = materials[index];
    if (material === undefined) throw new RangeError(`there are no identities of ${organisation.name}`);
    const ports = portsOf(plan, organisation.name);
    return organisationNodes({
      node: {
        organisation,
        ports,
        material,
        home,
        layout: nodeLayout(dataDir, organisation.name),
        logging: options.logging ?? 'info',
        outlivesUs: options.outlivesUs ?? false,
      },
      channel: topology.channel,
      genesisBlock,
      packages: [...packages.values()],
      connections: connections(chaincodes, organisation.host, ports, material),
      server: options.chaincodeServer(material, ports, packageIds),
      signal,
    });
  });
  const ordering = new Set(orderingOrganisations(topology).map(({ name }) => name));
  const orderers = organisations.filter(({ node }) => ordering.has(node.organisation.name));

  const stop = async (): Promise<void> => {
    await Promise.all(organisations.map(({ chaincode }) => chaincode.stop()));
    await Promise.all(organisations.map(({ peer }) => peer.stop()));
    await Promise.all(orderers.map(({ orderer }) => orderer.stop()));
  };
  const commit = async (deployment: ChaincodeDeployment, force: boolean): Promise<void> => {
    const members = openMembers(organisations, topology.channel);
    try {
      say(`committing ${deployment.definition.name} with the approval of every organisation`);
      const packageId = packageIds.get(deployment.definition.name) ?? '';
      await commitDefinition({ definition: deployment.definition, packageId, members, force, signal });
      say(`waiting until every peer can have ${deployment.definition.name} endorsed`);
      await waitUntilEndorsable(deployment, members, signal);
    } finally {
      for (const { client } of members) client.close();
    }
  };

  try {
    say(
      `starting ${orderers.length} orderers, ${organisations.length} peers and their chaincode (Fabric ${home.version})`,
    );
    await allOrNone([
      ...orderers.map(({ orderer }) => orderer.start()),
      ...organisations.flatMap(({ peer, chaincode }) => [peer.start(), chaincode.start()]),
    ]);
    await allOrNone(chaincodes.map((deployment) => commit(deployment, false)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    organisations,
    packageIds,
    stop,
    commitNext: async (name, definition) => {
      const deployment = chaincodes.find((each) => each.definition.name === name);
      if (deployment === undefined) throw new RangeError(`no chaincode called ${name} was deployed`);
      await commit(
        { ...deployment, definition: definition ?? deployment.definition },
        definition === undefined,
      );
    },
  };
}

/** Waits for all, also when one fails: a start that is still under way could not be stopped. */
async function allOrNone(starts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function openMembers(organisations: readonly OrganisationNodes[], channel: string): LifecycleMember[] {
  return organisations.map(({ node }) => ({
    mspId: node.material.mspId,
    client: channelClient(node, channel),
  }));
}

function connections(
  chaincodes: readonly ChaincodeDeployment[],
  host: string,
  ports: OrganisationPorts,
  { tlsCaPem, chaincode }: OrganisationMaterial,
): Record<string, ChaincodeConnection> {
  return Object.fromEntries(
    chaincodes.map(({ definition, port = (own) => own.chaincode }) => [
      definition.name,
      {
        address: `${host}:${port(ports)}`,
        root_cert: tlsCaPem,
        client_cert: chaincode.peerClientTls.certificatePem,
        client_key: chaincode.peerClientTls.keyPem,
      },
    ]),
  );
}
