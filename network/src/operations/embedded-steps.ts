import { portsOf, type Organisation } from '../topology/index.js';
import { peerCatchingUp } from './ledger/channel-view.js';
import { serves } from './ledger/served-certificate.js';
import { canConnect, OperationError } from './processes.js';
import type { EmbeddedProcesses, Site } from './site.js';
import type { Step } from './steps.js';

/*
 * What takes the place of starting and restarting peers where the ledger is the embedded one: one process is all peers and the
 * orderer, and has one chaincode server.
 */

export function isEmbedded({ topology }: Pick<Site, 'topology'>): boolean {
  return topology.ordering.type === 'embedded';
}

/** The ledger opens a peer for the newcomer. */
export function openPeerStep(site: Site, { name }: Organisation): Step {
  return {
    title: `have the embedded ledger open a peer for ${name}`,
    isDone: peerCatchingUp(site, name),
    run: () => processesOf(site).reconfigure(),
  };
}

/** The ledger closes the peer of who has left, whom only `before` knows. */
export function closePeerStep(site: Site, before: Site, { name, host }: Organisation): Step {
  const { peer } = portsOf(before.plan, name);
  return {
    title: `have the embedded ledger close the peer of ${name}`,
    isDone: () =>
      canConnect(host, peer).then(
        () => false,
        () => true,
      ),
    run: () => processesOf(site).reconfigure(),
  };
}

/** Cuts connections that were opened before that moment. */
export function restartSinceStep(site: Site, since: () => Promise<Date | undefined>): Step {
  return {
    title: 'restart the embedded ledger, so that connections opened before are cut',
    isDone: async () => {
      const [started, wanted] = await Promise.all([processesOf(site).ledgerStartedAt(), since()]);
      return started !== undefined && wanted !== undefined && started > wanted;
    },
    run: () => processesOf(site).restartLedger(),
  };
}

/** The ledger reads its peers' certificates when it starts. */
export function restartToServeStep(
  site: Site,
  { name, host }: Organisation,
  wanted: { readonly caPem: () => Promise<string>; readonly certificatePem: () => Promise<string> },
): Step {
  const { peer } = portsOf(site.plan, name);
  return {
    title: `restart the embedded ledger, which is the peer of ${name} too`,
    isDone: async () => serves(host, peer, await wanted.caPem(), await wanted.certificatePem()),
    run: () => processesOf(site).restartLedger(),
  };
}

export function restartLedger(site: Site): Promise<void> {
  return processesOf(site).restartLedger();
}

function processesOf({ embedded }: Site): EmbeddedProcesses {
  if (embedded === undefined) throw new OperationError('the embedded ledger does not run under a supervisor');
  return embedded;
}
