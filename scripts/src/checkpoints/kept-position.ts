import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GrowingRoot, HistoryFollower } from '@consent-ledger/audit';
import { primitives, z } from '@consent-ledger/chaincode/wire';
import { badInput, systemCode, UserError } from '../user-error.js';

const read = {
  ledger: primitives.ledgerId,
  block: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.int(),
  configuration: z.int().min(0),
  size: z.int().min(0),
  subtrees: z.array(primitives.digest).max(64),
};

/** What was signed last: of blocks up to there, whatever was read since. */
const lastSignature = z.strictObject({
  block: z.int().min(0),
  /** The checkpoint's text; absent where the first version of this file did not keep it. */
  checkpoint: z.string().exactOptional(),
});

/**
 * How far the history was read for checkpoints, a few hashes, so that nothing is read twice; and what was signed, which is less while a long history
 * is read for the first time. The first version of the file was written after a signature only.
 */
const kept = z.union([
  z.strictObject({ v: z.literal(2), ...read, signed: lastSignature.exactOptional() }),
  z
    .strictObject({ v: z.literal(1), ...read })
    .transform((first) => ({ ...first, signed: { block: first.block } })),
]);

export type LastSignature = z.infer<typeof lastSignature>;

/** A history that is followed for its roots. */
export interface FollowedRoots {
  readonly follower: HistoryFollower;
  readonly tree: GrowingRoot;
  /** Absent where nothing was signed yet. */
  readonly signed?: LastSignature;
}

/** Where a member keeps it, in the folder of its gateway's data. */
export function positionFile(dataDirectory: string): string {
  return path.join(dataDirectory, 'audit', 'checkpoint-position.json');
}

/** Number of the last block that was signed; undefined where none was, or the file cannot be understood. */
export async function lastSignedIn(file: string): Promise<number | undefined> {
  try {
    return (await readKept(file))?.signed?.block;
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** @returns where it was left; from the genesis block on where it never was. Throws a UserError. */
export async function readPosition(file: string, ledger: string): Promise<FollowedRoots> {
  const found = await readKept(file);
  if (found === undefined) return { follower: new HistoryFollower(), tree: new GrowingRoot() };
  const { subtrees, block, hash, time, configuration, size, signed } = found;
  if (found.ledger !== ledger)
    throw badInput(`${file} is about ledger ${found.ledger}, the peer's is ${ledger}: move it away.`);
  const hashes = subtrees.map((one) => Buffer.from(one, 'base64url'));
  const position = { ledger, block, hash, time, configuration, size };
  return {
    follower: new HistoryFollower(position),
    tree: new GrowingRoot(size, hashes),
    ...(signed && { signed }),
  };
}

/** The file is there whole, old or new. */
export async function keepPosition(file: string, { follower, tree, signed }: FollowedRoots): Promise<void> {
  const { position } = follower;
  if (position === undefined) return;
  const subtrees = tree.subtrees.map((hash) => hash.toString('base64url'));
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.partial`;
  const content = `${JSON.stringify({ v: 2, ...position, subtrees, ...(signed && { signed }) })}\n`;
  await writeFile(partial, content, { mode: 0o600, flush: true });
  await rename(partial, file);
}

async function readKept(file: string): Promise<z.infer<typeof kept> | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return kept.parse(JSON.parse(text));
  } catch (cause) {
    throw badInput(`${file} is not what was written: remove it, and the history is read again.`, { cause });
  }
}
