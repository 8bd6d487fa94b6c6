import type { OrganisationMaterial } from '../identities/index.js';
import { organisationNamed, portsOf, type PortPlan, type Topology } from '../topology/index.js';
import type { ChaincodeDeployment } from './chaincode-deployment.js';
import { channelClient } from './channel-client.js';
import { commitDefinition } from './lifecycle.js';
import { peerAdmin } from './peer-admin.js';
import { waitUntilEndorsable } from './readiness.js';

export interface DeployOptions {
  readonly topology: Topology;
  readonly plan: PortPlan;
  readonly organisations: readonly OrganisationMaterial[];
  readonly deployment: ChaincodeDeployment;
  readonly signal?: AbortSignal;
}

/**
 * Brings another chaincode to a consortium that runs on Fabric: installed on every peer, approved by every organisation,
 * committed; resolves when it can be endorsed. Its servers are the caller's, and run already.
 */
export async function deployChaincode({
  topology,
  plan,
  organisations,
  deployment,
  signal,
}: DeployOptions): Promise<void> {
  const { definition, packages } = deployment;
  const members = organisations.map((material) => {
    const node = {
      organisation: organisationNamed(topology, material.name),
      ports: portsOf(plan, material.name),
      material,
    };
    const built = packages.get(material.name);
    if (built === undefined) throw new RangeError(`${material.name} has no package of ${definition.name}`);
    return {
      node,
      built,
      mspId: material.mspId,
      client: channelClient(node, topology.channel),
      packageId: built.id,
    };
  });
  try {
    await Promise.all(
      members.map(async ({ node, built }) => {
        const admin = peerAdmin(node);
        try {
          if (!(await admin.installed()).includes(built.id)) await admin.install(built.bytes);
        } finally {
          admin.close();
        }
      }),
    );
    await commitDefinition({ definition, members, signal });
    await waitUntilEndorsable(deployment, members, signal);
  } finally {
    for (const { client } of members) client.close();
  }
}
