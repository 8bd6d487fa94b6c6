import { randomBytes } from 'node:crypto';
import { access, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A file to be written; `secret` ones get mode 0600 in folders of mode 0700. */
export interface FileContent {
  /** Relative to the folder, with forward slashes. */
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly secret?: boolean;
}

const PUBLIC_FILE = 0o644;
const SECRET_FILE = 0o600;
const SECRET_FOLDER = 0o700;

/**
 * Makes a folder with all its files, or leaves nothing: written and flushed under another name, then renamed.
 * What exists already is kept as it is, and `content` is not called. Returns whether the folder was made.
 */
export async function makeFolder(
  folder: string,
  content: () => Promise<readonly FileContent[]>,
): Promise<boolean> {
  if (await exists(folder)) return false;
  const parent = dirname(folder);
  await mkdir(parent, { recursive: true, mode: SECRET_FOLDER });
  await removeLeftovers(parent, basename(folder));
  const temporary = join(parent, `.${basename(folder)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    for (const file of await content()) await writeInside(temporary, file);
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  await flushFolder(parent);
  return true;
}

/** Replaces one file whole: after a crash there is the old one or the new one. The file's folder must exist. */
export async function replaceFile(path: string, content: string | Uint8Array, secret = false): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await writeFlushed(temporary, content, secret ? SECRET_FILE : PUBLIC_FILE);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flushFolder(dirname(path));
}

/** The same, but a file that says so already is left alone: when it was changed last means something. */
export async function replaceIfDifferent(
  path: string,
  content: string | Uint8Array,
  secret = false,
): Promise<void> {
  if ((await exists(path)) && (await readFile(path)).equals(Buffer.from(content))) return;
  await replaceFile(path, content, secret);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

async function writeInside(folder: string, { path, content, secret = false }: FileContent): Promise<void> {
  const full = join(folder, ...path.split('/'));
  await mkdir(dirname(full), { recursive: true, mode: SECRET_FOLDER });
  await writeFlushed(full, content, secret ? SECRET_FILE : PUBLIC_FILE);
}

async function writeFlushed(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.chmod(mode); // whatever the umask is
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename durable. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeLeftovers(parent: string, name: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (entry.startsWith(`.${name}.`) && entry.endsWith('.tmp')) {
      await rm(join(parent, entry), { recursive: true, force: true });
    }
  }
}
