import type { ProjectionStore } from '../projection/store.js';
import { instant } from './question.js';

/** How far the projection is, and what is wanting. */
export interface ProjectionState {
  readonly ledger: string;
  /** Number of blocks. */
  readonly height: number;
  /** Values that the peer lacks, and since when the oldest one is. */
  readonly pending: number;
  readonly pendingSince?: string;
  /** Values that did not match their hash, or are not of the shape of their kind. */
  readonly alarms: readonly { readonly kind: string; readonly collection: string; readonly values: number }[];
}

export async function projectionState(store: ProjectionStore): Promise<ProjectionState> {
  const { ledger, height } = await store.checkpoint();
  const pending = await store.db
    .selectFrom('pending')
    .select(({ fn }) => [fn.countAll<number>().as('values'), fn.min('since').as('since')])
    .executeTakeFirstOrThrow();
  const alarms = await store.db
    .selectFrom('alarm')
    .select(['kind', 'collection', ({ fn }) => fn.countAll<number>().as('values')])
    .groupBy(['kind', 'collection'])
    .orderBy('kind')
    .orderBy('collection')
    .execute();
  const oldest = pending.since as number | null;
  return {
    ledger,
    height,
    pending: pending.values,
    ...(oldest !== null && { pendingSince: instant(oldest) }),
    alarms,
  };
}
