import type { DatabaseSync } from 'node:sqlite';
import type { KeptLink, LinkStore, LinkUse } from '../../ports/link-store.js';
import { inTransaction, openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE link (
  id TEXT PRIMARY KEY,
  secret_hash TEXT NOT NULL UNIQUE,
  subject TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX link_by_subject ON link(subject, created_at);
CREATE TABLE link_use (
  link TEXT NOT NULL REFERENCES link(id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  member TEXT NOT NULL,
  user TEXT NOT NULL
) STRICT;
CREATE INDEX link_use_by_link ON link_use(link, at)`;

/** A link that is used more often than this is passed around, and ends by itself. */
const MOST_USES = 500;

interface Row {
  readonly id: string;
  readonly subject: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly ended_at: number | null;
}

/** The links in one SQLite file, written through to the disk. */
export function openLinkStore(path: string): LinkStore & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  database.exec('PRAGMA secure_delete = ON');
  const statements = statementsOf(database);
  return {
    add({ id, subject, createdAt, expiresAt }, secretHash) {
      statements.add.run(id, secretHash, subject, createdAt, expiresAt);
    },
    use: (secretHash, { at, member, user }) =>
      inTransaction(database, () => {
        const row = statements.good.get(secretHash, at) as Row | undefined;
        if (row === undefined) return undefined;
        statements.addUse.run(row.id, at, member, user);
        const { uses } = statements.countUses.get(row.id) as { uses: number };
        if (uses >= MOST_USES) statements.end.run(at, row.subject, row.id);
        return linkOf(row);
      }),
    end: (subject, id, at) => statements.end.run(at, subject, id).changes > 0,
    of: (subject) =>
      (statements.of.all(subject) as unknown as Row[]).map((row) => ({
        ...linkOf(row),
        uses: statements.usesOf.all(row.id) as unknown as LinkUse[],
      })),
    forget(subject) {
      statements.forget.run(subject);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    },
    close() {
      database.close();
    },
  };
}

function linkOf({ id, subject, created_at, expires_at, ended_at }: Row): KeptLink {
  return { id, subject, createdAt: created_at, expiresAt: expires_at, endedAt: ended_at ?? undefined };
}

function statementsOf(database: DatabaseSync) {
  return {
    add: database.prepare(
      'INSERT INTO link (id, secret_hash, subject, created_at, expires_at) VALUES (?, ?, ?, ?, ?)',
    ),
    good: database.prepare(
      'SELECT * FROM link WHERE secret_hash = ? AND expires_at > ? AND ended_at IS NULL',
    ),
    addUse: database.prepare('INSERT INTO link_use (link, at, member, user) VALUES (?, ?, ?, ?)'),
    countUses: database.prepare('SELECT count(*) AS uses FROM link_use WHERE link = ?'),
    // What stands is the first end.
    end: database.prepare('UPDATE link SET ended_at = coalesce(ended_at, ?) WHERE subject = ? AND id = ?'),
    of: database.prepare('SELECT * FROM link WHERE subject = ? ORDER BY created_at DESC, id'),
    usesOf: database.prepare('SELECT at, member, user FROM link_use WHERE link = ? ORDER BY at'),
    forget: database.prepare('DELETE FROM link WHERE subject = ?'),
  };
}
