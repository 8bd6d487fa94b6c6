import { sql, type CompiledQuery, type Kysely } from 'kysely';
import type { Changes, Removal, Step } from './changes.js';
import { PLACES } from './position.js';
import { COLUMNS, TABLE_NAMES, type TableName, type Tables, type Value } from './tables.js';

/** Rows for one table, each in the order of its columns. */
export interface Insert {
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Value[])[];
}

/** A statement, and how many rows it must change, if that is sure. */
export interface Statement {
  readonly query: CompiledQuery;
  readonly mustChange?: number;
}

export interface Writing {
  /** The checkpoint first: whoever comes too late finds out before anything else. */
  readonly first: readonly Statement[];
  readonly inserts: readonly Insert[];
  readonly last: readonly Statement[];
}

/** What a store has to do in one transaction. */
export function writingOf(db: Kysely<Tables>, changes: Changes, step: Step): Writing {
  return {
    first: [
      { query: moving(db, step), mustChange: 1 },
      ...changes.filled.map((position) => ({
        query: db.deleteFrom('pending').where('position', '=', position).compile(),
        mustChange: 1,
      })),
    ],
    inserts: [...changes.rows].map(([table, rows]) => {
      const columns = COLUMNS[table] as readonly string[];
      return {
        table,
        columns,
        rows: rows.map((row) => columns.map((name) => (row as Record<string, Value>)[name] ?? null)),
      };
    }),
    last: changes.removals.flatMap((removal) => removing(db, removal)),
  };
}

export function clearing(db: Kysely<Tables>): Statement[] {
  const empty = { height: 0, hash: '', ledger: '', collections: '[]', passed_over: '[]' };
  return [
    ...TABLE_NAMES.map((table) => ({ query: db.deleteFrom(table).compile() })),
    { query: db.updateTable('checkpoint').set(empty).compile() },
  ];
}

function moving(db: Kysely<Tables>, step: Step): CompiledQuery {
  return db
    .updateTable('checkpoint')
    .set({
      height: step.height,
      hash: step.hash,
      ledger: step.ledger,
      collections: JSON.stringify(step.collections),
      passed_over: JSON.stringify(step.passedOver),
    })
    .where('id', '=', 1)
    .where('height', '=', step.from)
    .compile();
}

/** Tables whose rows go by the hash of their own value's key. */
const BY_KEY = [
  'access_event',
  'detail_set',
  'delivery',
  'review',
  'consent',
  'withdrawal',
  'descriptor',
  'subject_act',
  'custody',
  'pending',
] as const;

function removing(db: Kysely<Tables>, { position, keyHash }: Removal): Statement[] {
  const records = db
    .deleteFrom('access_record')
    .where('position', 'in', (from) =>
      from
        .selectFrom('access_event')
        .select('access_event.position')
        .where('access_event.key_hash', '=', keyHash)
        .where('access_event.position', '<', position),
    );
  // A transaction has one value of details, and its key is the transaction's: there is at most one such position.
  const transaction = sql<number>`SELECT MAX(d.position - d.position % ${PLACES}) FROM detail_set d WHERE d.key_hash = ${keyHash} AND d.position < ${position}`;
  return [
    { query: records.compile() },
    ...(['access_detail', 'access_reason', 'access_subject'] as const).map((table) => ({
      query: db
        .deleteFrom(table)
        .where('position', '>=', sql<number>`(${transaction})`)
        .where('position', '<', sql<number>`(${transaction}) + ${PLACES}`)
        .compile(),
    })),
    ...BY_KEY.map((table) => ({
      query: db.deleteFrom(table).where('key_hash', '=', keyHash).where('position', '<', position).compile(),
    })),
  ];
}
