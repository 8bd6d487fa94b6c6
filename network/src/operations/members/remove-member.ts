import { prepareConsortium } from '../../channel/index.js';
import { findProcess } from '../../fabric/managed-process.js';
import { nodeLayout } from '../../fabric/node-layout.js';
import {
  formerOrganisations,
  orderingOrganisations,
  portPlan,
  portsOf,
  type Topology,
} from '../../topology/index.js';
import { approveStep, commitStep, endorsableStep } from '../chaincode/definition-steps.js';
import { closePeerStep, isEmbedded } from '../embedded-steps.js';
import { OperationError } from '../processes.js';
import { isAdministered, siteWith, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { configurationStep } from './configuration-step.js';
import { expelMember, isGone } from './member-configuration.js';
import { topologyWithout } from './topology-changes.js';

export interface RemoveMemberOptions {
  readonly organisation: string;
  readonly saveTopology: (topology: Topology) => Promise<void>;
  /** Lets the gateways of those who stay know, before anything is committed that they do not; ends that of who leaves. */
  readonly renewGateways: Step;
  /** Lets the supervisor know. */
  readonly finish: Step;
}

/**
 * Takes a member out of the channel. Its own signature is not needed. What is logged stays: its collections are closed,
 * and oversight goes on reading them.
 *
 * @throws OperationError when what is left cannot be a consortium
 */
export function removeMemberSteps(
  before: Site,
  { organisation: name, saveTopology, renewGateways, finish }: RemoveMemberOptions,
): Step[] {
  const leaving = before.topology.organisations.find((each) => each.name === name);
  const former = formerOrganisations(before.topology).find((each) => each.name === name);
  if (leaving === undefined && former === undefined) {
    throw new OperationError(`there is no member called ${name}, and there was none`);
  }
  const orders = orderingOrganisations(before.topology).some((each) => each.name === name);
  if (isEmbedded(before) && orders) {
    throw new OperationError(
      `the embedded ledger has one orderer, that of ${name}, and cannot be without it`,
    );
  }
  const topology =
    leaving === undefined ? before.topology : topologyWithout(before.topology, before.plan, name);
  const site = siteWith(before, topology, portPlan(topology, before.plan.portBase));
  const staying = topology.organisations;
  let written = leaving === undefined;
  return [
    ...(leaving === undefined
      ? []
      : [
          configurationStep(
            siteWith(site, { ...before.topology, organisations: staying }, before.plan),
            undefined,
            {
              title: `take ${name}${orders ? ' and its orderer' : ''} out of the channel, signed by a majority of the admins`,
              isDone: (channel) => isGone(channel, leaving.mspId),
              change: () =>
                Promise.resolve((channel) => {
                  const { orderer } = portsOf(before.plan, name);
                  expelMember(channel, topology, { host: leaving.host, port: orderer }, leaving.mspId);
                }),
            },
          ),
        ]),
    {
      title: `write down that ${name} has left`,
      isDone: () => Promise.resolve(written),
      run: async () => {
        await saveTopology(topology);
        await prepareConsortium(topology, site.plan, site.dataDir);
        written = true;
      },
    },
    ...(isEmbedded(site) && leaving !== undefined ? [closePeerStep(site, before, leaving)] : []),
    renewGateways,
    ...staying.map((each) => approveStep(site, each.name)),
    commitStep(site),
    endorsableStep(
      site,
      staying.map((each) => each.name).filter((each) => isAdministered(site, each)),
    ),
    finish,
    ...(isEmbedded(site) ? [] : [stopStep(before, name)]),
  ];
}

/** Its processes have nothing to do on the channel any more; its data stays where it is. */
function stopStep({ dataDir }: Site, name: string): Step {
  const { runFolder, logFolder } = nodeLayout(dataDir, name);
  const processes = [`chaincode-${name}`, `chaincode-${name}.next`, `peer-${name}`, `orderer-${name}`].map(
    (process) => ({ name: process, runFolder, logFolder }),
  );
  return {
    title: `stop the peer, the orderer and the chaincode server of ${name}, if they run here`,
    isDone: async () => {
      const found = await Promise.all(processes.map((each) => findProcess(each)));
      return found.every((each) => each === undefined);
    },
    run: async () => {
      for (const each of processes) await (await findProcess(each))?.stop();
    },
  };
}
