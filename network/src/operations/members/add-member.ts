import { readFile } from 'node:fs/promises';
import { prepareConsortium } from '../../channel/index.js';
import { channelParticipation } from '../../fabric/channel-participation.js';
import { findProcess } from '../../fabric/managed-process.js';
import { ordererProcess } from '../../fabric/orderer-process.js';
import { peerAdmin } from '../../fabric/peer-admin.js';
import { peerProcess } from '../../fabric/peer-process.js';
import { dataLayout } from '../../identities/index.js';
import {
  orderingOrganisations,
  organisationNamed,
  portPlan,
  portsOf,
  type Organisation,
  type Topology,
} from '../../topology/index.js';
import { ordererCatchingUp } from '../certificates/rotate-orderer.js';
import {
  approveStep,
  commitStep,
  endorsableStep,
  installPackageStep,
} from '../chaincode/definition-steps.js';
import { isServerRunning, startBeside } from '../chaincode/server-switch.js';
import { isConsenter, type ConsenterAddress } from '../config/consenters.js';
import { isEmbedded, openPeerStep } from '../embedded-steps.js';
import { peerCatchingUp } from '../ledger/channel-view.js';
import { restartOrderer, startOrderer, startPeer } from '../processes.js';
import { adminOf, isAdministered, nodeOf, siteWith, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { newestConfigurationBlock } from './join-steps.js';
import { admissionStep, keepPublicStep, makeKeysStep } from './admission-steps.js';
import { configurationStep } from './configuration-step.js';
import { announceOrderer, isAnnounced, letOrder } from './member-configuration.js';
import { publicMember, type PublicMember } from './public-member.js';
import { topologyWith } from './topology-changes.js';

export interface AddMemberOptions {
  readonly newcomer: Organisation;
  /** What the newcomer has sent of itself when it keeps its keys elsewhere; absent: its keys are made, or are, here. */
  readonly introduced?: PublicMember;
  /** Writes down what the consortium is from now on. */
  readonly saveTopology: (topology: Topology) => Promise<void>;
  /** Lets the gateways that run know, before anything is committed that they do not. */
  readonly renewGateways: Step;
  /** Starts the newcomer's gateway, once the ledger is ready for it, and lets the supervisor know. */
  readonly finish: Step;
}

/**
 * A new member: its identities, its place in the channel's configuration, its processes, its collections and its orderer.
 * The others run on. Each installation does what it has the keys for, and waits for the rest: all of it for a consortium
 * on one machine. Once the topology is written down the next start would finish what concerns the chaincode by itself.
 */
export function addMemberSteps(before: Site, options: AddMemberOptions): Step[] {
  const { newcomer, introduced } = options;
  const isMember = before.topology.organisations.some(({ name }) => name === newcomer.name);
  const topology = isMember ? before.topology : topologyWith(before.topology, before.plan, newcomer);
  const site = siteWith(before, topology, portPlan(topology, before.plan.portBase));
  const organisation = organisationNamed(topology, newcomer.name);
  const names = topology.organisations.map(({ name }) => name);
  const isHere = introduced === undefined;
  const orders = orderingOrganisations(topology).includes(organisation);
  const ours = names.filter((name) => (name === newcomer.name ? isHere : isAdministered(site, name)));
  let written = isMember;
  return [
    introduced === undefined ? makeKeysStep(site, organisation) : keepPublicStep(site, introduced),
    admissionStep(site, organisation),
    ...(isHere && orders ? [followingOrdererStep(site, organisation)] : []),
    ...(isHere && !isEmbedded(site) ? nodeSteps(site, organisation) : []),
    {
      title: `write down that ${organisation.name} is a member`,
      isDone: () => Promise.resolve(written),
      run: async () => {
        await options.saveTopology(topology);
        await prepareConsortium(topology, site.plan, site.dataDir);
        written = true;
      },
    },
    ...(isEmbedded(site) ? [openPeerStep(site, organisation)] : []),
    options.renewGateways,
    ...names.map((name) => approveStep(site, name, ours.includes(name))),
    commitStep(site),
    endorsableStep(site, ours),
    ...(isHere && orders ? orderingSteps(site, organisation) : []),
    options.finish,
  ];
}

/** Its orderer follows without making blocks until it has everything. */
function followingOrdererStep(site: Site, { name }: Organisation): Step {
  return {
    title: `start the orderer of ${name}, and let it fetch the channel's blocks`,
    isDone: ordererCatchingUp(site, organisationNamed(site.topology, name), 'follower'),
    run: async () => {
      const node = await nodeOf(site, name);
      if ((await findProcess(ordererProcess(node))) === undefined) await startOrderer(node, site.signal);
      const participation = channelParticipation(await adminOf(site, name));
      if ((await participation.channels()).includes(site.topology.channel)) return;
      await participation.join(await newestConfigurationBlock(site, name));
    },
    settleMs: 600_000,
  };
}

/** Its peer follows without a chaincode that is asked, until it has everything. */
function nodeSteps(site: Site, { name }: Organisation): Step[] {
  return [
    {
      title: `start the peer of ${name}, and let it fetch the channel's blocks`,
      isDone: peerCatchingUp(site, name),
      run: async () => {
        const node = await nodeOf(site, name);
        if ((await findProcess(peerProcess(node))) === undefined) await startPeer(node, site.signal);
        const admin = peerAdmin(await adminOf(site, name));
        try {
          if ((await admin.channels()).includes(site.topology.channel)) return;
          await admin.join(await readFile(dataLayout(site.dataDir).genesisBlock));
        } finally {
          admin.close();
        }
      },
      settleMs: 600_000,
    },
    {
      title: `start the chaincode server of ${name}`,
      isDone: () => isServerRunning(site, name),
      run: () => startBeside(site, name),
    },
    installPackageStep(site, name),
  ];
}

function orderingSteps(site: Site, organisation: Organisation): Step[] {
  const address: ConsenterAddress = {
    host: organisation.host,
    port: portsOf(site.plan, organisation.name).orderer,
  };
  return [
    configurationStep(site, undefined, {
      title: `let the orderer of ${organisation.name} make blocks, signed by a majority of the orderers' admins`,
      isDone: (channel) => isConsenter(channel, address),
      change: async () => {
        const member = await publicMember(site.dataDir, organisation);
        return (channel) => {
          letOrder(channel, address, member);
        };
      },
    }),
    {
      // One that follows looks for news every 15 to 20 seconds; one that starts looks at once.
      title: `restart the orderer of ${organisation.name}, and see it make blocks`,
      isDone: ordererCatchingUp(site, organisation),
      run: async () => restartOrderer(await nodeOf(site, organisation.name), site.signal),
      settleMs: 120_000,
    },
    configurationStep(site, organisation, {
      title: `tell all others to send transactions to it too, signed by the admin of ${organisation.name}`,
      isDone: (channel) => isAnnounced(channel, address, organisation.mspId),
      change: () =>
        Promise.resolve((channel) => {
          announceOrderer(channel, address, organisation.mspId);
        }),
    }),
  ];
}
