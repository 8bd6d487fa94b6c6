import type { DatabaseSync } from 'node:sqlite';
import type { Channel, Message } from '../../ports/courier.js';
import type { Delivery, NotificationStore, WaitingMessage } from '../../ports/notification-store.js';
import { inTransaction, openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE progress (scanned INTEGER NOT NULL) STRICT;
INSERT INTO progress (scanned) VALUES (0);
CREATE TABLE contact (
  subject TEXT NOT NULL,
  channel TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (subject, channel)
) STRICT, WITHOUT ROWID;
CREATE TABLE told (id TEXT PRIMARY KEY, subject TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX told_by_subject ON told(subject);
CREATE TABLE delivery (
  notice TEXT NOT NULL,
  channel TEXT NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  at TEXT NOT NULL,
  sealed BLOB,
  status TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER NOT NULL,
  settled_at TEXT,
  PRIMARY KEY (notice, channel)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_by_subject ON delivery(subject);
CREATE INDEX delivery_due ON delivery(due) WHERE status = 'waiting'`;

/**
 * The store in one SQLite file, written through to the disk: what is enqueued and how far the ledger was read are one
 * transaction, so that a crash loses no message. Deleted addresses are overwritten (`secure_delete`).
 */
export function openNotificationStore(path: string): NotificationStore & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  database.exec('PRAGMA secure_delete = ON');
  return new SqliteNotificationStore(database);
}

class SqliteNotificationStore implements NotificationStore {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof statementsOf>;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = statementsOf(database);
  }

  get scanned(): number {
    return (this.#statements.progress.get() as { scanned: number }).scanned;
  }

  get waiting(): number {
    return (this.#statements.waiting.get() as { waiting: number }).waiting;
  }

  enqueue(notices: Parameters<NotificationStore['enqueue']>[0], scanned: number, now: number): void {
    inTransaction(this.#database, () => {
      for (const { id, subject, kind, at } of notices)
        this.#statements.enqueue.run(id, kind, at, now, subject);
      this.#statements.progressTo.run(scanned);
    });
  }

  channels(subject: string): Channel[] {
    const rows = this.#statements.channels.all(subject) as unknown as { channel: Channel }[];
    return rows.map(({ channel }) => channel);
  }

  replace(subject: string, sealed: ReadonlyMap<Channel, Uint8Array>, told: Message, now: number): void {
    const { addTold, enqueue, forget, keep } = this.#statements;
    inTransaction(this.#database, () => {
      addTold.run(told.id, subject, told.kind, told.at);
      enqueue.run(told.id, told.kind, told.at, now, subject);
      forget.run(subject);
      for (const [channel, address] of sealed) keep.run(subject, channel, address);
    });
  }

  next(limit: number): WaitingMessage[] {
    return this.#statements.next.all(limit) as unknown as WaitingMessage[];
  }

  settle({ id, channel }: WaitingMessage, now: number): void {
    this.#statements.settle.run('sent', new Date(now).toISOString(), id, channel);
  }

  giveUp({ id, channel }: WaitingMessage, now: number): void {
    this.#statements.settle.run('failed', new Date(now).toISOString(), id, channel);
  }

  retry({ id, channel }: WaitingMessage, at: number): void {
    this.#statements.retry.run(at, id, channel);
  }

  deliveries(subject: string): Delivery[] {
    const rows = this.#statements.deliveries.all(subject) as unknown as (Omit<Delivery, 'at'> & {
      readonly settled_at: string | null;
    })[];
    return rows.map(({ settled_at: at, ...row }) => ({ ...row, ...(at === null ? {} : { at }) }));
  }

  told(subject: string): Message[] {
    return this.#statements.told.all(subject) as unknown as Message[];
  }

  forget(subject: string): void {
    const { forget, forgetDeliveries, forgetTold } = this.#statements;
    const changes = inTransaction(this.#database, () =>
      [forget, forgetDeliveries, forgetTold].map((statement) => statement.run(subject).changes),
    );
    if (changes.some((count) => count > 0)) this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  close(): void {
    this.#database.close();
  }
}

function statementsOf(database: DatabaseSync) {
  return {
    progress: database.prepare('SELECT scanned FROM progress'),
    progressTo: database.prepare('UPDATE progress SET scanned = ?'),
    enqueue: database.prepare(`
      INSERT INTO delivery (notice, channel, subject, kind, at, sealed, status, attempts, due)
      SELECT ?, channel, subject, ?, ?, sealed, 'waiting', 0, ? FROM contact WHERE subject = ?
      ON CONFLICT DO NOTHING`),
    channels: database.prepare('SELECT channel FROM contact WHERE subject = ? ORDER BY channel'),
    addTold: database.prepare('INSERT INTO told (id, subject, kind, at) VALUES (?, ?, ?, ?)'),
    forget: database.prepare('DELETE FROM contact WHERE subject = ?'),
    forgetDeliveries: database.prepare('DELETE FROM delivery WHERE subject = ?'),
    forgetTold: database.prepare('DELETE FROM told WHERE subject = ?'),
    keep: database.prepare('INSERT INTO contact (subject, channel, sealed) VALUES (?, ?, ?)'),
    next: database.prepare(`
      SELECT notice AS id, channel, subject, kind, at, sealed, attempts, due FROM delivery
      WHERE status = 'waiting' ORDER BY due, notice LIMIT ?`),
    waiting: database.prepare("SELECT count(*) AS waiting FROM delivery WHERE status = 'waiting'"),
    retry: database.prepare(`
      UPDATE delivery SET attempts = attempts + 1, due = ? WHERE notice = ? AND channel = ? AND status = 'waiting'`),
    settle: database.prepare(`
      UPDATE delivery SET attempts = attempts + 1, status = ?, settled_at = ?, sealed = NULL
      WHERE notice = ? AND channel = ? AND status = 'waiting'`),
    deliveries: database.prepare(`
      SELECT notice, channel, status, attempts, settled_at FROM delivery WHERE subject = ? ORDER BY notice, channel`),
    told: database.prepare('SELECT id, subject, kind, at FROM told WHERE subject = ? ORDER BY at, id'),
  };
}
