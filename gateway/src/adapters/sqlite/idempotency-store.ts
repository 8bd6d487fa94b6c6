import { randomBytes, randomUUID } from 'node:crypto';
import type { IdempotencyStore, KeptAnswer } from '../../ports/idempotency-store.js';
import { inTransaction, openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE request (
  id TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  seed BLOB NOT NULL,
  made_at INTEGER NOT NULL,
  holder TEXT,
  held_until INTEGER NOT NULL,
  status INTEGER,
  headers TEXT,
  body TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX request_by_time ON request(made_at);
CREATE TABLE attempt (
  id TEXT NOT NULL REFERENCES request(id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  transaction_id TEXT NOT NULL,
  gateway TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (id, step)
) STRICT, WITHOUT ROWID`;

/** Keys are good for a day. */
const KEPT_MS = 24 * 3_600_000;
/** A gateway that does not say within this long that it is still at work is gone. */
const HELD_MS = 30_000;
const BEAT_MS = 10_000;
const SEED_BYTES = 32;

export interface IdempotencyStoreOptions {
  readonly path: string;
  /** Names this gateway among those that share the store, and is the same after a restart. */
  readonly gateway: string;
  readonly now: () => number;
}

interface Row {
  readonly fingerprint: string;
  readonly seed: Uint8Array;
  readonly held_until: number;
  readonly status: number | null;
  readonly headers: string | null;
  readonly body: string | null;
}

interface AttemptRow {
  readonly transaction: string;
  readonly gateway: string;
  readonly at: number;
}

/** The store in one SQLite file, written through to the disk. What an earlier process of this gateway was at is free again. */
export function openIdempotencyStore({
  path,
  gateway,
  now,
}: IdempotencyStoreOptions): IdempotencyStore & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  const holder = `${gateway} ${randomUUID()}`;
  database
    .prepare(`UPDATE request SET held_until = 0 WHERE substr(holder, 1, ?) = ?`)
    .run(gateway.length + 1, `${gateway} `);
  const forget = database.prepare('DELETE FROM request WHERE made_at < ?');
  const find = database.prepare('SELECT * FROM request WHERE id = ?');
  const add = database.prepare(
    'INSERT INTO request (id, fingerprint, seed, made_at, holder, held_until) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const hold = database.prepare('UPDATE request SET holder = ?, held_until = ? WHERE id = ?');
  const answered = database.prepare(
    'UPDATE request SET status = ?, headers = ?, body = ?, held_until = 0 WHERE id = ?',
  );
  const beat = database.prepare(
    'UPDATE request SET held_until = ? WHERE holder = ? AND status IS NULL AND held_until > 0',
  );
  const attempt = database.prepare(
    'SELECT transaction_id AS "transaction", gateway, at FROM attempt WHERE id = ? AND step = ?',
  );
  const keepAttempt = database.prepare(`
    INSERT INTO attempt (id, step, transaction_id, gateway, at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (id, step) DO UPDATE
    SET transaction_id = excluded.transaction_id, gateway = excluded.gateway, at = excluded.at`);
  const beating = setInterval(() => beat.run(now() + HELD_MS, holder), BEAT_MS).unref();

  return {
    claim: (id, fingerprint) =>
      inTransaction(database, () => {
        const at = now();
        forget.run(at - KEPT_MS);
        const row = find.get(id) as Row | undefined;
        if (row === undefined) {
          const seed = randomBytes(SEED_BYTES);
          add.run(id, fingerprint, seed, at, holder, at + HELD_MS);
          return { kind: 'run', seed };
        }
        if (row.fingerprint !== fingerprint) return { kind: 'other-request' };
        if (row.status !== null) return { kind: 'answered', answer: answerOf(row, row.status) };
        if (row.held_until > at) return { kind: 'in-progress' };
        hold.run(holder, at + HELD_MS, id);
        return { kind: 'run', seed: row.seed };
      }),
    attempted(id, step) {
      const row = attempt.get(id, step) as AttemptRow | undefined;
      if (row === undefined) return undefined;
      return { transaction: row.transaction, at: row.at, isOwn: row.gateway === gateway };
    },
    attempting(id, step, transaction) {
      keepAttempt.run(id, step, transaction, gateway, now());
    },
    answer(id, { status, headers, body }) {
      answered.run(status, JSON.stringify(headers), body ?? null, id);
    },
    release(id) {
      hold.run(holder, 0, id);
    },
    close() {
      clearInterval(beating);
      database.close();
    },
  };
}

function answerOf({ headers, body }: Row, status: number): KeptAnswer {
  return {
    status,
    headers: JSON.parse(headers ?? '{}') as Record<string, string>,
    ...(body === null ? {} : { body }),
  };
}
