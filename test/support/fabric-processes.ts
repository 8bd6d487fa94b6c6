import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Process ids of the peers, orderers and chaincode servers that are on record in a data folder, by name. */
export async function fabricProcesses(dataDir: string): Promise<Record<string, number>> {
  const run = join(dataDir, 'run');
  const files = (await readdir(run).catch(() => [])).filter((file) => file.endsWith('.pid'));
  const processes = await Promise.all(
    files.map(async (file): Promise<[string, number][]> => {
      // One that ends just now takes its record with it.
      const text = await readFile(join(run, file), 'utf8').catch(() => undefined);
      return text === undefined
        ? []
        : [[file.slice(0, -'.pid'.length), (JSON.parse(text) as { pid: number }).pid]];
    }),
  );
  return Object.fromEntries(processes.flat().sort(([one], [other]) => (one < other ? -1 : 1)));
}
