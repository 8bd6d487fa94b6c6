import type { ProjectionStore } from './store.js';

/**
 * Opens the projection, and makes it where there is none.
 * @param where a file for SQLite, or `postgresql://…`
 * @throws ProjectionUnavailable
 */
export async function openProjection(where: string): Promise<ProjectionStore> {
  // Each is loaded where it is used: few need both.
  if (/^postgres(ql)?:\/\//.test(where)) {
    const { openPostgresStore } = await import('./postgres/postgres-store.js');
    return openPostgresStore(where);
  }
  const { openSqliteStore } = await import('./sqlite/sqlite-store.js');
  return openSqliteStore(where);
}
