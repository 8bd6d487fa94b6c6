import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { exists } from '../../identities/folders.js';
import { dataLayout, organisationLayout } from '../../identities/index.js';
import { copyFolder } from '../backup/copy.js';
import { OperationError } from '../processes.js';
import type { Site } from '../site.js';

/**
 * Makes a data folder for one member: what everybody may know of all, and the keys of that member alone. From then on the
 * member's own machine runs its part, and nobody else's.
 *
 * @param name undefined for a newcomer, who is to know the channel and makes its keys itself
 * @param to folder that is made; must not exist
 * @throws OperationError
 */
export async function makeMemberFolder(site: Site, name: string | undefined, to: string): Promise<void> {
  const target = path.resolve(to);
  if (await exists(target)) throw new OperationError(`${target} is there already: choose another name`);
  if (name !== undefined && !(await exists(organisationLayout(site.dataDir, name).admin.identity.key))) {
    throw new OperationError(`the keys of ${name} are not in ${site.dataDir}`);
  }
  const { root, organisations, channel, record } = dataLayout(site.dataDir);
  const growing = `${target}.unfinished`;
  await rm(growing, { recursive: true, force: true });
  await mkdir(growing, { recursive: true, mode: 0o700 });
  for (const folder of [organisations, channel]) {
    const part = path.relative(root, folder);
    await copyFolder(folder, path.join(growing, part), (file) => {
      const place = path.posix.join(part, file);
      return !(isOf(place, name) || isPublic(place));
    });
  }
  await copyFile(record, path.join(growing, path.basename(record)));
  await rename(growing, target);
}

function isOf(place: string, name: string | undefined): boolean {
  return name !== undefined && place.startsWith(`organizations/${name}/`);
}

/** By a list of what is, so that what is added later is secret until somebody says otherwise. */
function isPublic(place: string): boolean {
  return (
    place === 'channel/genesis.block' ||
    /^organizations\/[^/]+\/(?:(?:tls)?ca\/ca\.crt|msp\/.*|orderers\/orderer0\/(?:msp\/signcerts\/cert\.pem|tls\/server\.crt))$/.test(
      place,
    )
  );
}
