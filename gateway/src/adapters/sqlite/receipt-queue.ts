import type { ReceiptQueue, WaitingReceipt } from '../../ports/receipt-queue.js';
import { openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE receipt (
  jti TEXT PRIMARY KEY,
  custodian TEXT NOT NULL,
  receipt TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_due ON receipt(due)`;

/** The queue in one SQLite file, written through to the disk. */
export function openReceiptQueue(path: string): ReceiptQueue & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  const add = database.prepare(
    'INSERT INTO receipt (jti, custodian, receipt, attempts, due) VALUES (?, ?, ?, 0, ?) ON CONFLICT DO NOTHING',
  );
  const next = database.prepare(
    'SELECT jti, custodian, receipt, attempts, due FROM receipt ORDER BY due, jti LIMIT ?',
  );
  const remove = database.prepare('DELETE FROM receipt WHERE jti = ?');
  const retry = database.prepare('UPDATE receipt SET attempts = attempts + 1, due = ? WHERE jti = ?');
  const settle = ({ jti }: WaitingReceipt): void => {
    remove.run(jti);
  };
  return {
    keep({ jti, custodian, receipt }, at) {
      add.run(jti, custodian, receipt, at);
    },
    next: (limit) => next.all(limit) as unknown as WaitingReceipt[],
    settle,
    giveUp: settle,
    retry({ jti }, at) {
      retry.run(at, jti);
    },
    close() {
      database.close();
    },
  };
}
