import { mkdirSync } from 'node:fs';
import {
  dataLayout,
  FabricHomeError,
  findFabricHome,
  isKeptElsewhere,
  fabricListeners,
  runningFabricProcesses,
  portsOf,
  type PreparedConsortium,
} from '@consent-ledger/network';
import type { ProcessIdentity } from '../supervisor/process-identity.js';
import { identify } from '../supervisor/process-identity.js';
import { endAll, leftovers } from '../supervisor/leftovers.js';
import { takeLock } from '../supervisor/lock.js';
import { readState, removeState } from '../supervisor/state-file.js';
import { supervise, type Supervisor } from '../supervisor/supervisor.js';
import type { Terminal } from '../terminal/terminal.js';
import { existingConsortium, type Consortium } from './consortium.js';
import { heldProcesses, releaseAll } from './held.js';
import { lockFile, stateFile } from './paths.js';
import { requireFreePorts, type Listener } from './ports-free.js';
import { prepareFolder } from './prepare.js';
import { needsIssuer, processesOf } from './processes.js';
import { badInput } from '../user-error.js';
import { asUserError, claimFolder } from './record.js';

/** The consortium runs: under another supervisor, or under us until `stop`. */
export type Running = { readonly supervisor: ProcessIdentity } | { readonly stop: () => Promise<void> };

/**
 * Brings a consortium up, or finds that it is. Everything that was started is ended again when a part cannot start
 * or the signal aborts.
 * @param gatewayFlags Node's flags for the gateways, where it shall not be those for four on one small machine
 */
export async function bringUp(
  consortium: Consortium,
  terminal: Terminal,
  signal: AbortSignal,
  gatewayFlags?: readonly string[],
): Promise<Running> {
  const { dataDir } = consortium;
  await claim(consortium);
  const { run, logs } = dataLayout(dataDir);
  try {
    for (const folder of [run, logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw asUserError(error, dataDir);
  }

  const lock = await takeLock(lockFile(dataDir));
  if ('holder' in lock) return { supervisor: lock.holder };
  try {
    await endLeftovers(consortium, terminal);
    await requireFreePorts(await listenersOf(consortium));
    const prepared = await terminal.task('Identities, genesis block and configurations', () =>
      prepareFolder(consortium),
    );
    signal.throwIfAborted();
    const stopProcesses = await startProcesses(consortium, prepared, terminal, signal, gatewayFlags);
    return {
      stop: async () => {
        await stopProcesses();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw asUserError(error, dataDir);
  }
}

/**
 * Takes the data folder for the consortium. Before that, so that it is not taken in vain, looks for what will be run.
 * Throws a UserError.
 */
export async function claim({ dataDir, ledger, topology, plan }: Consortium): Promise<void> {
  if (ledger === 'fabric') {
    try {
      await findFabricHome();
    } catch (error) {
      if (error instanceof FabricHomeError) throw badInput(error.message, { cause: error });
      throw error;
    }
  }
  await claimFolder(dataDir, { ledger, topology, portBase: plan.portBase });
}

async function endLeftovers({ dataDir }: Consortium, terminal: Terminal): Promise<void> {
  const state = await readState(stateFile(dataDir));
  if (!state) return;
  const left = await leftovers(state);
  if (left.length > 0) {
    await terminal.task(`Ending ${left.length} processes of a supervisor that is gone`, () => endAll(left));
  }
  removeState(stateFile(dataDir));
}

async function startProcesses(
  consortium: Consortium,
  prepared: PreparedConsortium,
  terminal: Terminal,
  signal: AbortSignal,
  gatewayFlags: readonly string[] | undefined,
): Promise<() => Promise<void>> {
  const identity = await identify(process.pid);
  if (!identity) throw new Error('this process cannot find itself in the process table');
  const started = Date.now();
  const supervisor = supervise({
    groups: processesOf(consortium, prepared, gatewayFlags),
    stateFile: stateFile(consortium.dataDir),
    identity,
    portBase: consortium.plan.portBase,
    say: terminal.say,
    onReady: (name) => {
      terminal.say(`  ${name} ready after ${((Date.now() - started) / 1_000).toFixed(1)} s`);
    },
  });
  const stopEarly = (): void => void supervisor.stop();
  signal.addEventListener('abort', stopEarly, { once: true });
  await releaseAll(consortium.dataDir);
  try {
    await supervisor.start();
    signal.throwIfAborted();
  } catch (error) {
    await supervisor.stop();
    throw error;
  } finally {
    signal.removeEventListener('abort', stopEarly);
  }
  const renewing = renewWhenAsked(consortium.dataDir, supervisor, terminal);
  return async () => {
    renewing.release();
    await supervisor.stop();
  };
}

/**
 * On SIGUSR2 runs what the data folder says by then: operations change who is a member, and need a process stopped for a
 * while. A folder that makes no sense changes nothing.
 */
function renewWhenAsked(
  dataDir: string,
  supervisor: Supervisor,
  terminal: Terminal,
): { readonly release: () => void } {
  const renew = async (): Promise<void> => {
    const consortium = await existingConsortium(dataDir);
    const prepared = await prepareFolder(consortium);
    const held = await heldProcesses(dataDir);
    const groups = processesOf(consortium, prepared);
    await supervisor.renew(groups.map((group) => group.filter(({ name }) => !held.includes(name))));
  };
  const onSignal = (): void => {
    renew().catch((error: unknown) => {
      terminal.say(`What runs stays as it is: ${error instanceof Error ? error.message : String(error)}`);
    });
  };
  process.on('SIGUSR2', onSignal);
  return { release: () => process.off('SIGUSR2', onSignal) };
}

/** What must be free. Fabric's own processes may run already: its supervisor takes them as they are. */
async function listenersOf({ dataDir, ledger, topology, plan }: Consortium): Promise<Listener[]> {
  const loopback = '127.0.0.1';
  const elsewhere = await Promise.all(
    topology.organisations.map(async ({ name }) => ((await isKeptElsewhere(dataDir, name)) ? [name] : [])),
  ).then((names) => names.flat());
  const here = topology.organisations.filter(({ name }) => !elsewhere.includes(name));
  const gateways = here.map(({ name, listen }) => ({
    host: listen,
    port: portsOf(plan, name).gateway,
    use: `${name} gateway`,
  }));
  const isNeeded = needsIssuer(
    topology,
    here.map(({ name }) => name),
  );
  const issuer = isNeeded ? [{ host: loopback, port: plan.issuer, use: 'token issuer' }] : [];
  if (ledger === 'fabric') {
    const running = new Set((await runningFabricProcesses(dataDir)).map(({ name }) => name));
    const nodes = fabricListeners(topology, plan).filter(
      ({ process }) => !running.has(process) && !elsewhere.some((name) => process.endsWith(`-${name}`)),
    );
    return [...issuer, ...gateways, ...nodes];
  }
  return [
    ...issuer,
    { host: loopback, port: plan.sharedChaincode, use: 'chaincode' },
    ...gateways,
    ...topology.organisations.map(({ name, listen }) => ({
      host: listen,
      port: portsOf(plan, name).peer,
      use: `${name} peer`,
    })),
  ];
}
