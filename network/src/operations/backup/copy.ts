import { constants } from 'node:fs';
import { copyFile, mkdir, readdir } from 'node:fs/promises';
import path from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { exists } from '../../identities/folders.js';

const OWNER_ONLY = 0o700;

/** Copies a folder, where the file system can without doubling the bytes. What `leaveOut` names is left out. */
export async function copyFolder(
  from: string,
  to: string,
  leaveOut: (relative: string) => boolean = () => false,
): Promise<void> {
  await eachFile(from, leaveOut, async (name) => {
    await mkdir(path.dirname(path.join(to, name)), { recursive: true, mode: OWNER_ONLY });
    await copyFile(path.join(from, name), path.join(to, name), constants.COPYFILE_FICLONE);
  });
}

/**
 * Copies a folder that a gateway is working in. Its databases are copied as SQLite reads them: each as it is at one
 * instant, whatever is being written; other files are written once and never changed.
 */
export async function copyLiveFolder(
  from: string,
  to: string,
  leaveOut: (relative: string) => boolean,
): Promise<void> {
  await eachFile(from, leaveOut, async (name) => {
    if (/\.db-(?:wal|shm|journal)$/.test(name)) return;
    const [source, target] = [path.join(from, name), path.join(to, name)];
    await mkdir(path.dirname(target), { recursive: true, mode: OWNER_ONLY });
    if (name.endsWith('.db')) await copyDatabase(source, target);
    else await copyIfThere(source, target);
  });
}

async function copyDatabase(source: string, target: string): Promise<void> {
  const database = new DatabaseSync(source, { readOnly: true });
  try {
    await backup(database, target);
  } finally {
    database.close();
  }
  // Else whoever looks into the copy would leave files of SQLite's beside it.
  const copy = new DatabaseSync(target);
  copy.exec('PRAGMA journal_mode = DELETE');
  copy.close();
}

/** A file that a gateway has finished with since we saw it is no part of the backup. */
async function copyIfThere(source: string, target: string): Promise<void> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

async function eachFile(
  folder: string,
  leaveOut: (relative: string) => boolean,
  copy: (relative: string) => Promise<void>,
): Promise<void> {
  if (!(await exists(folder))) return;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const name = path.relative(folder, path.join(entry.parentPath, entry.name));
    if (entry.isFile() && !leaveOut(name.split(path.sep).join('/'))) await copy(name);
  }
}
