import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import { Pool, type CustomTypesConfig } from 'pg';
import type { Changes, Step } from '../changes.js';
import { migrate } from '../migrate.js';
import { ProjectionMoved, ProjectionUnavailable, type ProjectionStore } from '../store.js';
import { isNumber, type Checkpoint, type Tables, type Value } from '../tables.js';
import { clearing, writingOf, type Insert, type Statement } from '../writing.js';

/** Of PostgreSQL's own types (pg_type.dat). */
const INT8 = 20;
const CONNECT_MS = 10_000;
/** No question takes so long; what a client has given up on must not go on for ever. */
const STATEMENT_MS = 120_000;

/** Whole numbers here stay below 2 to the 53rd; all else is text, and stays what it is. */
const numbers: CustomTypesConfig = {
  getTypeParser: (id: number) => (id === INT8 ? Number : (value: string | Buffer) => value),
};

/**
 * The projection in a PostgreSQL database that is this member's alone; 14 or later.
 * @param url `postgresql://…`; what it leaves out, the password above all, comes from libpq's environment variables
 * @throws ProjectionUnavailable
 */
export async function openPostgresStore(url: string): Promise<ProjectionStore> {
  const pool = new Pool({
    connectionString: url,
    application_name: 'consent-ledger audit',
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: STATEMENT_MS,
    types: numbers,
    max: 8,
  });
  // A connection that breaks while nobody uses it is replaced by the next question; without a listener it would end the process.
  pool.on('error', () => undefined);
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await migrate(db, 'postgres');
  } catch (error) {
    await db.destroy();
    throw error instanceof ProjectionUnavailable ? error : unavailable(error);
  }
  return new PostgresStore(db);
}

class PostgresStore implements ProjectionStore {
  constructor(readonly db: Kysely<Tables>) {}

  async checkpoint(): Promise<Checkpoint> {
    try {
      return await this.db.selectFrom('checkpoint').selectAll().executeTakeFirstOrThrow();
    } catch (error) {
      throw unavailable(error);
    }
  }

  async write(changes: Changes, step: Step): Promise<void> {
    const { first, inserts, last } = writingOf(this.db, changes, step);
    await this.#inTransaction(async (transaction) => {
      for (const statement of first) await run(transaction, statement);
      for (const insert of inserts) await insertAll(transaction, insert);
      for (const statement of last) await run(transaction, statement);
    });
  }

  async clear(): Promise<void> {
    await this.#inTransaction(async (transaction) => {
      for (const statement of clearing(this.db)) await run(transaction, statement);
    });
  }

  close(): Promise<void> {
    return this.db.destroy();
  }

  async #inTransaction(work: (transaction: Transaction<Tables>) => Promise<void>): Promise<void> {
    try {
      await this.db.transaction().execute(work);
    } catch (error) {
      throw error instanceof ProjectionMoved ? error : unavailable(error);
    }
  }
}

/** A column is one parameter, however many rows there are. */
async function insertAll(transaction: Transaction<Tables>, { table, columns, rows }: Insert): Promise<void> {
  const arrays = columns.map((column, index) => {
    const values = rows.map((row) => row[index] ?? null) as Value[];
    return isNumber(column) ? sql`${values}::bigint[]` : sql`${values}::text[]`;
  });
  const names = sql.join(columns.map((column) => sql.ref(column)));
  await sql`INSERT INTO ${sql.table(table)} (${names}) SELECT * FROM unnest(${sql.join(arrays)})`.execute(
    transaction,
  );
}

async function run(transaction: Transaction<Tables>, { query, mustChange }: Statement): Promise<void> {
  const { numAffectedRows } = await transaction.executeQuery(query);
  if (mustChange !== undefined && Number(numAffectedRows ?? 0) !== mustChange)
    throw new ProjectionMoved('the projection was moved on');
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function unavailable(cause: unknown): ProjectionUnavailable {
  const why = cause instanceof Error && cause.message !== '' ? cause.message : (codeOf(cause) ?? 'no answer');
  return new ProjectionUnavailable(`PostgreSQL: ${why}`, { cause });
}
