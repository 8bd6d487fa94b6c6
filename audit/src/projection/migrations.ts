import { sql, type Kysely } from 'kysely';
import type { Migration, MigrationProvider } from 'kysely/migration';

/*
 * How the tables came to be, step by step. A step that was released is never changed: what is to be otherwise is another
 * step. Where a step cannot carry over what is there, `consent-ledger audit rebuild` makes it again from the ledger.
 */

const NUMBER = 'bigint';
const TEXT = 'text';

type Columns = Readonly<Record<string, typeof NUMBER | typeof TEXT | `${typeof NUMBER | typeof TEXT}?`>>;

interface NewTable {
  readonly columns: Columns;
  readonly primaryKey: readonly string[];
  readonly indexes?: readonly (readonly string[])[];
}

const FIRST: Readonly<Record<string, NewTable>> = {
  block: {
    columns: { number: NUMBER, hash: TEXT, at: NUMBER, transactions: NUMBER },
    primaryKey: ['number'],
  },
  member: {
    columns: {
      position: NUMBER,
      msp_id: TEXT,
      name: TEXT,
      kind: TEXT,
      display_name: TEXT,
      gateway: TEXT,
      status: TEXT,
    },
    primaryKey: ['msp_id', 'position'],
  },
  custody: {
    columns: {
      position: NUMBER,
      key_hash: TEXT,
      custodian: TEXT,
      organization: TEXT,
      review_hours: NUMBER,
    },
    primaryKey: ['position'],
    indexes: [['custodian', 'position'], ['key_hash']],
  },
  access_event: {
    columns: {
      position: NUMBER,
      key_hash: TEXT,
      custodian: TEXT,
      requester: TEXT,
      transaction_id: TEXT,
      event: TEXT,
      jti: TEXT,
      at: NUMBER,
      rules: TEXT,
    },
    primaryKey: ['position'],
    indexes: [['key_hash'], ['requester', 'position'], ['at']],
  },
  access_record: {
    columns: {
      position: NUMBER,
      place: NUMBER,
      record: TEXT,
      outcome: TEXT,
      code: TEXT,
      released: 'bigint?',
      review_by: 'bigint?',
      obligations: TEXT,
    },
    primaryKey: ['position', 'place'],
    indexes: [['record', 'position']],
  },
  detail_set: {
    columns: { position: NUMBER, key_hash: TEXT },
    primaryKey: ['position'],
    indexes: [['key_hash']],
  },
  access_detail: {
    columns: {
      position: NUMBER,
      user_id: 'text?',
      roles: TEXT,
      purposes: TEXT,
      signed_in_at: 'bigint?',
      emergency: 'text?',
      legal_basis: 'text?',
    },
    primaryKey: ['position'],
    indexes: [['user_id', 'position']],
  },
  access_reason: {
    columns: {
      position: NUMBER,
      place: NUMBER,
      record: TEXT,
      reason: TEXT,
      exception: 'text?',
      described: 'bigint?',
      basis: TEXT,
      subjects: TEXT,
    },
    primaryKey: ['position', 'place'],
  },
  access_subject: {
    columns: { subject: TEXT, position: NUMBER },
    primaryKey: ['subject', 'position'],
    indexes: [['position']],
  },
  delivery: {
    columns: {
      position: NUMBER,
      key_hash: TEXT,
      event_hash: TEXT,
      record: TEXT,
      bytes: NUMBER,
      digest: TEXT,
      complete: NUMBER,
      at: NUMBER,
    },
    primaryKey: ['position'],
    indexes: [['event_hash', 'record'], ['key_hash']],
  },
  consent: {
    columns: {
      position: NUMBER,
      key_hash: TEXT,
      custodian: TEXT,
      consent: TEXT,
      version: NUMBER,
      subject: TEXT,
      evidence: TEXT,
      filed_at: NUMBER,
      filed_by: TEXT,
      digest: TEXT,
      period_until: 'bigint?',
      resource: TEXT,
      policy: 'text?',
    },
    primaryKey: ['position'],
    indexes: [['subject', 'position'], ['consent', 'version'], ['period_until'], ['key_hash']],
  },
  withdrawal: {
    columns: {
      position: NUMBER,
      key_hash: TEXT,
      custodian: TEXT,
      consent: TEXT,
      subject: TEXT,
      evidence: TEXT,
      at: NUMBER,
      taken_by: TEXT,
      reason: 'text?',
    },
    primaryKey: ['position'],
    indexes: [['subject', 'position'], ['consent'], ['key_hash']],
  },
  descriptor: {
    columns: {
      position: NUMBER,
      key_hash: TEXT,
      custodian: TEXT,
      record: TEXT,
      version: NUMBER,
      subjects: TEXT,
      status: TEXT,
      media_type: TEXT,
      facts: TEXT,
      at: NUMBER,
      reason: 'text?',
    },
    primaryKey: ['position'],
    indexes: [['record', 'version'], ['key_hash']],
  },
  subject_act: {
    columns: {
      position: NUMBER,
      key_hash: TEXT,
      custodian: TEXT,
      subject: TEXT,
      act: TEXT,
      reference: TEXT,
      at: NUMBER,
      done_by: 'text?',
      evidence: 'text?',
      more: TEXT,
    },
    primaryKey: ['position'],
    indexes: [['subject', 'position'], ['key_hash']],
  },
  pending: {
    columns: { position: NUMBER, key_hash: TEXT, collection: TEXT, since: NUMBER },
    primaryKey: ['position'],
    indexes: [['key_hash']],
  },
  tombstone: {
    columns: { position: NUMBER, key_hash: TEXT, collection: TEXT, at: NUMBER },
    primaryKey: ['position'],
    indexes: [['key_hash']],
  },
  alarm: {
    columns: { position: NUMBER, kind: TEXT, key_hash: 'text?', collection: TEXT, at: NUMBER },
    primaryKey: ['position', 'kind'],
  },
};

