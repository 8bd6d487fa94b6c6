import { copyFile, mkdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { ledgerId } from '../../channel/index.js';
import { findProcess, holdProcess } from '../../fabric/managed-process.js';
import { peerProcess } from '../../fabric/peer-process.js';
import { exists } from '../../identities/folders.js';
import { dataLayout } from '../../identities/index.js';
import { organisationNamed } from '../../topology/index.js';
import { isEmbedded } from '../embedded-steps.js';
import { peerEndpoints, viewOf } from '../ledger/channel-view.js';
import { OperationError, startPeer } from '../processes.js';
import { nodeOf, signatoryOf, type Site } from '../site.js';
import { backupParts, partFolder, type BackupPart } from './contents.js';
import { copyFolder, copyLiveFolder } from './copy.js';
import { inventory, writeManifest, type Manifest } from './manifest.js';

export interface BackupOptions {
  readonly organisation: string;
  /** The folder that the backup is to be; must not exist. */
  readonly to: string;
  /** Private keys too: whoever has such a backup is the organisation. */
  readonly withKeys: boolean;
  readonly now?: Date;
}

export interface BackupReport {
  readonly manifest: Manifest;
  /** How long the peer was stopped; absent when it did not run. */
  readonly peerStoppedMs?: number;
}

/**
 * Copies one organisation while the others, and its own gateway, go on; its peer is stopped for as long as copying its
 * files takes. The gateway's part is copied first, so that what it has followed is never ahead of its peer.
 * Written under another name until it is complete.
 */
export async function makeBackup(site: Site, options: BackupOptions): Promise<BackupReport> {
  const { organisation: name, withKeys, now = new Date() } = options;
  const organisation = organisationNamed(site.topology, name);
  const target = path.resolve(options.to);
  if (await exists(target)) throw new OperationError(`${target} is there already: choose another name`);
  await mkdir(path.dirname(target), { recursive: true });
  const growing = `${target}.unfinished`;
  await rm(growing, { recursive: true, force: true });
  await mkdir(growing, { mode: 0o700 });

  const leaveOut = (part: BackupPart) => (relative: string) =>
    part.isPassing(relative) || (!withKeys && part.isSecret(relative));
  const parts = backupParts(site, name);
  const height = await heightOf(site, name);
  for (const part of parts.filter((each) => each.name !== 'peer')) {
    const copy = part.name === 'gateway' ? copyLiveFolder : copyFolder;
    await copy(part.folder, partFolder(growing, part), leaveOut(part));
  }
  const { record } = dataLayout(site.dataDir);
  if (await exists(record)) await copyFile(record, path.join(growing, path.basename(record)));
  const peerPart = parts.find((part) => part.name === 'peer');
  const peerStoppedMs =
    peerPart &&
    (await whileStopped(site, name, () =>
      copyFolder(peerPart.folder, partFolder(growing, peerPart), leaveOut(peerPart)),
    ));

  const manifest: Manifest = {
    version: 1,
    madeAt: now.toISOString(),
    organisation: name,
    mspId: organisation.mspId,
    channel: site.topology.channel,
    ledgerId: ledgerId(await readFile(dataLayout(site.dataDir).genesisBlock)),
    fabric: isEmbedded(site) ? 'embedded' : (await site.home()).version,
    height,
    keys: withKeys,
    files: await inventory(growing),
  };
  await writeManifest(growing, manifest);
  await rename(growing, target);
  return { manifest, ...(peerStoppedMs === undefined ? {} : { peerStoppedMs }) };
}

/** Number of blocks of the organisation's peer; 0 when it does not run. */
async function heightOf(site: Site, name: string): Promise<number> {
  const own = (await peerEndpoints(site)).filter((endpoint) => endpoint.name === `peer of ${name}`);
  const view = viewOf('peers', site, own, await signatoryOf(site, organisationNamed(site.topology, name)));
  try {
    return [...(await view.heights()).values()][0] ?? 0;
  } finally {
    view.close();
  }
}

/** Does the work while the peer is stopped, and starts it again whatever comes of it. */
async function whileStopped(
  site: Site,
  name: string,
  work: () => Promise<void>,
): Promise<number | undefined> {
  const node = await nodeOf(site, name);
  const spec = peerProcess(node);
  const running = await findProcess(spec);
  if (running === undefined) {
    await refuseForeignPeer(node.ports.peerOperations, name);
    await work();
    return undefined;
  }
  const started = performance.now();
  const release = await holdProcess(spec);
  try {
    await running.stop();
    await work();
  } finally {
    await startPeer(node, site.signal);
    await release();
  }
  return performance.now() - started;
}

/** Files that a running peer is writing are no backup. */
async function refuseForeignPeer(operationsPort: number, name: string): Promise<void> {
  const answers = await fetch(`http://127.0.0.1:${operationsPort}/healthz`, {
    signal: AbortSignal.timeout(2_000),
  }).then(
    () => true,
    () => false,
  );
  if (answers) {
    throw new OperationError(
      `the peer of ${name} runs, but was not started from this data folder: stop it by whatever runs it, then give this command again`,
    );
  }
}
