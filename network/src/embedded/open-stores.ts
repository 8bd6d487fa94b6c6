import type { DatabaseSync } from 'node:sqlite';
import type { Stores } from './commit/committer.js';
import { BlocksToLive } from './state/block-to-live.js';
import { WorldState } from './state/world-state.js';
import { BlockStore } from './store/block-store.js';
import { MissingSets } from './store/missing-sets.js';
import { PrivateSets } from './store/private-sets.js';
import { Spaces } from './store/spaces.js';
import { StateTables } from './store/state-tables.js';

/** Everything that lies in one ledger's database. */
export function openStores(database: DatabaseSync): Stores {
  const spaces = new Spaces(database);
  const blocks = new BlockStore(database);
  const state = new WorldState(new StateTables(database), spaces, blocks.height);
  return {
    database,
    spaces,
    blocks,
    state,
    privateSets: new PrivateSets(database),
    missing: new MissingSets(database),
    lives: new BlocksToLive(),
  };
}
