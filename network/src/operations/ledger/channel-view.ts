import { readFile } from 'node:fs/promises';
import { organisationLayout } from '../../identities/index.js';
import {
  orderingOrganisations,
  organisationNamed,
  portsOf,
  type Organisation,
} from '../../topology/index.js';
import type { ChannelConfiguration } from '../config/channel-configuration.js';
import type { Signatory } from '../config/update-file.js';
import { signatoryOf, type Site } from '../site.js';
import { ordererBlocks, peerBlocks, type BlockReader } from './block-reader.js';
import type { Endpoint } from './endpoint.js';

/** The peers of all members. */
export function peerEndpoints(site: Site): Promise<Endpoint[]> {
  return endpoints(site, site.topology.organisations, 'peer');
}

/** The orderers of all members that order. */
export function ordererEndpoints(site: Site): Promise<Endpoint[]> {
  return endpoints(site, orderingOrganisations(site.topology), 'orderer');
}

async function endpoints(
  site: Site,
  organisations: readonly Organisation[],
  use: 'peer' | 'orderer',
): Promise<Endpoint[]> {
  return Promise.all(
    organisations.map(async ({ name, host }) => ({
      name: `${use} of ${name}`,
      address: `${host}:${portsOf(site.plan, name)[use]}`,
      tlsCaPem: await readFile(organisationLayout(site.dataDir, name).tlsCa.certificate, 'utf8'),
    })),
  );
}

/** One reader on many peers and orderers. */
export interface ChannelView {
  /** By the endpoint's name; undefined for one that does not answer. */
  heights(): Promise<ReadonlyMap<string, number | undefined>>;
  /** The configuration of the highest sequence that anyone has. Rejects when nobody answers. */
  configuration(): Promise<ChannelConfiguration>;
  /** Serialised common.Block, from whoever answers first. */
  block(number: number): Promise<Buffer>;
  close(): void;
}

export function viewOf(
  kind: 'peers' | 'orderers',
  site: Site,
  endpoints: readonly Endpoint[],
  reader: Signatory,
): ChannelView {
  const open = kind === 'peers' ? peerBlocks : ordererBlocks;
  const readers = endpoints.map((endpoint): [string, BlockReader] => [
    endpoint.name,
    open(endpoint, site.topology.channel, reader),
  ]);
  return {
    heights: async () =>
      new Map(
        await Promise.all(
          readers.map(
            async ([name, blocks]) => [name, await blocks.height().catch(() => undefined)] as const,
          ),
        ),
      ),
    configuration: async () => {
      const answers = await Promise.allSettled(readers.map(([, blocks]) => blocks.configuration()));
      const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      const newest = found.toSorted((one, other) => other.sequence - one.sequence)[0];
      if (newest === undefined) {
        const reasons = answers.flatMap((answer) =>
          answer.status === 'rejected' ? [String(answer.reason)] : [],
        );
        throw new Error(`nobody gives the configuration of the channel: ${reasons.join('; ')}`);
      }
      return newest;
    },
    block: (number) => Promise.any(readers.map(([, blocks]) => blocks.block(number))),
    close: () => {
      for (const [, blocks] of readers) blocks.close();
    },
  };
}

/** Whether a member's peer has the blocks that the others had when it was first asked. */
export function peerCatchingUp(site: Site, name: string): () => Promise<boolean> {
  const own = `peer of ${name}`;
  const heightsOf = async (isWanted: (endpoint: Endpoint) => boolean): Promise<number> => {
    const endpoints = (await peerEndpoints(site)).filter(isWanted);
    const reader = await signatoryOf(site, organisationNamed(site.topology, name));
    const view = viewOf('peers', site, endpoints, reader);
    try {
      return Math.max(0, ...[...(await view.heights()).values()].map((height) => height ?? 0));
    } finally {
      view.close();
    }
  };
  let wanted: number | undefined;
  return async () => {
    wanted ??= await heightsOf((endpoint) => endpoint.name !== own);
    return (await heightsOf((endpoint) => endpoint.name === own)) >= wanted;
  };
}
