import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { follow, openProjection, TABLE_NAMES, type ProjectionStore } from '@consent-ledger/audit';
import type { peer } from '@hyperledger/fabric-protos';
import { MadeChain } from './made-chain.js';
import { MADE_COLLECTIONS, MadeHistory } from './made-history.js';
import type { Part } from './part.js';

const EVENTS_PER_BLOCK = 100;
const PEOPLE = 200;
/** Rows of one transaction of the baseline. */
const BATCH = 20_000;

/** Real blocks with real decisions, from their bytes into the database; beside it the same rows, put into the same tables by hand. */
export const folding: Part = {
  name: 'folding',
  measure: async ({ folder, say, folded }) => {
    say(`making ${folded} accesses`);
    const made = await madeBlocks(folded);
    const file = path.join(folder, 'folded.db');
    const store = await openProjection(file);
    say('folding them');
    const seconds = await fold(store, made);
    const tables = await everyTable(store);
    await store.close();
    if (tables.get('access_event')?.length !== folded)
      throw new Error(`of ${folded} access events ${tables.get('access_event')?.length ?? 0} were folded`);
    const rate = folded / seconds;
    const bare = folded / insertBare(file, tables);
    return {
      lines: [
        { what: 'blocks folded into SQLite', figures: [rate], unit: 'access events/s' },
        { what: 'the same rows, inserted without anything else', figures: [bare], unit: 'access events/s' },
        { what: 'folding against inserting alone', figures: [rate / bare], unit: 'times' },
      ],
      bars: [{ name: 'projection rate', figure: rate, unit: 'access events/s', at: 'least', bound: 5_000 }],
      figures: { rate, bare, folded },
    };
  },
};

interface Made {
  readonly ledger: string;
  readonly blocks: readonly peer.BlockAndPrivateData[];
}

/** @returns seconds */
async function fold(store: ProjectionStore, { ledger, blocks }: Made): Promise<number> {
  const started = performance.now();
  await follow({
    store,
    source: {
      async *blocks(from, end) {
        for (const block of blocks.slice(from, end)) yield await Promise.resolve(block);
      },
    },
    ledger,
    chaincode: 'consent-ledger',
    collections: MADE_COLLECTIONS,
    end: blocks.length,
    signal: new AbortController().signal,
  });
  return (performance.now() - started) / 1_000;
}

async function everyTable(store: ProjectionStore): Promise<Map<string, readonly object[]>> {
  const tables = new Map<string, readonly object[]>();
  for (const table of TABLE_NAMES) {
    const rows = await store.db.selectFrom(table).selectAll().execute();
    if (rows.length > 0) tables.set(table, rows);
  }
  return tables;
}

/**
 * What somebody would do who had the rows already: prepared statements, large transactions, the same tables with the same indexes.
 * @returns seconds
 */
function insertBare(like: string, tables: ReadonlyMap<string, readonly object[]>): number {
  const from = new DatabaseSync(like, { readOnly: true });
  const schema = from
    .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '%kysely%'")
    .all() as { sql: string }[];
  from.close();
  const database = new DatabaseSync(`${like}.bare`);
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536;');
    for (const { sql } of schema) database.exec(sql);
    const started = performance.now();
    for (const [table, rows] of tables) {
      const columns = Object.keys(rows[0] ?? {});
      const statement = database.prepare(
        `INSERT INTO "${table}" (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
      );
      for (let start = 0; start < rows.length; start += BATCH) {
        database.exec('BEGIN');
        for (const row of rows.slice(start, start + BATCH))
          statement.run(...(Object.values(row) as (string | number | null)[]));
        database.exec('COMMIT');
      }
    }
    return (performance.now() - started) / 1_000;
  } finally {
    database.close();
  }
}

async function madeBlocks(folded: number): Promise<Made> {
  const chain = new MadeChain();
  const made = new MadeHistory();
  const blocks = [chain.block([])];
  made.ledgerId = chain.ledgerId;
  const at = (): number => Date.parse('2026-03-01T08:00:00.000Z') + blocks.length * 1_000;
  blocks.push(chain.block([made.founding(at())]));
  const people = Array.from({ length: PEOPLE }, (_, n) => made.person(at(), `subject-${n}`, [`record-${n}`]));
  blocks.push(chain.block(people));
  for (let done = 0; done < folded; done += EVENTS_PER_BLOCK) {
    const requests = Array.from({ length: EVENTS_PER_BLOCK }, (_, n) => ({
      user: 'practitioner-0000001',
      records: [`record-${(done + n) % PEOPLE}`],
      jti: String(done + n).padStart(22, '0'),
    }));
    blocks.push(chain.block([await made.decisions(at(), blocks.length, 0, requests)]));
  }
  return { ledger: chain.ledgerId, blocks };
}
