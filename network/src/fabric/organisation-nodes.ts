import { channelParticipation } from './channel-participation.js';
import type { ChaincodePackage } from '../channel/index.js';
import type { ChaincodeProcess } from './chaincode-deployment.js';
import type { FabricNode } from './fabric-node.js';
import { waitUntilHealthy } from './health.js';
import {
  findProcess,
  isHeld,
  startProcess,
  type ManagedProcess,
  type ProcessSpec,
} from './managed-process.js';
import { ordererProcess } from './orderer-process.js';
import { peerAdmin } from './peer-admin.js';
import { peerProcess } from './peer-process.js';
import { waitUntil } from './wait-until.js';

/** What runs of one organisation. Each can be stopped and started by itself; starting what runs changes nothing. */
export interface OrganisationNodes {
  readonly node: FabricNode;
  readonly orderer: NodeControl;
  readonly peer: NodeControl;
  readonly chaincode: NodeControl;
}

export interface NodeControl {
  /** Resolves when it serves. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** The process as started last, or undefined. */
  current(): ManagedProcess | undefined;
  /** Whether it runs, whoever started it, or is kept from running by a command that needs it stopped. */
  isRunning(): Promise<boolean>;
}

export interface OrganisationNodesInput {
  readonly node: FabricNode;
  readonly channel: string;
  readonly genesisBlock: Buffer;
  readonly packages: readonly ChaincodePackage[];
  readonly chaincode: ChaincodeProcess;
  readonly signal?: AbortSignal | undefined;
}

export function organisationNodes(input: OrganisationNodesInput): OrganisationNodes {
  const { node, signal } = input;
  return {
    node,
    orderer: control(ordererProcess(node), async (running) => {
      await waitUntilHealthy(running, node.ports.ordererOperations, signal);
      await joinOrderer(input);
    }),
    peer: control(peerProcess(node), async (running) => {
      await waitUntilHealthy(running, node.ports.peerOperations, signal);
      await preparePeer(input);
    }),
    // Its peers notice by themselves when it serves.
    chaincode: chaincodeControl(chaincodeProcess(input)),
  };
}

async function joinOrderer({ node, channel, genesisBlock, signal }: OrganisationNodesInput): Promise<void> {
  const participation = channelParticipation(node);
  // It says that it is healthy before its admin service listens.
  const what = `the admin service of orderer-${node.organisation.name}`;
  const channels = await waitUntil({ what, timeoutMs: 20_000, signal }, () => participation.channels());
  if (!channels.includes(channel)) {
    await participation.join(genesisBlock);
  }
}

async function preparePeer({
  node,
  channel,
  genesisBlock,
  packages,
  signal,
}: OrganisationNodesInput): Promise<void> {
  const admin = peerAdmin(node);
  try {
    const what = `the endorser of peer-${node.organisation.name}`;
    const channels = await waitUntil({ what, timeoutMs: 20_000, signal }, () => admin.channels());
    if (!channels.includes(channel)) {
      await admin.join(genesisBlock);
    }
    const installed = await admin.installed();
    for (const { id, bytes } of packages) {
      if (!installed.includes(id)) {
        await admin.install(bytes);
      }
    }
  } finally {
    admin.close();
  }
}

function chaincodeProcess({ node, chaincode }: OrganisationNodesInput): ProcessSpec {
  return {
    ...chaincode,
    name: `chaincode-${node.organisation.name}`,
    workingFolder: node.layout.runFolder,
    runFolder: node.layout.runFolder,
    logFolder: node.layout.logFolder,
    outlivesUs: node.outlivesUs,
  };
}

/** While the chaincode is upgraded, the next server runs beside the present one. */
export function besideIt(spec: ProcessSpec): ProcessSpec {
  return { ...spec, name: `${spec.name}.next` };
}

function chaincodeControl(spec: ProcessSpec): NodeControl {
  const present = control(spec, () => Promise.resolve());
  return {
    ...present,
    stop: async () => {
      await present.stop();
      await (await findProcess(besideIt(spec)))?.stop();
    },
  };
}

function control(spec: ProcessSpec, becomeUseful: (running: ManagedProcess) => Promise<void>): NodeControl {
  let running: ManagedProcess | undefined;
  return {
    start: async () => {
      running = await startProcess(spec);
      await becomeUseful(running);
    },
    // Another command may have started it again meanwhile.
    stop: async () => {
      await (running?.isRunning() === true ? running : await findProcess(spec))?.stop();
    },
    kill: async () => {
      await (running?.isRunning() === true ? running : await findProcess(spec))?.kill();
    },
    current: () => running,
    isRunning: async () =>
      running?.isRunning() === true || (await findProcess(spec)) !== undefined || (await isHeld(spec)),
  };
}
