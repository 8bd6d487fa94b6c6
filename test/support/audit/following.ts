import {
  blockOf,
  follow,
  TABLE_NAMES,
  type BlockSource,
  type FollowOptions,
  type ProjectionStore,
} from '@consent-ledger/audit';
import type { peer } from '@hyperledger/fabric-protos';
import { FOLLOWED } from './small-history.js';

/** A peer that has these blocks and no more. */
export function sourceOf(blocks: readonly peer.BlockAndPrivateData[]): BlockSource {
  return {
    async *blocks(from, end, signal) {
      for (const block of blocks.slice(from, end)) {
        // As when they come over a connection.
        await new Promise(setImmediate);
        if (signal.aborted) return;
        yield block;
      }
    },
  };
}

/** Follows up to the end of those blocks. */
export async function followTo(
  store: ProjectionStore,
  ledger: string,
  blocks: readonly peer.BlockAndPrivateData[],
  options: Partial<FollowOptions> = {},
): Promise<void> {
  await follow({
    store,
    source: sourceOf(blocks),
    ledger,
    ...FOLLOWED,
    end: blocks.length,
    signal: new AbortController().signal,
    ...options,
  });
}

/** Every row of every table up to before that block, in an order of their own. */
export async function everyRow(store: ProjectionStore, end = Infinity): Promise<Record<string, string[]>> {
  const rows: Record<string, string[]> = {};
  for (const table of TABLE_NAMES) {
    const found = await store.db.selectFrom(table).selectAll().execute();
    const block = (row: object): number => ('number' in row ? Number(row.number) : blockOf(positionIn(row)));
    rows[table] = found
      .filter((row) => block(row) < end)
      .map((row) => JSON.stringify(row, Object.keys(row).sort()))
      .sort();
  }
  const { height, hash, ledger } = await store.checkpoint();
  rows['checkpoint'] = [JSON.stringify({ height, hash, ledger })];
  return rows;
}

function positionIn(row: object): number {
  return 'position' in row ? Number(row.position) : 0;
}

/** Follows until the signal aborts, and looks at what is pending often. */
export async function followLive(
  store: ProjectionStore,
  ledger: string,
  source: BlockSource,
  signal: AbortSignal,
): Promise<void> {
  await follow({ store, source, ledger, ...FOLLOWED, signal, retryPendingMs: 50 });
}