export type DatabaseKind = 'sqlite' | 'postgres';

function first(kind: DatabaseKind): Migration {
  return {
    async up(db: Kysely<unknown>) {
      for (const [name, table] of Object.entries(FIRST)) await createTable(kind, db, name, table);
      await createTable(kind, db, 'checkpoint', {
        columns: {
          id: NUMBER,
          height: NUMBER,
          hash: TEXT,
          ledger: TEXT,
          collections: TEXT,
          passed_over: TEXT,
        },
        primaryKey: ['id'],
      });
      await sql`INSERT INTO checkpoint (id, height, hash, ledger, collections, passed_over) VALUES (1, 0, '', '', '[]', '[]')`.execute(
        db,
      );
    },
  };
}

/** Whether an access is a search, of which nothing is delivered by itself; before there were any, none was. */
function searches(kind: DatabaseKind): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await db.schema
        .alterTable('access_detail')
        .addColumn('is_search', typeIn(kind, NUMBER), (made) => made.notNull().defaultTo(0))
        .execute();
    },
  };
}

/** Reviews of emergency accesses. What was folded before has none: those values were passed over, and are folded again. */
function reviews(kind: DatabaseKind): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await createTable(kind, db, 'review', {
        columns: {
          position: NUMBER,
          key_hash: TEXT,
          event_hash: TEXT,
          finding: TEXT,
          reviewer: TEXT,
          reviewed_by: TEXT,
          at: NUMBER,
        },
        primaryKey: ['position'],
        indexes: [['event_hash'], ['key_hash']],
      });
      await makeAgain(db);
    },
  };
}

/** An access out of an emergency journal has the time when it was let out, not when it was logged: which those are is on the ledger alone. */
function timesOfJournals(): Migration {
  return {
    up: async (db: Kysely<unknown>) => {
      await sql`DELETE FROM review`.execute(db);
      await makeAgain(db);
    },
  };
}

/** Empties the projection, so that the next follower folds it from the genesis block on. */
async function makeAgain(db: Kysely<unknown>): Promise<void> {
  for (const name of Object.keys(FIRST)) await sql`DELETE FROM ${sql.table(name)}`.execute(db);
  await sql`UPDATE checkpoint SET height = 0, hash = '', ledger = '', collections = '[]', passed_over = '[]'`.execute(
    db,
  );
}

async function createTable(
  kind: DatabaseKind,
  db: Kysely<unknown>,
  name: string,
  table: NewTable,
): Promise<void> {
  let building = db.schema.createTable(name);
  for (const [column, type] of Object.entries(table.columns)) {
    const isNullable = type.endsWith('?');
    building = building.addColumn(column, typeIn(kind, type), (made) => (isNullable ? made : made.notNull()));
  }
  building = building.addPrimaryKeyConstraint(`${name}_pkey`, [...table.primaryKey] as never);
  // Rows lie in the order of their key then, and there is no second tree.
  if (kind === 'sqlite' && table.primaryKey.length > 1) building = building.modifyEnd(sql`without rowid`);
  await building.execute();
  for (const columns of table.indexes ?? []) {
    await db.schema
      .createIndex(`${name}_by_${columns.join('_')}`)
      .on(name)
      .columns([...columns])
      .execute();
  }
}

/** A key of one INTEGER is SQLite's own rowid; no other type of number is. */
function typeIn(kind: DatabaseKind, type: Columns[string]): 'bigint' | 'integer' | 'text' {
  if (type.startsWith(TEXT)) return 'text';
  return kind === 'sqlite' ? 'integer' : 'bigint';
}

export function migrationsFor(kind: DatabaseKind): MigrationProvider {
  return {
    getMigrations: () =>
      Promise.resolve({
        '0001-first': first(kind),
        '0002-searches': searches(kind),
        '0003-reviews': reviews(kind),
        '0004-times-of-journals': timesOfJournals(),
      }),
  };
}
