import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import { migrationsFor, type DatabaseKind } from './migrations.js';
import { ProjectionUnavailable } from './store.js';
import type { Tables } from './tables.js';

/**
 * Brings the tables to what this version reads.
 * @throws ProjectionUnavailable where that cannot be done, as with tables of a later version
 */
export async function migrate(db: Kysely<Tables>, kind: DatabaseKind): Promise<void> {
  const migrator = new Migrator({ db, provider: migrationsFor(kind) });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  const why = error instanceof Error ? error.message : 'it cannot be said why';
  throw new ProjectionUnavailable(`the projection's tables are not what this version reads: ${why}`, {
    cause: error,
  });
}
