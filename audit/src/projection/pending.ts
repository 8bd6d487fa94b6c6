import { Changes } from './changes.js';
import { requireSame } from './chaining.js';
import { foldLate } from './folding/fold-transaction.js';
import { readFollowed } from './followed-block.js';
import type { FollowOptions } from './follow-options.js';
import { blockOf, startOfBlock } from './position.js';
import type { Checkpoint } from './tables.js';

const VALID = 0;

/**
 * Asks the peer again for the blocks of which it lacked values, and folds those that it has by now. A peer that never gets
 * them costs one look at each such block.
 * @returns whether there are any left
 */
export async function fillPending(
  { store, source, signal, ...options }: FollowOptions,
  checkpoint: Checkpoint,
): Promise<boolean> {
  const followed = { chaincode: options.chaincode, collections: new Set(options.collections) };
  let areLeft = false;
  for (let after = 0; ;) {
    const first = await store.db
      .selectFrom('pending')
      .select('position')
      .where('position', '>=', after)
      .orderBy('position')
      .limit(1)
      .executeTakeFirst();
    if (first === undefined || signal.aborted) return areLeft;
    const number = blockOf(first.position);
    after = startOfBlock(number + 1);
    const pending = await store.db
      .selectFrom('pending')
      .select('position')
      .where('position', '>=', startOfBlock(number))
      .where('position', '<', after)
      .execute();
    const known = await store.db
      .selectFrom('block')
      .select('hash')
      .where('number', '=', number)
      .executeTakeFirst();
    const positions = new Set(pending.map(({ position }) => position));
    const changes = new Changes();
    for await (const delivered of source.blocks(number, number + 1, signal)) {
      const block = readFollowed(delivered);
      requireSame(block, number, known?.hash);
      for (const transaction of block.transactions) {
        if (transaction.code === VALID)
          foldLate(number, transaction, followed, (position) => positions.has(position), changes);
      }
    }
    if (changes.filled.length < positions.size) areLeft = true;
    if (changes.filled.length === 0) continue;
    await store.write(changes, {
      from: checkpoint.height,
      height: checkpoint.height,
      hash: checkpoint.hash,
      ledger: checkpoint.ledger,
      collections: JSON.parse(checkpoint.collections) as string[],
      passedOver: JSON.parse(checkpoint.passed_over) as string[],
    });
  }
}
