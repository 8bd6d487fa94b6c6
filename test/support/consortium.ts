import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { readState, type SupervisorState } from '@consent-ledger/scripts';
import type { LedgerKind } from './any-ledger.js';
import { runCli, startCli, type CliResult, type CliRun } from './cli.js';
import { freePorts } from './free-ports.js';

const DEMO_TOPOLOGY = fileURLToPath(new URL('../../../network/topologies/demo.yaml', import.meta.url));
const PORTS = 60;

/** A consortium of the demo topology, driven by the command line as a user would. */
export interface TestConsortium {
  readonly dataDir: string;
  readonly portBase: number;
  /** Brings it up, detached; throws with all that was said when that fails. */
  up(): Promise<void>;
  /** Any verb on this consortium. */
  run(verb: string, ...args: readonly string[]): Promise<CliResult>;
  start(verb: string, ...args: readonly string[]): CliRun;
  /** A verb on another data folder. */
  elsewhere(dataDir: string, verb: string, ...args: readonly string[]): Promise<CliResult>;
  /** What its supervisor last wrote; throws when it wrote nothing. */
  state(): Promise<SupervisorState>;
  /** Process id by name, such as `gateway-riverside`. */
  pidOf(name: string): Promise<number>;
  /** Waits until `status` is content. */
  well(): Promise<void>;
  logs(): Promise<string>;
}

export async function testConsortium(
  folder: string,
  name: string,
  ledger: LedgerKind = 'embedded',
): Promise<TestConsortium> {
  const dataDir = join(folder, name);
  const portBase = await freePorts(PORTS);
  const args = ['--data-dir', dataDir];
  const run = (verb: string, ...more: readonly string[]): Promise<CliResult> =>
    runCli([verb, ...more, ...args], folder);
  const state = async (): Promise<SupervisorState> => {
    const found = await readState(join(dataDir, 'run', 'state.json'));
    if (!found) throw new Error('the consortium has no state');
    return found;
  };
  const logs = (): Promise<string> => readFile(join(dataDir, 'logs', 'supervisor.log'), 'utf8');

  return {
    dataDir,
    portBase,
    run,
    state,
    logs,
    elsewhere: (other, verb, ...more) => runCli([verb, ...more, '--data-dir', other], folder),
    start: (verb, ...more) => startCli([verb, ...more, ...args], folder),
    up: async () => {
      const kind = await topologyOptions(folder, ledger);
      const { code, stderr } = await run('up', '--detach', '--port-base', String(portBase), ...kind);
      if (code !== 0) throw new Error(`up ended with ${code ?? 'a signal'}:\n${stderr}\n${await logs()}`);
    },
    pidOf: async (process) => {
      const found = (await state()).processes.find((one) => one.name === process)?.identity?.pid;
      if (found === undefined) throw new Error(`no process ${process}`);
      return found;
    },
    well: async () => {
      const deadline = Date.now() + 60_000;
      for (;;) {
        const { code, stdout } = await run('status');
        if (code === 0) return;
        if (Date.now() > deadline) throw new Error(`it does not recover:\n${stdout}\n${await logs()}`);
        await sleep(250);
      }
    },
  };
}

/** The demo's topology, ordered as the ledger under test is. */
async function topologyOptions(folder: string, ledger: LedgerKind): Promise<readonly string[]> {
  if (ledger === 'embedded') return [];
  const file = join(folder, `${ledger}.yaml`);
  const demo = await readFile(DEMO_TOPOLOGY, 'utf8');
  await writeFile(file, demo.replace('type: embedded', `type: ${ledger}`));
  return ['--ledger', 'fabric', '--topology', file];
}
