import type { ExportLog, LoggedExport } from '../../ports/export-log.js';
import { openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE export (position INTEGER PRIMARY KEY, taken TEXT NOT NULL) STRICT;
CREATE TRIGGER export_stays BEFORE DELETE ON export BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER export_is_fixed BEFORE UPDATE ON export BEGIN SELECT RAISE(ABORT, 'entries stay as they are'); END`;

/** The log in one SQLite file, written through to the disk. */
export function openExportLog(path: string): ExportLog & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  const add = database.prepare('INSERT INTO export (taken) VALUES (?)');
  const after = database.prepare(
    'SELECT position, taken FROM export WHERE position > ? ORDER BY position LIMIT ?',
  );
  return {
    append(taken) {
      add.run(JSON.stringify(taken));
    },
    after: (position, limit) =>
      (after.all(position, limit) as unknown as { position: number; taken: string }[]).map((row) => ({
        ...(JSON.parse(row.taken) as LoggedExport),
        position: row.position,
      })),
    close() {
      database.close();
    },
  };
}
