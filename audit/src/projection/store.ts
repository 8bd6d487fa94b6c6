import type { Kysely } from 'kysely';
import type { Changes, Step } from './changes.js';
import type { Checkpoint, Tables } from './tables.js';

/** Somebody else moved the projection on at the same time. Nothing was changed: look again. */
export class ProjectionMoved extends Error {
  override readonly name = 'ProjectionMoved';
}

/** The database does not do what it must: out of reach, full, damaged, or made by another version. */
export class ProjectionUnavailable extends Error {
  override readonly name = 'ProjectionUnavailable';
}

/** Where the projection is kept. Each write is one transaction: all of it, checkpoint included, or nothing. */
export interface ProjectionStore {
  /** For questions; reads only. */
  readonly db: Kysely<Tables>;
  checkpoint(): Promise<Checkpoint>;
  /** @throws ProjectionMoved where the checkpoint is not where the step begins, or a value was filled already */
  write(changes: Changes, step: Step): Promise<void>;
  /** Empties all tables. */
  clear(): Promise<void>;
  close(): Promise<void>;
}
