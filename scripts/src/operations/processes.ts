import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isKeptElsewhere,
  memberLayout,
  servicesLayout,
  type EmbeddedProcesses,
  type GatewayControl,
  type Step,
} from '@consent-ledger/network';
import { existingConsortium } from '../consortium/consortium.js';
import { heldProcesses, hold, release, releaseAll } from '../consortium/held.js';
import { issuerConfigFile } from '../consortium/issuer-setup.js';
import { needsIssuer } from '../consortium/processes.js';
import { ledgerConfigFile, lockFile, stateFile } from '../consortium/paths.js';
import { lockHolder } from '../supervisor/lock.js';
import { isRunning, signal } from '../supervisor/process-identity.js';
import { readState, type ProcessState } from '../supervisor/state-file.js';
import { UserError } from '../user-error.js';

const PATIENCE_MS = 180_000;
const LOOK_EVERY_MS = 100;

/** What the supervisor of a data folder runs, seen and steered from another process. */
export interface SupervisedProcesses {
  /** What the embedded ledger needs to be let know, and how it is started again. */
  readonly embedded: EmbeddedProcesses;
  /** Has the supervisor run what the data folder says by now. Nothing when there is no supervisor. */
  renew(): Promise<void>;
  gateway(member: string): GatewayControl;
  /** Ends a process so that the supervisor starts it again, and waits until it is ready. Nothing when it does not run. */
  restart(name: string, with_?: NodeJS.Signals): Promise<void>;
  /** Whether it runs and was started after these files were changed last; true as well when nothing is supervised. */
  isCurrent(name: string, files: readonly string[]): Promise<boolean>;
}

export function supervisedProcesses(dataDir: string): SupervisedProcesses {
  const stateOf = async (name: string): Promise<ProcessState | undefined> => {
    const found = (await readState(stateFile(dataDir)))?.processes.find((each) => each.name === name);
    return found?.identity !== undefined && (await isRunning(found.identity)) ? found : undefined;
  };
  const isReady = async (name: string): Promise<boolean> => (await stateOf(name))?.status === 'ready';
  const supervisor = (): ReturnType<typeof lockHolder> => lockHolder(lockFile(dataDir));
  const renew = async (): Promise<void> => {
    const found = await supervisor();
    if (found) await signal(found, 'SIGUSR2');
  };
  const restart = async (name: string, how: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const before = await stateOf(name);
    if (before?.identity === undefined) return;
    await signal(before.identity, how);
    await until(`${name} to be ready again`, async () => {
      const now = await stateOf(name);
      return now?.status === 'ready' && now.identity?.pid !== before.identity?.pid;
    });
  };
  const isCurrent = async (name: string, files: readonly string[]): Promise<boolean> => {
    if ((await supervisor()) === undefined) return true;
    const found = await stateOf(name);
    if (found?.status !== 'ready') return false;
    const changed = await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs));
    return Date.parse(found.since) > Math.max(...changed);
  };
  return {
    renew,
    restart,
    isCurrent,
    embedded: {
      reconfigure: async () => {
        await renew();
        if (!(await isCurrent('chaincode', [servicesLayout(dataDir).chaincode.clientCas]))) {
          await restart('chaincode');
        }
        const ledger = await stateOf('ledger');
        if (ledger?.identity !== undefined) await signal(ledger.identity, 'SIGHUP');
      },
      restartLedger: async () => {
        await renew();
        await restart('ledger');
      },
      ledgerStartedAt: async () => {
        const ledger = await stateOf('ledger');
        return ledger === undefined ? undefined : new Date(ledger.since);
      },
    },
    gateway: (member) => {
      const name = `gateway-${member}`;
      return {
        isRunning: async () => (await supervisor()) === undefined || (await isReady(name)),
        stop: async () => {
          await hold(dataDir, name);
          await renew();
          await until(`${name} to end`, async () => (await stateOf(name)) === undefined);
        },
        start: async () => {
          await release(dataDir, name);
          await renew();
          await until(`${name} to be ready`, () => isReady(name));
        },
      };
    },
  };
}

/**
 * Gateways read who is a member when they are started. One after the other is started again, so that each member's users
 * wait for a second, and no more than one member's at a time.
 *
 * @param except the gateway of somebody who is not ready for it yet
 */
export function renewGatewaysStep(dataDir: string, supervised: SupervisedProcesses, except?: string): Step {
  const processes = async (): Promise<{ readonly name: string; readonly files: readonly string[] }[]> => {
    const { topology } = await existingConsortium(dataDir);
    const here: string[] = [];
    for (const { name } of topology.organisations) {
      if (!(await isKeptElsewhere(dataDir, name))) here.push(name);
    }
    return [
      ...(needsIssuer(topology, here) ? [{ name: 'issuer', files: [issuerConfigFile(dataDir)] }] : []),
      ...here
        .filter((name) => name !== except)
        .map((name) => ({ name: `gateway-${name}`, files: [memberLayout(dataDir, name).configuration] })),
    ];
  };
  return {
    title: 'have the gateways run by what is written down now, one after the other',
    isDone: async () => {
      for (const { name, files } of await processes()) {
        if (!(await supervised.isCurrent(name, files))) return false;
      }
      return true;
    },
    run: async () => {
      await supervised.renew();
      for (const { name, files } of await processes()) {
        if (!(await supervised.isCurrent(name, files))) await supervised.restart(name);
      }
    },
    settleMs: PATIENCE_MS,
  };
}

/** The last step of whatever changes what the consortium is: every gateway runs, and the supervisor knows what it runs. */
export function everythingRunsStep(dataDir: string, supervised: SupervisedProcesses): Step {
  const gateways = renewGatewaysStep(dataDir, supervised);
  const ledger = renewLedgerStep(supervised, [ledgerConfigFile(dataDir)]);
  // The embedded ledger has been told of each change as it was made.
  const isFabric = async (): Promise<boolean> => (await existingConsortium(dataDir)).ledger === 'fabric';
  return {
    title: 'have the supervisor run all of it',
    isDone: async () =>
      (await heldProcesses(dataDir)).length === 0 &&
      (await gateways.isDone()) &&
      (!(await isFabric()) || (await ledger.isDone())),
    run: async () => {
      await releaseAll(dataDir);
      await gateways.run();
      if (await isFabric()) await ledger.run();
    },
    settleMs: PATIENCE_MS,
  };
}

/** Whoever starts crashed chaincode servers again knows them by what these files said when it was started. */
export function renewLedgerStep(supervised: SupervisedProcesses, files: readonly string[]): Step {
  return {
    title: 'have the supervisor of peers, orderers and chaincode servers know it',
    isDone: () => supervised.isCurrent('ledger', files),
    run: () => renewLedger(supervised, files),
    settleMs: PATIENCE_MS,
  };
}

/** It leaves what it has started running, and the next one finds it. */
async function renewLedger(supervised: SupervisedProcesses, files: readonly string[]): Promise<void> {
  if (!(await supervised.isCurrent('ledger', files))) await supervised.restart('ledger', 'SIGHUP');
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isSo())) {
    if (Date.now() > deadline)
      throw new UserError(`Gave up waiting for ${what}: \`consent-ledger status\` shows what runs.`);
    await sleep(LOOK_EVERY_MS);
  }
}
