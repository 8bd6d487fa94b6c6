import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely } from 'kysely';
import type { Changes, Step } from '../changes.js';
import { migrate } from '../migrate.js';
import type { ProjectionStore } from '../store.js';
import type { Checkpoint, Tables, Value } from '../tables.js';
import { clearing, writingOf, type Statement } from '../writing.js';
import { DatabaseThread } from './database-thread.js';
import { ThreadDialect } from './dialect.js';
import type { BulkStatement } from './messages.js';

/**
 * The projection in one SQLite file of mode 0600, in a folder of mode 0700: one thread writes, one reads what was there when
 * the question came.
 * @throws ProjectionUnavailable
 */
export async function openSqliteStore(path: string): Promise<ProjectionStore> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const writer = new DatabaseThread({ path, readOnly: false });
  const writing = new Kysely<Tables>({ dialect: new ThreadDialect(writer) });
  try {
    await migrate(writing, 'sqlite');
  } catch (error) {
    await writing.destroy();
    throw error;
  }
  const db = new Kysely<Tables>({ dialect: new ThreadDialect(new DatabaseThread({ path, readOnly: true })) });
  return new SqliteStore(writer, writing, db);
}

class SqliteStore implements ProjectionStore {
  constructor(
    private readonly writer: DatabaseThread,
    private readonly writing: Kysely<Tables>,
    readonly db: Kysely<Tables>,
  ) {}

  checkpoint(): Promise<Checkpoint> {
    return this.writing.selectFrom('checkpoint').selectAll().executeTakeFirstOrThrow();
  }

  async write(changes: Changes, step: Step): Promise<void> {
    const { first, inserts, last } = writingOf(this.writing, changes, step);
    await this.writer.ask({
      kind: 'write',
      first: first.map(bulk),
      inserts: inserts.map(({ table, columns, rows }) => ({ sql: insertInto(table, columns), rows })),
      last: last.map(bulk),
    });
  }

  async clear(): Promise<void> {
    await this.writer.ask({ kind: 'write', first: clearing(this.writing).map(bulk), inserts: [], last: [] });
  }

  async close(): Promise<void> {
    await Promise.all([this.writing.destroy(), this.db.destroy()]);
  }
}

function insertInto(table: string, columns: readonly string[]): string {
  const names = columns.map((column) => `"${column}"`).join(', ');
  return `INSERT INTO "${table}" (${names}) VALUES (${columns.map(() => '?').join(', ')})`;
}

function bulk({ query, mustChange }: Statement): BulkStatement {
  return {
    sql: query.sql,
    parameters: query.parameters as readonly Value[],
    ...(mustChange !== undefined && { mustChange }),
  };
}
