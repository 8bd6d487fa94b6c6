import type { Consenter } from '../../channel/consensus.js';
import { channelParticipation } from '../../fabric/channel-participation.js';
import { orderingOrganisations, portsOf, type Organisation } from '../../topology/index.js';
import { changeConfiguration, openDesk } from '../change-configuration.js';
import {
  consentersOf,
  knowsConsenter,
  orderingTypeOf,
  putConsenter,
  toleratedFaults,
} from '../config/consenters.js';
import { ordererEndpoints, viewOf } from '../ledger/channel-view.js';
import { serves } from '../ledger/served-certificate.js';
import { restartOrderer } from '../processes.js';
import { adminOf, nodeOf, signatoryOf, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { installStep, type Rotation } from './rotation.js';
import { tlsCaOf } from './tls-ca.js';

/**
 * The channel's configuration names an orderer's certificates, so it comes first; only when the block with it is there
 * may the orderer restart. The other way round it would come up as a follower that refuses what gateways send it.
 */
export function ordererSteps(rotation: Rotation): Step[] {
  const { site, organisation, layout, staged } = rotation;
  // One that makes no blocks does not run, and nobody knows its certificates.
  if (!orderingOrganisations(site.topology).includes(organisation)) return [installStep(rotation)];
  const ports = portsOf(site.plan, organisation.name);
  const wanted = async (): Promise<Consenter> => ({
    mspId: organisation.mspId,
    host: organisation.host,
    port: ports.orderer,
    identityPem: await staged.read(layout.orderer.identity.certificate),
    tlsPem: await staged.read(layout.orderer.tls.certificate),
  });
  return [
    {
      title: 'see that ordering can do without this orderer for a moment',
      isDone: () => canSpare(site, organisation),
      run: () => Promise.resolve(),
      settleMs: 20_000,
    },
    {
      title: `write the new certificates into the channel's configuration, signed by a majority of the orderers' admins`,
      isDone: async () => {
        const desk = await openDesk(site, await signatoryOf(site, organisation));
        try {
          return knowsConsenter((await desk.current()).group, await wanted());
        } finally {
          desk.close();
        }
      },
      run: () => writeConfiguration(site, organisation, wanted),
    },
    {
      title: 'see the configuration arrive at the orderer itself, unless it has cut the orderer off',
      isDone: async () => {
        const own = (await ordererEndpoints(site)).filter(
          ({ name }) => name === `orderer of ${organisation.name}`,
        );
        const view = viewOf('orderers', site, own, await signatoryOf(site, organisation));
        try {
          return knowsConsenter((await view.configuration()).group, await wanted());
        } catch (error) {
          // With Raft the others may turn its old certificate away before it hears that the block is agreed on: then it has
          // no leader any more, serves nothing, and only the restart brings it back.
          if (error instanceof Error && error.message.includes('SERVICE_UNAVAILABLE')) return true;
          throw error;
        } finally {
          view.close();
        }
      },
      run: () => Promise.resolve(),
    },
    installStep(rotation),
    {
      title: `restart the orderer of ${organisation.name}`,
      isDone: async () =>
        serves(
          organisation.host,
          ports.orderer,
          await tlsCaOf(rotation),
          await staged.read(layout.orderer.tls.certificate),
        ),
      run: async () => restartOrderer(await nodeOf(site, organisation.name), site.signal),
    },
    {
      title: `see the orderer of ${organisation.name} make blocks again, as high as the others`,
      isDone: ordererCatchingUp(site, organisation),
      run: () => Promise.resolve(),
    },
  ];
}

async function writeConfiguration(
  site: Site,
  organisation: Organisation,
  wanted: () => Promise<Consenter>,
): Promise<void> {
  const consenter = await wanted();
  await changeConfiguration(site, await signatoryOf(site, organisation), (channel) => {
    putConsenter(channel, consenter);
  });
}

/** A block or two are always on their way. */
const NEARLY = 3;

/** Whether the other orderers are up and level, so that ordering goes on while this one is away. */
async function canSpare(site: Site, organisation: Organisation): Promise<boolean> {
  const view = viewOf('orderers', site, await ordererEndpoints(site), await signatoryOf(site, organisation));
  try {
    const { group } = await view.configuration();
    const heights = await view.heights();
    const highest = Math.max(...[...heights.values()].map((height) => height ?? 0));
    const well = [...heights].filter(
      ([name, height]) => name !== `orderer of ${organisation.name}` && (height ?? 0) >= highest - NEARLY,
    );
    const all = consentersOf(group).length;
    return all - well.length <= toleratedFaults(orderingTypeOf(group), all);
  } finally {
    view.close();
  }
}

/**
 * Whether an orderer makes blocks (or, as a follower, at least fetches them) and has those that the others had when it was first asked. Heights, and not only what
 * it says of itself: an orderer that is stuck goes on calling itself active.
 */
export function ordererCatchingUp(
  site: Site,
  organisation: Organisation,
  as: 'consenter' | 'follower' = 'consenter',
): () => Promise<boolean> {
  let wanted: number | undefined;
  const heightOfOthers = async (): Promise<number> => {
    const others = (await ordererEndpoints(site)).filter(
      ({ name }) => name !== `orderer of ${organisation.name}`,
    );
    const view = viewOf('orderers', site, others, await signatoryOf(site, organisation));
    try {
      return Math.max(0, ...[...(await view.heights()).values()].map((height) => height ?? 0));
    } finally {
      view.close();
    }
  };
  return async () => {
    wanted ??= await heightOfOthers();
    const participation = channelParticipation(await adminOf(site, organisation.name));
    const { height, status, consensusRelation } = await participation.channel(site.topology.channel);
    const isAs = consensusRelation === 'consenter' || consensusRelation === as;
    return height >= wanted && status === 'active' && isAs;
  };
}
