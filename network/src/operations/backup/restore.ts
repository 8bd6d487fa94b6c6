import { readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { ledgerId } from '../../channel/index.js';
import { findProcess, holdProcess, type ManagedProcess } from '../../fabric/managed-process.js';
import { peerProcess } from '../../fabric/peer-process.js';
import { exists, replaceFile } from '../../identities/folders.js';
import { dataLayout, loadOrganisation, memberLayout } from '../../identities/index.js';
import { organisationNamed } from '../../topology/index.js';
import { endorsableStep, installPackageStep } from '../chaincode/definition-steps.js';
import { joinOrdererStep } from '../members/join-steps.js';
import { peerCatchingUp } from '../ledger/channel-view.js';
import { OperationError, startPeer } from '../processes.js';
import { nodeOf, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { backupParts, partFolder, type BackupPart } from './contents.js';
import { copyFolder } from './copy.js';
import { manifestDigest, readManifest, verifyBackup, type Manifest } from './manifest.js';

/** An organisation's gateway, however it is run. */
export interface GatewayControl {
  stop(): Promise<void>;
  start(): Promise<void>;
  isRunning(): Promise<boolean>;
}

export interface RestoreOptions {
  readonly organisation: string;
  /** Folder of the backup. */
  readonly from: string;
  readonly gateway: GatewayControl;
}

/**
 * Puts an organisation's backup in the place of what is there, which is kept aside, and lets the peer fetch from the
 * others what has happened since. The backup is verified first, every byte of it.
 *
 * @throws OperationError for a backup that is damaged, of another ledger or organisation, or lacks keys that are not here
 */
export async function restoreSteps(site: Site, options: RestoreOptions): Promise<Step[]> {
  const { organisation: name, gateway } = options;
  const from = path.resolve(options.from);
  const manifest = await readManifest(from);
  await verifyBackup(from, manifest);
  await refuseOther(site, name, manifest);
  const restored = path.join(memberLayout(site.dataDir, name).directory, 'restoring.json');
  const digest = manifestDigest(manifest);
  const isPutInPlace = async (): Promise<boolean> =>
    (await exists(restored)) && (await readFile(restored, 'utf8')) === digest;
  const parts = backupParts(site, name).filter((part) => part.name === 'peer' || part.name === 'gateway');
  const hasPeer = parts.some((part) => part.name === 'peer');
  const peer = async (): Promise<ManagedProcess | undefined> =>
    hasPeer ? findProcess(peerProcess(await nodeOf(site, name))) : undefined;
  let release = (): Promise<void> => Promise.resolve();
  const incoming = (part: BackupPart): string => `${part.folder}.restoring`;

  return [
    ...identitySteps(site, name, from, manifest),
    ...parts.map((part) => ({
      title: `copy the ${part.name}'s files of ${name} out of the backup of ${manifest.madeAt}`,
      isDone: async () => (await isPutInPlace()) || (await exists(incoming(part))),
      run: async () => {
        const growing = `${incoming(part)}.unfinished`;
        await rm(growing, { recursive: true, force: true });
        await copyFolder(partFolder(from, part), growing);
        if (part.name === 'gateway' && !manifest.keys) await keepKeys(part, growing);
        await rename(growing, incoming(part));
      },
    })),
    {
      title: `stop the gateway ${hasPeer ? 'and the peer ' : ''}of ${name}`,
      isDone: async () =>
        (await isPutInPlace()) || (!(await gateway.isRunning()) && (await peer()) === undefined),
      run: async () => {
        await gateway.stop();
        if (!hasPeer) return;
        release = await holdProcess(peerProcess(await nodeOf(site, name)));
        await (await peer())?.stop();
      },
    },
    {
      title: `put them in the place of what is there, which is kept beside as *.replaced-<time>`,
      isDone: isPutInPlace,
      run: async () => {
        for (const part of parts) await swap(part.folder, incoming(part));
        await replaceFile(restored, digest);
      },
    },
    ...(hasPeer ? peerSteps(site, name, () => release()) : []),
    endorsableStep(site, [name]),
    {
      title: `start the gateway of ${name}`,
      isDone: () => gateway.isRunning(),
      run: () => gateway.start(),
    },
    {
      title: 'close the restoration',
      isDone: async () => !(await exists(restored)),
      run: () => rm(restored, { force: true }),
    },
  ];
}

function peerSteps(site: Site, name: string, release: () => Promise<void>): Step[] {
  return [
    {
      title: `start the peer of ${name}`,
      isDone: async () => (await findProcess(peerProcess(await nodeOf(site, name))))?.isRunning() === true,
      run: async () => {
        await startPeer(await nodeOf(site, name), site.signal);
        await release();
      },
    },
    installPackageStep(site, name),
    joinOrdererStep(site, name),
    {
      title: `see the peer of ${name} catch up with the others`,
      isDone: peerCatchingUp(site, name),
      run: () => Promise.resolve(),
      settleMs: 600_000,
    },
  ];
}

/** Where the organisation's keys are not on this machine any more, they come out of the backup. */
function identitySteps(site: Site, name: string, from: string, manifest: Manifest): Step[] {
  const part = backupParts(site, name).find((each) => each.name === 'organization');
  if (part === undefined || !manifest.keys) return [];
  return [
    {
      title: `take the keys and certificates of ${name} out of the backup, unless they are here`,
      isDone: () => exists(part.folder),
      run: async () => {
        const growing = `${part.folder}.unfinished`;
        await rm(growing, { recursive: true, force: true });
        await copyFolder(partFolder(from, part), growing);
        await rename(growing, part.folder);
      },
    },
  ];
}

async function refuseOther(site: Site, name: string, manifest: Manifest): Promise<void> {
  const { mspId, keyStore } = organisationNamed(site.topology, name);
  if (manifest.organisation !== name || manifest.mspId !== mspId) {
    throw new OperationError(`the backup is of ${manifest.organisation} (${manifest.mspId}), not of ${name}`);
  }
  const here = ledgerId(await readFile(dataLayout(site.dataDir).genesisBlock));
  if (manifest.ledgerId !== here) {
    throw new OperationError(`the backup is of another ledger (${manifest.ledgerId}); this one is ${here}`);
  }
  if (manifest.keys) return;
  await loadOrganisation(site.dataDir, { name, mspId });
  const master = path.join(memberLayout(site.dataDir, name).data, 'keys', 'master.key');
  // In a device it is not lost with the machine's files.
  const needsMaster =
    keyStore === undefined && manifest.files.some((each) => each.path === 'gateway/keys/vault.db');
  if (needsMaster && !(await exists(master))) {
    throw new OperationError(
      `the backup holds no keys, and ${master} is not here: put it there from where it is kept, or the records cannot be opened`,
    );
  }
}

/** A backup without keys leaves those that are here in use. */
async function keepKeys(part: BackupPart, growing: string): Promise<void> {
  await copyFolder(part.folder, growing, (relative) => !part.isSecret(relative));
}

async function swap(folder: string, incoming: string): Promise<void> {
  if (!(await exists(incoming))) return; // done before an interruption
  if (await exists(folder)) {
    await rename(folder, `${folder}.replaced-${new Date().toISOString().replaceAll(/[:.]/g, '')}`);
  }
  await rename(incoming, folder);
}
