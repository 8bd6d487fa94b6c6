import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { replaceFile } from '../../identities/folders.js';
import { OperationError } from '../processes.js';

export const MANIFEST = 'manifest.json';

const file = z.strictObject({
  /** Relative to the backup, with forward slashes. */
  path: z.string().regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$)).+$/),
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const manifestSchema = z.strictObject({
  version: z.literal(1),
  madeAt: z.iso.datetime(),
  organisation: z.string(),
  mspId: z.string(),
  channel: z.string(),
  ledgerId: z.string().regex(/^[0-9a-f]{64}$/),
  fabric: z.string(),
  /** Number of blocks that the peer had at least. */
  height: z.int().nonnegative(),
  /** Whether private keys are in it. */
  keys: z.boolean(),
  files: z.array(file),
});

/** What a backup holds, and how to know that it is whole. */
export type Manifest = z.output<typeof manifestSchema>;

/** Takes stock of all files in the folder. */
export async function inventory(folder: string): Promise<Manifest['files']> {
  const files: Manifest['files'] = [];
  for (const name of await filesIn(folder)) {
    if (name === MANIFEST) continue;
    const { size } = await stat(path.join(folder, name));
    files.push({ path: name, bytes: size, sha256: await digestOf(path.join(folder, name)) });
  }
  return files;
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await replaceFile(path.join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** @throws OperationError when there is none, or it is of another version */
export async function readManifest(folder: string): Promise<Manifest> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path.join(folder, MANIFEST), 'utf8')));
  } catch (cause) {
    throw new OperationError(
      `${folder} is not a finished backup of this version (no usable ${MANIFEST}): choose another`,
      { cause },
    );
  }
}

/** What identifies a backup: SHA-256 of its manifest. */
export function manifestDigest(manifest: Manifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}

/** Compares every file with the manifest. @throws OperationError that names what is missing, changed or too much */
export async function verifyBackup(folder: string, manifest: Manifest): Promise<void> {
  const expected = new Map(manifest.files.map((each) => [each.path, each]));
  const found = (await filesIn(folder)).filter((name) => name !== MANIFEST);
  const wrong = found.filter((name) => !expected.has(name)).map((name) => `${name} does not belong to it`);
  for (const { path: name, bytes, sha256 } of manifest.files) {
    if (!found.includes(name)) wrong.push(`${name} is missing`);
    else if ((await stat(path.join(folder, name))).size !== bytes) wrong.push(`${name} has another length`);
    else if ((await digestOf(path.join(folder, name))) !== sha256) wrong.push(`${name} was changed`);
  }
  if (wrong.length > 0) {
    const some = wrong.slice(0, 5).join('; ') + (wrong.length > 5 ? `; and ${wrong.length - 5} more` : '');
    throw new OperationError(`the backup in ${folder} is damaged: ${some}. Nothing was restored`);
  }
}

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

async function digestOf(name: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(name), hash);
  return hash.digest('hex');
}
