import { prepareConsortium } from '../../channel/index.js';
import { portPlan, type Topology } from '../../topology/index.js';
import { isEmbedded, restartLedger } from '../embedded-steps.js';
import { OperationError } from '../processes.js';
import { isAdministered, siteWith, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { approveStep, commitStep, endorsableStep, installPackageStep } from './definition-steps.js';
import {
  endOldServer,
  isFreeFor,
  isServerRunning,
  isSwitched,
  otherChaincodePort,
  startBeside,
} from './server-switch.js';

export interface UpgradeOptions {
  /** The new version; the one in the topology goes on with an upgrade that was interrupted. */
  readonly version: string;
  /** Writes down what the consortium is from now on, so that the next start continues with it. */
  readonly saveTopology: (topology: Topology) => Promise<void>;
  /** Lets whoever starts crashed processes again know of it. */
  readonly finish: Step;
}

/** The consortium after the upgrade: the new version, and the servers on their other ports. */
export function upgradedTopology({ topology, plan }: Site, version: string): Topology {
  if (topology.chaincode.version === version) return topology;
  const next = { ...topology, chaincode: { ...topology.chaincode, version } };
  if (topology.ordering.type === 'embedded') return next;
  return {
    ...next,
    organisations: topology.organisations.map((organisation) => ({
      ...organisation,
      ports: { ...organisation.ports, chaincode: otherChaincodePort(topology, plan, organisation.name) },
    })),
  };
}

/**
 * The chaincode that this installation brings, in the place of the one that runs, without a moment in which it cannot be
 * endorsed. Once the topology is saved the next start would finish the upgrade by itself.
 */
export function upgradeSteps(before: Site, { version, saveTopology, finish }: UpgradeOptions): Step[] {
  const topology = upgradedTopology(before, version);
  const site = siteWith(before, topology, portPlan(topology, before.plan.portBase));
  const names = topology.organisations.map(({ name }) => name);
  const ours = names.filter((name) => isAdministered(site, name));
  if (isEmbedded(site)) return embeddedSteps(before, site, saveTopology);
  let written = topology === before.topology;
  return [
    ...(written ? [] : [earlierFinishedStep(before, site)]),
    ...ours.map((name) => ({
      title: `start the chaincode server ${version} of ${name} beside the one that runs`,
      isDone: () => isServerRunning(site, name),
      run: () => startBeside(site, name),
    })),
    ...ours.map((name) => installPackageStep(site, name)),
    {
      title: `write down version ${version}`,
      isDone: () => Promise.resolve(written),
      run: async () => {
        await saveTopology(topology);
        await prepareConsortium(topology, site.plan, site.dataDir);
        written = true;
      },
    },
    ...names.map((name) => approveStep(site, name)),
    commitStep(site),
    endorsableStep(site, ours),
    ...ours.map((name) => ({
      title: `end the chaincode server of ${name} that is no longer asked`,
      isDone: () => isSwitched(site, name),
      run: () => endOldServer(site, name),
    })),
    finish,
  ];
}

/** One server for all, and one ledger: both are started again, and the ledger has every organisation approve and commits. */
function embeddedSteps(before: Site, site: Site, saveTopology: UpgradeOptions['saveTopology']): Step[] {
  const { topology } = site;
  const { version } = topology.chaincode;
  let written = topology === before.topology;
  return [
    {
      title: `write down version ${version}`,
      isDone: () => Promise.resolve(written),
      run: async () => {
        await saveTopology(topology);
        written = true;
      },
    },
    {
      ...commitStep(site),
      title: `restart the chaincode server and the embedded ledger with ${version}`,
      run: () => restartLedger(site),
    },
    endorsableStep(
      site,
      topology.organisations.map(({ name }) => name),
    ),
  ];
}

/** An upgrade that was interrupted holds both ports. */
function earlierFinishedStep(present: Site, next: Site): Step {
  const { version } = present.topology.chaincode;
  const names = present.topology.organisations
    .map(({ name }) => name)
    .filter((name) => isAdministered(present, name));
  return {
    title: `see that version ${version} is all that runs`,
    isDone: async () =>
      (await Promise.all(names.map((name) => isFreeFor(present, next, name)))).every(Boolean),
    run: () =>
      Promise.reject(
        new OperationError(
          `version ${version} is not (or not alone) what runs: bring the consortium up, or go on with that upgrade first (chaincode upgrade --version ${version})`,
        ),
      ),
  };
}
