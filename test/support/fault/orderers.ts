import { orderingOrganisations, type RunningFabric, type Topology } from '@consent-ledger/network';
import type { NodeControl, OrganisationNodes } from '@consent-ledger/network';

/** An organisation's orderer in a running network. */
export interface OrdererOfTest {
  readonly organisation: string;
  readonly control: NodeControl;
}

/** Those that order, in the configuration's order. */
function ordering(fabric: RunningFabric, topology: Topology): OrganisationNodes[] {
  const names = orderingOrganisations(topology).map(({ name }) => name);
  return fabric.organisations.filter(({ node }) => names.includes(node.organisation.name));
}

/** Who leads and who follows, by what the orderers that live say of themselves. Rejects when they do not agree on one. */
export async function leaderAndFollowers(
  fabric: RunningFabric,
  topology: Topology,
): Promise<{ readonly leader: OrdererOfTest; readonly followers: readonly OrdererOfTest[] }> {
  const nodes = ordering(fabric, topology);
  const said = await Promise.all(
    nodes.map(async ({ node, orderer }) =>
      orderer.current()?.isRunning() === true ? metricsOf(node.ports.ordererOperations) : '',
    ),
  );
  const leading =
    topology.ordering.type === 'bft'
      ? new Set(
          said
            .map((metrics) => value(metrics, 'consensus_BFT_leader_id'))
            .filter((id) => id !== undefined)
            .map((id) => id - 1),
        )
      : new Set(
          said.flatMap((metrics, at) => (value(metrics, 'consensus_etcdraft_is_leader') === 1 ? [at] : [])),
        );
  const [at] = leading;
  const all = nodes.map(({ node, orderer }) => ({ organisation: node.organisation.name, control: orderer }));
  const leader = at === undefined ? undefined : all[at];
  if (leading.size !== 1 || leader === undefined) throw new Error('the orderers agree on no leader');
  return { leader, followers: all.filter((each) => each !== leader) };
}

async function metricsOf(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5_000) });
  return response.text();
}

function value(metrics: string, name: string): number | undefined {
  const found = new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(metrics)?.[1];
  return found === undefined ? undefined : Number(found);
}
