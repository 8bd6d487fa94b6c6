import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { DatabaseThread } from '../projection/sqlite/database-thread.js';
import type { Value } from '../projection/tables.js';

export type WorkRow = Readonly<Record<string, Value>>;

/**
 * A SQLite file in which an analysis sorts and counts, so that however many accesses there are, few are in memory. It holds pseudonyms, is in a
 * folder of its owner's alone, and is taken away at the end.
 */
export class WorkFile {
  readonly #thread: DatabaseThread;
  readonly #folder: string;

  private constructor(thread: DatabaseThread, folder: string) {
    this.#thread = thread;
    this.#folder = folder;
  }

  /** @param folder made where it is not there */
  static async make(folder: string): Promise<WorkFile> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const own = await mkdtemp(path.join(folder, 'unusual-'));
    const thread = new DatabaseThread({ path: path.join(own, 'work.db'), readOnly: false, isScratch: true });
    return new WorkFile(thread, own);
  }

  async run(sql: string, parameters: readonly Value[] = []): Promise<void> {
    await this.#thread.ask({ kind: 'query', sql, parameters });
  }

  async all<Row>(sql: string, parameters: readonly Value[] = []): Promise<readonly Row[]> {
    const { rows } = await this.#thread.ask({ kind: 'query', sql, parameters });
    return rows as readonly Row[];
  }

  /** The one row that there is. */
  async one<Row>(sql: string, parameters: readonly Value[] = []): Promise<Row> {
    const [row] = await this.all<Row>(sql, parameters);
    if (row === undefined) throw new RangeError(`no row: ${sql}`);
    return row;
  }

  insert(table: string, rows: readonly (readonly Value[])[]): Promise<void> {
    return this.#write('INSERT', table, rows);
  }

  /** What is said last of the same key stands. */
  insertOrReplace(table: string, rows: readonly (readonly Value[])[]): Promise<void> {
    return this.#write('INSERT OR REPLACE', table, rows);
  }

  async #write(verb: string, table: string, rows: readonly (readonly Value[])[]): Promise<void> {
    const [first] = rows;
    if (first === undefined) return;
    const sql = `${verb} INTO ${table} VALUES (${first.map(() => '?').join(', ')})`;
    await this.#thread.ask({ kind: 'write', first: [], inserts: [{ sql, rows }], last: [] });
  }

  async close(): Promise<void> {
    await this.#thread.close();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
