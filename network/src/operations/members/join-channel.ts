import { readFile } from 'node:fs/promises';
import { channelParticipation } from '../../fabric/channel-participation.js';
import { peerAdmin } from '../../fabric/peer-admin.js';
import { waitUntil } from '../../fabric/wait-until.js';
import { dataLayout } from '../../identities/index.js';
import { orderingOrganisations } from '../../topology/index.js';
import {
  approveStep,
  commitStep,
  endorsableStep,
  installPackageStep,
} from '../chaincode/definition-steps.js';
import { adminOf, isAdministered, type Site } from '../site.js';
import type { Step } from '../steps.js';

/** A container or a service of the system takes its time to start. */
const PATIENCE_MS = 120_000;

/**
 * What `up` does on the channel, for peers, orderers and chaincode servers that something else runs: they join, the chaincode is
 * installed, approved and committed. For the organisations whose admins' keys are here; the others are waited for.
 */
export function joinSteps(site: Site): Step[] {
  const names = site.topology.organisations.map(({ name }) => name);
  const ours = names.filter((name) => isAdministered(site, name));
  const ordering = orderingOrganisations(site.topology).map(({ name }) => name);
  return [
    ...ours.filter((name) => ordering.includes(name)).map((name) => joinOrdererStep(site, name)),
    ...ours.map((name) => joinPeerStep(site, name)),
    ...ours.map((name) => installPackageStep(site, name)),
    ...names.map((name) => approveStep(site, name)),
    commitStep(site),
    endorsableStep(site, ours),
  ];
}

function joinOrdererStep(site: Site, name: string): Step {
  const { channel } = site.topology;
  const channels = async (): Promise<string[]> => channelParticipation(await adminOf(site, name)).channels();
  return {
    title: `let the orderer of ${name} into the channel`,
    isDone: async () => (await channels()).includes(channel),
    run: () =>
      eventually(site, `the orderer of ${name} to answer`, async () => {
        if ((await channels()).includes(channel)) return;
        await channelParticipation(await adminOf(site, name)).join(await genesis(site));
      }),
  };
}

function joinPeerStep(site: Site, name: string): Step {
  const { channel } = site.topology;
  const asAdmin = async <T>(work: (admin: ReturnType<typeof peerAdmin>) => Promise<T>): Promise<T> => {
    const admin = peerAdmin(await adminOf(site, name));
    try {
      return await work(admin);
    } finally {
      admin.close();
    }
  };
  return {
    title: `let the peer of ${name} into the channel`,
    isDone: () => asAdmin(async (admin) => (await admin.channels()).includes(channel)),
    run: () =>
      eventually(site, `the peer of ${name} to answer`, () =>
        asAdmin(async (admin) => {
          if ((await admin.channels()).includes(channel)) return;
          await admin.join(await genesis(site));
        }),
      ),
  };
}

function eventually(site: Site, what: string, attempt: () => Promise<void>): Promise<void> {
  return waitUntil({ what, timeoutMs: PATIENCE_MS, intervalMs: 500, signal: site.signal }, attempt);
}

function genesis({ dataDir }: Site): Promise<Buffer> {
  return readFile(dataLayout(dataDir).genesisBlock);
}
