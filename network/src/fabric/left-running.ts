import { readdir } from 'node:fs/promises';
import { dataLayout } from '../identities/index.js';
import { findProcess } from './managed-process.js';

/** In the order in which they are ended: nothing is cut off half done. */
const KINDS = ['chaincode', 'peer', 'orderer'] as const;

const RECORD = new RegExp(`^((${KINDS.join('|')})-.+)\\.pid$`);

/** A process of a consortium's Fabric that runs, whoever started it. */
export interface RunningFabricProcess {
  /** Such as `peer-riverside`. */
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  stop(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/** What runs of a consortium's Fabric on this machine, by the records in its data folder. */
export async function runningFabricProcesses(dataDir: string): Promise<readonly RunningFabricProcess[]> {
  const { run: runFolder, logs: logFolder } = dataLayout(dataDir);
  const found = await Promise.all(
    (await recordsIn(runFolder)).map(async (file) => {
      const [name, kind] = RECORD.exec(file)?.slice(1) ?? [];
      if (name === undefined) return undefined;
      const running = await findProcess({ name, runFolder, logFolder });
      return (
        running && {
          name,
          kind: kind as RunningFabricProcess['kind'],
          stop: () => running.stop(),
          signal: (signal: NodeJS.Signals) => {
            running.signal(signal);
          },
        }
      );
    }),
  );
  return found.filter((each) => each !== undefined);
}

async function recordsIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Ends chaincode first, then peers, then orderers. */
export async function endInOrder(processes: readonly RunningFabricProcess[]): Promise<void> {
  for (const kind of KINDS) {
    await Promise.all(processes.filter((each) => each.kind === kind).map((each) => each.stop()));
  }
}
