import type { ChaincodeDeployment } from './chaincode-deployment.js';
import { describeFailure } from './channel-client.js';
import type { LifecycleMember } from './lifecycle.js';
import { waitUntil } from './wait-until.js';

/**
 * Waits until the gateway of every peer can really have the chaincode endorsed by every organisation. That a peer
 * answers a query says nothing about it: it takes longer until peers know of each other's chaincode.
 */
export async function waitUntilEndorsable(
  { definition, readiness }: ChaincodeDeployment,
  members: readonly LifecycleMember[],
  signal?: AbortSignal,
  timeoutMs = 60_000,
): Promise<void> {
  const [call, ...args] = readiness;
  const endorsingOrganizations = members.map(({ mspId }) => mspId);
  await Promise.all(
    members.map(({ mspId, client }) =>
      waitUntil(
        {
          what: `${definition.name} to be endorsed through the peer of ${mspId}`,
          timeoutMs,
          intervalMs: 100,
          signal,
        },
        async () => {
          const contract = client.contract(definition.name);
          try {
            await contract.newProposal(call, { arguments: args, endorsingOrganizations }).endorse();
            // And by whom the policy asks for, as service discovery finds them.
            await contract.newProposal(call, { arguments: args }).endorse();
          } catch (error) {
            throw new Error(describeFailure(error), { cause: error });
          }
        },
      ),
    ),
  );
}
