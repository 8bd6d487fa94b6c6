import { readFile } from 'node:fs/promises';
import type { common } from '@hyperledger/fabric-protos';
import type { Consenter } from '../../channel/consensus.js';
import { channelParticipation } from '../../fabric/channel-participation.js';
import { findProcess } from '../../fabric/managed-process.js';
import { ordererProcess } from '../../fabric/orderer-process.js';
import { organisationLayout } from '../../identities/index.js';
import { orderingOrganisations, organisationNamed, portsOf } from '../../topology/index.js';
import { ordererCatchingUp } from '../certificates/rotate-orderer.js';
import { changeConfiguration, openDesk } from '../change-configuration.js';
import { isConsenter, orderingTypeOf, putConsenter, removeConsenter } from '../config/consenters.js';
import { ordererBlocks } from '../ledger/block-reader.js';
import { ordererEndpoints } from '../ledger/channel-view.js';
import { OperationError, startOrderer } from '../processes.js';
import { adminOf, nodeOf, signatoryOf, type Site } from '../site.js';
import type { Step } from '../steps.js';

/**
 * An orderer without blocks of the channel joins it by the newest configuration block, and fetches all others from its
 * fellows. Nothing for an organisation that does not order.
 */
export function joinOrdererStep(site: Site, name: string): Step {
  const organisation = organisationNamed(site.topology, name);
  const orders = orderingOrganisations(site.topology).some((each) => each.name === name);
  const hasCaughtUp = ordererCatchingUp(site, organisation);
  return {
    title: `see the orderer of ${name} make blocks, as high as the others; join it to the channel if it has none`,
    isDone: async () => !orders || (await hasCaughtUp()),
    run: async () => {
      const node = await nodeOf(site, name);
      if ((await findProcess(ordererProcess(node))) === undefined) await startOrderer(node, site.signal);
      const participation = channelParticipation(await adminOf(site, name));
      if ((await participation.channels()).includes(site.topology.channel)) return;
      await renewRaftMembership(site, name);
      await participation.join(await newestConfigurationBlock(site, name));
    },
    settleMs: 300_000,
  };
}

/**
 * A Raft leader remembers how far each orderer had come, and one that comes back without its log ends itself over that
 * ("tocommit is out of range"). Taken out and put in again it is a new one to the leader. BFT asks for nothing of the kind.
 */
async function renewRaftMembership(site: Site, name: string): Promise<void> {
  const organisation = organisationNamed(site.topology, name);
  const admin = await signatoryOf(site, organisation);
  const desk = await openDesk(site, admin);
  let group: common.ConfigGroup;
  try {
    ({ group } = await desk.current());
  } finally {
    desk.close();
  }
  if (orderingTypeOf(group) !== 'raft') return;
  const consenter = await consenterOf(site, name);
  if (isConsenter(group, consenter)) {
    await changeConfiguration(site, admin, (channel) => {
      removeConsenter(channel, consenter);
    });
  }
  await changeConfiguration(site, admin, (channel) => {
    putConsenter(channel, consenter);
  });
}

/** An organisation's orderer as the configuration is to know it, with the certificates that lie in its folder. */
export async function consenterOf(site: Site, name: string): Promise<Consenter> {
  const { mspId, host } = organisationNamed(site.topology, name);
  const { orderer } = organisationLayout(site.dataDir, name);
  return {
    mspId,
    host,
    port: portsOf(site.plan, name).orderer,
    identityPem: await readFile(orderer.identity.certificate, 'utf8'),
    tlsPem: await readFile(orderer.tls.certificate, 'utf8'),
  };
}

/** From any of the other orderers. @throws OperationError when none gives it */
export async function newestConfigurationBlock(site: Site, asMember: string): Promise<Buffer> {
  const reader = await signatoryOf(site, organisationNamed(site.topology, asMember));
  const reasons: string[] = [];
  for (const endpoint of await ordererEndpoints(site)) {
    if (endpoint.name === `orderer of ${asMember}`) continue;
    const blocks = ordererBlocks(endpoint, site.topology.channel, reader);
    try {
      return await blocks.configurationBlock();
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    } finally {
      blocks.close();
    }
  }
  throw new OperationError(`no orderer gives the newest configuration: ${reasons.join('; ')}`);
}
