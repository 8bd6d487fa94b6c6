import { chaincodeDefinition, type ChaincodeDefinitionSpec } from '../../channel/index.js';
import { channelClient, type ChannelClient } from '../../fabric/channel-client.js';
import {
  approvals,
  approve,
  commitApproved,
  definitionStatus,
  isApproved,
  patiently,
  type LifecycleMember,
} from '../../fabric/lifecycle.js';
import { peerAdmin } from '../../fabric/peer-admin.js';
import { organisationNamed } from '../../topology/index.js';
import { endorsers } from '../ledger/endorsers.js';
import { OperationError } from '../processes.js';
import { actingOrganisation, adminOf, isAdministered, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { wantedServer } from './server-switch.js';

/** The sequence under which a definition is, or would be next, in force. */
async function sequenceFor(client: ChannelClient, definition: ChaincodeDefinitionSpec): Promise<number> {
  const { sequence, isInForce } = await definitionStatus(client, definition);
  return isInForce ? sequence : sequence + 1;
}

/** Puts the package that the topology asks for onto the organisation's peer. */
export function installPackageStep(site: Site, name: string): Step {
  return {
    title: `install the package of ${definitionTitle(site)} on the peer of ${name}`,
    isDone: async () => {
      const admin = peerAdmin(await adminOf(site, name));
      try {
        return (await admin.installed()).includes((await wantedServer(site, name)).package.id);
      } finally {
        admin.close();
      }
    },
    run: async () => {
      const admin = peerAdmin(await adminOf(site, name));
      try {
        await admin.install((await wantedServer(site, name)).package.bytes);
      } finally {
        admin.close();
      }
    },
  };
}

/**
 * The organisation's word for the definition, with the package that it has; waited for where its admin's key is elsewhere.
 */
export function approveStep(site: Site, name: string, isHere = isAdministered(site, name)): Step {
  if (!isHere) return approvedElsewhereStep(site, name);
  const definition = chaincodeDefinition(site.topology);
  return {
    title: `approve ${definitionTitle(site)} for ${name}`,
    isDone: () =>
      asMember(site, name, async (member) =>
        isApproved(member, definition, await sequenceFor(member.client, definition)),
      ),
    run: () =>
      asMember(site, name, (member) =>
        patiently(`${member.mspId} to approve ${definition.name}`, site.signal, async () =>
          approve(member, definition, await sequenceFor(member.client, definition)),
        ),
      ),
  };
}

function approvedElsewhereStep(site: Site, name: string): Step {
  const { mspId } = organisationNamed(site.topology, name);
  return {
    title: `see ${definitionTitle(site)} approved by ${name}, whose admin's key is elsewhere`,
    isDone: async () => !(await missing(site)).includes(mspId),
    run: () =>
      Promise.reject(
        new OperationError(
          `${name} has not approved it: have the same command given where its admin's key is, then give it here again`,
        ),
      ),
  };
}

/**
 * Commits what everybody has approved. Who has not approved when it is committed can no longer endorse, so it is not
 * committed before.
 */
export function commitStep(site: Site): Step {
  const definition = chaincodeDefinition(site.topology);
  return {
    title: `commit ${definitionTitle(site)}, once every organisation has approved it`,
    isDone: () => withClient(site, async (client) => (await definitionStatus(client, definition)).isInForce),
    run: () =>
      withClient(site, async (client) => {
        const sequence = await sequenceFor(client, definition);
        await patiently('every approval to be seen', site.signal, async () => {
          const without = await missingApprovals(client, definition, sequence);
          if (without.length > 0) throw new OperationError(`${without.join(', ')} has not approved it yet`);
        });
        await patiently(`${definition.name} to be committed`, site.signal, () =>
          commitApproved(client, definition, sequence),
        );
      }),
  };
}

function missing(site: Site): Promise<string[]> {
  const definition = chaincodeDefinition(site.topology);
  return withClient(site, async (client) =>
    missingApprovals(client, definition, await sequenceFor(client, definition)),
  );
}

/** MSP ids of the organisations that have not approved. */
async function missingApprovals(
  client: ChannelClient,
  definition: ChaincodeDefinitionSpec,
  sequence: number,
): Promise<string[]> {
  const { isInForce } = await definitionStatus(client, definition);
  if (isInForce) return [];
  const given = await approvals(client, definition, sequence);
  return [...given].flatMap(([mspId, has]) => (has ? [] : [mspId])).sort();
}

/** The peers of all these organisations really endorse, each asked through its own gateway by its own admin. */
export function endorsableStep(site: Site, names: readonly string[]): Step {
  return {
    title: `see ${site.topology.chaincode.name} endorsed by the peers of ${names.join(', ')}`,
    isDone: async () => {
      await Promise.all(
        names.map(async (name) => {
          const node = await adminOf(site, name);
          const client = channelClient(node, site.topology.channel);
          try {
            await endorsers(client, site.readiness, [node.material.mspId]);
          } finally {
            client.close();
          }
        }),
      );
      return true;
    },
    run: () => Promise.resolve(),
  };
}

function definitionTitle({ topology: { chaincode } }: Site): string {
  return `${chaincode.name} ${chaincode.version}`;
}

/** On the channel as any of those who can be acted for here. */
async function withClient<T>(site: Site, work: (client: ChannelClient) => Promise<T>): Promise<T> {
  const client = channelClient(await adminOf(site, actingOrganisation(site).name), site.topology.channel);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

async function asMember<T>(
  site: Site,
  name: string,
  work: (member: LifecycleMember) => Promise<T>,
): Promise<T> {
  const node = await adminOf(site, name);
  const client = channelClient(node, site.topology.channel);
  try {
    const { package: built } = await wantedServer(site, name);
    return await work({ mspId: node.material.mspId, client, packageId: built.id });
  } finally {
    client.close();
  }
}
