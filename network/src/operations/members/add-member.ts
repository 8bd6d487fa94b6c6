import { readFile } from 'node:fs/promises';
import type { common } from '@hyperledger/fabric-protos';
import { prepareConsortium } from '../../channel/index.js';
import { channelParticipation } from '../../fabric/channel-participation.js';
import { findProcess } from '../../fabric/managed-process.js';
import { tlsCasFile } from '../../fabric/node-layout.js';
import { ordererProcess } from '../../fabric/orderer-process.js';
import { peerAdmin } from '../../fabric/peer-admin.js';
import { peerProcess } from '../../fabric/peer-process.js';
import { replaceFile } from '../../identities/folders.js';
import { dataLayout, organisationLayout } from '../../identities/index.js';
import { makeIdentities } from '../../identities/make.js';
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
import { openDesk, signatories, signByAll } from '../change-configuration.js';
import { isConsenter, type ConsenterAddress } from '../config/consenters.js';
import { peerCatchingUp } from '../ledger/channel-view.js';
import { restartOrderer, startOrderer, startPeer } from '../processes.js';
import { adminOf, nodeOf, signatoryOf, siteWith, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { newestConfigurationBlock } from './join-steps.js';
import { admitMember, announceOrderer, isAdmitted, isAnnounced, letOrder } from './member-configuration.js';
import { publicMember } from './public-member.js';
import { topologyWith } from './topology-changes.js';

export interface AddMemberOptions {
  readonly newcomer: Organisation;
  /** Writes down what the consortium is from now on. */
  readonly saveTopology: (topology: Topology) => Promise<void>;
  /** Lets the gateways know, and starts the newcomer's, once the ledger is ready for them. */
  readonly renewGateways: Step;
}

/**
 * A new member for a consortium on one machine: its identities, its place in the channel's configuration, its processes,
 * its collections and its orderer. The others run on. Once the topology is written down the next start would finish what
 * concerns the chaincode by itself.
 */
export function addMemberSteps(before: Site, options: AddMemberOptions): Step[] {
  const { newcomer } = options;
  const isMember = before.topology.organisations.some(({ name }) => name === newcomer.name);
  const topology = isMember ? before.topology : topologyWith(before.topology, before.plan, newcomer);
  const site = siteWith(before, topology, portPlan(topology, before.plan.portBase));
  const organisation = organisationNamed(topology, newcomer.name);
  const names = topology.organisations.map(({ name }) => name);
  const others = before.topology.organisations.filter(({ name }) => name !== organisation.name);
  const [sponsor] = others;
  const orders = orderingOrganisations(topology).includes(organisation);
  let written = isMember;
  return [
    {
      title: `make keys and certificates for ${organisation.name}`,
      isDone: async () => {
        await readFile(organisationLayout(site.dataDir, organisation.name).gateway.signing.publicJwk);
        return true;
      },
      run: async () => {
        await makeIdentities(topology, site.dataDir);
        await writeTlsCas(site);
      },
    },
    ...admissionSteps(site, sponsor ?? organisation, organisation),
    ...(orders ? [followingOrdererStep(site, organisation)] : []),
    ...nodeSteps(site, organisation),
    {
      title: `write down that ${organisation.name} is a member`,
      isDone: () => Promise.resolve(written),
      run: async () => {
        await options.saveTopology(topology);
        await prepareConsortium(topology, site.plan, site.dataDir);
        written = true;
      },
    },
    ...names.map((name) => approveStep(site, name)),
    commitStep(site, sponsor?.name ?? organisation.name),
    endorsableStep(site, names),
    ...(orders ? orderingSteps(site, sponsor ?? organisation, organisation) : []),
    options.renewGateways,
  ];
}

function admissionSteps(site: Site, as: Organisation, organisation: Organisation): Step[] {
  return [
    configurationStep(site, as, {
      title: `let ${organisation.name} into the channel, signed by a majority of the admins`,
      isDone: (channel) => isAdmitted(channel, site.topology, organisation),
      change: async () => {
        const member = await publicMember(site.dataDir, organisation);
        return (channel) => {
          admitMember(channel, site.topology, site.plan, member);
        };
      },
    }),
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

function orderingSteps(site: Site, as: Organisation, organisation: Organisation): Step[] {
  const address: ConsenterAddress = {
    host: organisation.host,
    port: portsOf(site.plan, organisation.name).orderer,
  };
  return [
    configurationStep(site, as, {
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

/** A change of the configuration, signed by everybody whose key is here. */
export function configurationStep(
  site: Site,
  as: Organisation,
  {
    title,
    isDone,
    change,
  }: {
    readonly title: string;
    readonly isDone: (channel: common.ConfigGroup) => boolean;
    readonly change: () => Promise<(channel: common.ConfigGroup) => void>;
  },
): Step {
  return {
    title,
    isDone: async () => {
      const desk = await openDesk(site, await signatoryOf(site, as));
      try {
        return isDone((await desk.current()).group);
      } finally {
        desk.close();
      }
    },
    run: async () => {
      const desk = await openDesk(site, await signatoryOf(site, as));
      try {
        const { pending } = await desk.propose(await change());
        await desk.submit(await signByAll(pending, await signatories(site)));
      } finally {
        desk.close();
      }
    },
  };
}

async function writeTlsCas({ dataDir, topology }: Site): Promise<void> {
  const pems = await Promise.all(
    topology.organisations.map(({ name }) =>
      readFile(organisationLayout(dataDir, name).tlsCa.certificate, 'utf8'),
    ),
  );
  await replaceFile(tlsCasFile(dataDir), pems.join(''));
}
