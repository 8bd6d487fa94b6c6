import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  consortiumChaincode,
  consortiumChaincodeProcess,
  dataLayout,
  startFabric,
  type PortPlan,
  type PreparedConsortium,
  type RunningFabric,
  type Topology,
} from '@consent-ledger/network';
import { embeddedLedgerConfiguration } from '@consent-ledger/network/embedded/configure';
import { fileURLToPath } from 'node:url';
import { startProcess, type RunningProcess } from './processes.js';

/** The ledger and its chaincode under four gateways, whichever it is. */
export interface LedgerOfTest {
  /** Ends it at once, all of it but chaincode; what it acknowledged is on disk. */
  kill(): Promise<unknown>;
  /** Starts it again; resolves when it serves. */
  start(): Promise<void>;
  stop(): Promise<unknown>;
  /** All that ledger and chaincode have written so far. */
  logs(): string;
  /** Its single processes; undefined on the embedded ledger. */
  readonly fabric: RunningFabric | undefined;
}

export interface LedgerInput {
  /** Its ordering says which ledger it is. */
  readonly topology: Topology;
  readonly plan: PortPlan;
  readonly directory: string;
  readonly prepared: PreparedConsortium;
}

/** A test that wants them may have them. */
const SHORT_EPOCHS = { CONSENT_LEDGER_MIN_EPOCH_SECONDS: '0' };

export function startLedger(input: LedgerInput): Promise<LedgerOfTest> {
  return input.topology.ordering.type === 'embedded' ? startEmbedded(input) : startOnFabric(input);
}

async function startEmbedded({ topology, plan, directory, prepared }: LedgerInput): Promise<LedgerOfTest> {
  const [server] = prepared.chaincodeServers;
  const chaincode = await startProcess({
    module: '@consent-ledger/chaincode/server',
    env: { ...server?.environment, ...SHORT_EPOCHS },
    ready: /chaincode-ready/,
  });
  const file = join(directory, 'ledger.json');
  writeFileSync(file, JSON.stringify(embeddedLedgerConfiguration(topology, plan, directory, prepared)));
  const start = (): Promise<RunningProcess> =>
    startProcess({
      module: '@consent-ledger/network/embedded/main',
      args: [file],
      ready: /"event":"ready"/,
    });
  try {
    let ledger = await start();
    return {
      fabric: undefined,
      kill: () => ledger.stop('SIGKILL'),
      start: async () => {
        ledger = await start();
      },
      stop: async () => {
        await ledger.stop();
        await chaincode.stop();
      },
      logs: () => [...chaincode.lines, ...ledger.lines].join('\n'),
    };
  } catch (error) {
    await chaincode.stop();
    throw error;
  }
}

async function startOnFabric({ topology, plan, directory, prepared }: LedgerInput): Promise<LedgerOfTest> {
  const script = fileURLToPath(import.meta.resolve('@consent-ledger/chaincode/server'));
  const fabric = await startFabric({
    topology,
    plan,
    dataDir: directory,
    prepared,
    chaincodes: [consortiumChaincode(topology, prepared)],
    chaincodeProcess: (organisation) => {
      const made = consortiumChaincodeProcess(prepared, organisation, script);
      return { ...made, env: { ...made.env, ...SHORT_EPOCHS } };
    },
  });
  const nodes = fabric.processes.filter(({ name }) => !name.startsWith('chaincode-'));
  return {
    fabric,
    kill: () => Promise.all(nodes.map(({ control }) => control.kill())),
    start: async () => {
      await Promise.all(nodes.map(({ control }) => control.start()));
    },
    stop: () => fabric.stop(),
    logs: () => {
      const { logs } = dataLayout(directory);
      return readdirSync(logs)
        .map((name) => readFileSync(join(logs, name), 'utf8'))
        .join('\n');
    },
  };
}
