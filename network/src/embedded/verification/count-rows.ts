import type { DatabaseSync } from 'node:sqlite';
import { asNumber } from '../store/columns.js';

export function countRows(database: DatabaseSync, table: string): number {
  return asNumber(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
}
