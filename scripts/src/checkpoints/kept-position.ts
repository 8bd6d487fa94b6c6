import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GrowingRoot, HistoryFollower } from '@consent-ledger/audit';
import { primitives, z } from '@consent-ledger/chaincode/wire';
import { badInput, systemCode } from '../user-error.js';

/** How far the history was read for checkpoints: a few hashes, so that nothing is read twice. */
const kept = z.strictObject({
  v: z.literal(1),
  ledger: primitives.ledgerId,
  block: z.int().min(0),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  time: z.int(),
  configuration: z.int().min(0),
  size: z.int().min(0),
  subtrees: z.array(primitives.digest).max(64),
});

/** A history that is followed for its roots. */
export interface FollowedRoots {
  readonly follower: HistoryFollower;
  readonly tree: GrowingRoot;
}

/** @returns where it was left; from the genesis block on where it never was. Throws a UserError. */
export async function readPosition(file: string, ledger: string): Promise<FollowedRoots> {
  const found = await readKept(file);
  if (found === undefined) return { follower: new HistoryFollower(), tree: new GrowingRoot() };
  const { subtrees, block, hash, time, configuration, size } = found;
  if (found.ledger !== ledger)
    throw badInput(`${file} is about ledger ${found.ledger}, the peer's is ${ledger}: move it away.`);
  const hashes = subtrees.map((one) => Buffer.from(one, 'base64url'));
  const position = { ledger, block, hash, time, configuration, size };
  return { follower: new HistoryFollower(position), tree: new GrowingRoot(size, hashes) };
}

/** The file is there whole, old or new. */
export async function keepPosition(file: string, { follower, tree }: FollowedRoots): Promise<void> {
  const { position } = follower;
  if (position === undefined) return;
  const subtrees = tree.subtrees.map((hash) => hash.toString('base64url'));
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const partial = `${file}.partial`;
  const content = `${JSON.stringify({ v: 1, ...position, subtrees })}\n`;
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
