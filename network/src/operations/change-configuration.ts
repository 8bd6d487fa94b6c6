import type { common } from '@hyperledger/fabric-protos';
import { waitUntil } from '../fabric/wait-until.js';
import { replaceFile } from '../identities/folders.js';
import { IdentityError } from '../identities/index.js';
import type { ChannelConfiguration } from './config/channel-configuration.js';
import { computeUpdate } from './config/compute-update.js';
import { APPLICATION, copyOf, findGroup } from './config/config-tree.js';
import { describeUpdate } from './config/describe-update.js';
import {
  encodeUpdateFile,
  pendingUpdate,
  signUpdate,
  withSignatures,
  type PendingUpdate,
  type Signatory,
} from './config/update-file.js';
import { ordererEndpoints, peerEndpoints, viewOf, type ChannelView } from './ledger/channel-view.js';
import { submitUpdate } from './ledger/submit-update.js';
import { OperationError } from './processes.js';
import { signatoryOf, type Site } from './site.js';

/** The channel's configuration, through the orderers and peers of a site. */
export interface ConfigurationDesk {
  /** As the orderers have it: the newest. */
  current(): Promise<ChannelConfiguration>;
  /** What has to be sent so that `change` is made. @throws ConfigurationError when it is already so */
  propose(change: (channel: common.ConfigGroup) => void): Promise<{ pending: PendingUpdate; says: string[] }>;
  /** Submits what has signatures enough, and waits until orderers and peers have it. */
  submit(pending: PendingUpdate): Promise<ChannelConfiguration>;
  close(): void;
}

export async function openDesk(site: Site, as: Signatory): Promise<ConfigurationDesk> {
  const orderers = await ordererEndpoints(site);
  const ordering = viewOf('orderers', site, orderers, as);
  const peers = viewOf('peers', site, await peerEndpoints(site), as);
  return {
    current: () => ordering.configuration(),
    propose: async (change) => {
      const { channel, group } = await ordering.configuration();
      const wanted = copyOf(group);
      change(wanted);
      const pending = pendingUpdate(computeUpdate(channel, group, wanted));
      return { pending, says: describeUpdate(group, pending.update) };
    },
    submit: async (pending) => {
      const after = await submitUpdate({
        pending,
        submitter: as,
        orderers,
        ledger: ordering,
        signal: site.signal,
      });
      await waitUntil(
        { what: 'the peers to have the configuration', timeoutMs: 60_000, signal: site.signal },
        () => requireHeight(peers, after.blockNumber + 1, memberPeers(site, after)),
      );
      return after;
    },
    close: () => {
      ordering.close();
      peers.close();
    },
  };
}

/** Names of the peers that get the channel's blocks under a configuration: not of who has just been taken out. */
function memberPeers({ topology }: Site, { group }: ChannelConfiguration): ReadonlySet<string> {
  const members = topology.organisations.filter(
    ({ mspId }) => findGroup(group, APPLICATION, mspId) !== undefined,
  );
  return new Set(members.map(({ name }) => `peer of ${name}`));
}

/** Whoever answers must have that many blocks; one that is down catches up when it is back. */
async function requireHeight(view: ChannelView, height: number, of: ReadonlySet<string>): Promise<void> {
  const behind = [...(await view.heights())].filter(
    ([name, has]) => of.has(name) && has !== undefined && has < height,
  );
  if (behind.length > 0) throw new Error(`${behind.map(([name]) => name).join(', ')} is behind`);
}

/** Every admin whose key is in the data folder: all of them for a consortium on one machine. */
export async function signatories(site: Site): Promise<Signatory[]> {
  const found = await Promise.all(
    site.topology.organisations.map(async (organisation) => {
      try {
        return [await signatoryOf(site, organisation)];
      } catch (error) {
        if (error instanceof IdentityError) return []; // not a key of ours, or not usable any more
        throw error;
      }
    }),
  );
  const all = found.flat();
  if (all.length === 0) throw new OperationError(`there is no usable admin's key in ${site.dataDir}`);
  return all;
}

/** A change of the configuration has been written to a file: signatures have to be collected before it goes on. */
export class UpdateProposed extends Error {
  override readonly name = 'UpdateProposed';

  constructor(
    readonly file: string,
    /** What it does, a line for each change. */
    readonly says: readonly string[],
  ) {
    super(`the update was written to ${file}`);
  }
}

/**
 * Makes a change of the configuration: signed by these, submitted, and there when it returns.
 *
 * @throws UpdateProposed when the site has it written to a file instead
 */
export async function changeConfiguration(
  site: Site,
  as: Signatory,
  change: (channel: common.ConfigGroup) => void,
  by?: readonly Signatory[],
): Promise<void> {
  const desk = await openDesk(site, as);
  try {
    const { pending, says } = await desk.propose(change);
    if (site.proposeTo !== undefined) {
      await replaceFile(site.proposeTo, encodeUpdateFile(pending));
      throw new UpdateProposed(site.proposeTo, says);
    }
    const all = by ?? (await signatories(site));
    await desk.submit(withSignatures(pending, await Promise.all(all.map((one) => signUpdate(pending, one)))));
  } finally {
    desk.close();
  }
}
