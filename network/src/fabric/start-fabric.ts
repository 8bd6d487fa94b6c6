import type { ChaincodePackage, PreparedConsortium } from '../channel/index.js';
import {
  orderingOrganisations,
  organisationNamed,
  portsOf,
  type PortPlan,
  type Topology,
} from '../topology/index.js';
import type { ChaincodeDeployment, ChaincodeProcess } from './chaincode-deployment.js';
import { channelClient } from './channel-client.js';
import { keepRunning, type KeptProcess } from './keep-running.js';
import { findFabricHome, type FabricHome } from './fabric-home.js';
import { commitDefinition, type LifecycleMember } from './lifecycle.js';
import { nodeLayout } from './node-layout.js';
import { organisationNodes, type OrganisationNodes } from './organisation-nodes.js';
import { waitUntilEndorsable } from './readiness.js';
import { writeTlsCas } from './tls-cas.js';

export interface FabricOptions {
  /** Its ordering is raft or bft. */
  readonly topology: Topology;
  readonly plan: PortPlan;
  /** Absolute. */
  readonly dataDir: string;
  /** What `prepareConsortium` made in the data folder. */
  readonly prepared: PreparedConsortium;
  readonly chaincodes: readonly ChaincodeDeployment[];
  /** The process that serves all chaincodes of an organisation, by the organisation's name. */
  readonly chaincodeProcess: (organisation: string) => ChaincodeProcess;
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
  /** All that was started. */
  readonly processes: readonly KeptProcess[];
  /** Approves and commits the next sequence of a deployed chaincode, by default with an unchanged definition. */
  commitNext(chaincode: string, definition?: ChaincodeDeployment['definition']): Promise<void>;
  /** Chaincode first, then peers, then orderers, so that nothing is cut off half done. */
  stop(): Promise<void>;
}

/** Other machines may be started by other people. */
const FOR_OTHERS_MS = 3_600_000;

/**
 * Brings the consortium, or the part of it whose keys are here, up on the official release, as native processes: orderers and peers started and joined to the
 * channel, chaincode installed, approved by every organisation and committed; resolves when every peer's gateway can
 * really endorse. What runs already, or was done already, is left as it is. After a failure everything is stopped.
 *
 * @throws FabricHomeError, WaitTimeoutError, HopelessError when a process ends
 */
export async function startFabric(options: FabricOptions): Promise<RunningFabric> {
  const { topology, chaincodes, signal } = options;
  if (topology.ordering.type === 'embedded') {
    throw new RangeError('the topology asks for the embedded ledger; set ordering.type to raft or bft');
  }
  const say = options.onProgress ?? ((): void => undefined);
  const home = await findFabricHome(options.fabricHome);
  const organisations = allNodes(options, home, await writeTlsCas(options.dataDir, topology));
  const ordering = new Set(orderingOrganisations(topology).map(({ name }) => name));
  const orderers = organisations.filter(({ node }) => ordering.has(node.organisation.name));

  const isWhole = organisations.length === topology.organisations.length;
  const patienceMs = isWhole ? undefined : FOR_OTHERS_MS;
  const processes: readonly KeptProcess[] = [
    ...orderers.map(({ node, orderer }) => ({ name: `orderer-${node.organisation.name}`, control: orderer })),
    ...organisations.flatMap(({ node, peer, chaincode }) => [
      { name: `peer-${node.organisation.name}`, control: peer },
      { name: `chaincode-${node.organisation.name}`, control: chaincode },
    ]),
  ];

  const stop = async (): Promise<void> => {
    await Promise.all(organisations.map(({ chaincode }) => chaincode.stop()));
    await Promise.all(organisations.map(({ peer }) => peer.stop()));
    await Promise.all(orderers.map(({ orderer }) => orderer.stop()));
  };
  const commit = async (deployment: ChaincodeDeployment, force: boolean): Promise<void> => {
    const members = openMembers(organisations, topology.channel, deployment);
    try {
      say(`committing ${deployment.definition.name} with the approval of every organisation`);
      await commitDefinition({ definition: deployment.definition, members, force, signal, patienceMs });
      say(`waiting until every peer can have ${deployment.definition.name} endorsed`);
      await waitUntilEndorsable(deployment, members, signal, patienceMs);
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
    await whileKept(processes, say, () =>
      allOrNone(chaincodes.map((deployment) => commit(deployment, false))),
    );
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    organisations,
    processes,
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

function allNodes(options: FabricOptions, home: FabricHome, tlsCas: string): readonly OrganisationNodes[] {
  const { topology, plan, dataDir, prepared, chaincodes, signal } = options;
  return prepared.identities.organisations.map((material) => {
    const organisation = organisationNamed(topology, material.name);
    return organisationNodes({
      node: {
        organisation,
        ports: portsOf(plan, organisation.name),
        material,
        home,
        tlsCas,
        layout: nodeLayout(dataDir, organisation.name),
        logging: options.logging ?? 'info',
        outlivesUs: options.outlivesUs ?? false,
      },
      channel: topology.channel,
      genesisBlock: prepared.genesisBlock,
      packages: chaincodes.map((deployment) => packageOf(deployment, organisation.name)),
      chaincode: options.chaincodeProcess(organisation.name),
      signal,
    });
  });
}

/** What ends while the work goes on is started again: the work waits for it. */
async function whileKept(
  processes: readonly KeptProcess[],
  say: (line: string) => void,
  work: () => Promise<void>,
): Promise<void> {
  const done = new AbortController();
  const keeping = keepRunning(processes, say, done.signal);
  try {
    await work();
  } finally {
    done.abort();
    await keeping;
  }
}

/** Waits for all, also when one fails: a start that is still under way could not be stopped. */
async function allOrNone(starts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(starts)).find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

function openMembers(
  organisations: readonly OrganisationNodes[],
  channel: string,
  deployment: ChaincodeDeployment,
): LifecycleMember[] {
  return organisations.map(({ node }) => ({
    mspId: node.material.mspId,
    client: channelClient(node, channel),
    packageId: packageOf(deployment, node.organisation.name).id,
  }));
}

function packageOf({ definition, packages }: ChaincodeDeployment, organisation: string): ChaincodePackage {
  const found = packages.get(organisation);
  if (found === undefined) throw new RangeError(`${organisation} has no package of ${definition.name}`);
  return found;
}
