import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import {
  beginningOf,
  JOURNAL_TYP,
  journalClaims,
  MAX_JOURNAL_LENGTH,
  openCompactJws,
  sha256,
  type JournalClaims,
} from '@consent-ledger/chaincode/wire';
import type { Journal, JournalEntry, NewJournalEntry, SignJournal } from '../../ports/journal.js';
import { Refusal } from '../../usecases/refusal.js';
import { openDatabase } from './database.js';

const SCHEMA = `
CREATE TABLE chain (name TEXT PRIMARY KEY) STRICT;
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY,
  role TEXT NOT NULL,
  event TEXT NOT NULL,
  due INTEGER NOT NULL,
  entry TEXT NOT NULL,
  request TEXT NOT NULL,
  other TEXT,
  abandoned INTEGER NOT NULL DEFAULT 0,
  committed INTEGER NOT NULL DEFAULT 0,
  settled INTEGER NOT NULL DEFAULT 0,
  UNIQUE (role, event)
) STRICT;
CREATE INDEX unfinished ON entry(seq) WHERE committed = 0 OR settled = 0`;

const CHAIN_BYTES = 16;

interface Row {
  readonly seq: number;
  readonly role: JournalEntry['role'];
  readonly entry: string;
  readonly request: string;
  readonly other: string | null;
  readonly abandoned: number;
  readonly committed: number;
  readonly settled: number;
}

/**
 * The journal in one SQLite file, written through to the disk. Throws an Error where what is in it is not one chain: something was changed or
 * taken out, and nothing may be added to it.
 *
 * @param isTaken whether the ledger has an entry of this chain at that place already. Then this file is an older copy that was brought back, and
 * an entry that is added would make two of one place: `append` throws a Refusal `journal-not-next`
 */
export function openJournal(
  path: string,
  own: string,
  sign: SignJournal,
  isTaken: (chain: string, seq: number) => boolean = () => false,
): Journal & { close(): Promise<void> } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  const chain = nameOf(database);
  const statements = statementsOf(database);
  const rows = (database.prepare('SELECT * FROM entry ORDER BY seq').all() as unknown as Row[]).map(entryOf);
  try {
    requireWhole(path, chain, rows);
  } catch (error) {
    database.close();
    throw error;
  }
  let prev = rows.at(-1)?.digest ?? beginningOf(chain);
  let next = rows.length;
  let turn: Promise<unknown> = Promise.resolve();

  const append = async ({ role, body, request, other }: NewJournalEntry): Promise<JournalEntry> => {
    if (isTaken(chain, next)) throw new Refusal('journal-not-next');
    const claims: JournalClaims = { ...body, iss: own, chain, seq: next, prev };
    const entry = await sign(claims);
    statements.add.run(next, role, body.event, body.due, entry, request, other ?? null);
    const digest = sha256(entry);
    [prev, next] = [digest, next + 1];
    const { seq } = claims;
    const fresh = { isAbandoned: false, isCommitted: false, isSettled: false };
    return { seq, role, claims, entry, digest, request, other, ...fresh };
  };
  const all = (found: unknown): JournalEntry[] => (found as Row[]).map(entryOf);
  return {
    chain,
    append(entry) {
      const appended = turn.then(() => append(entry));
      // The next one follows what is there, whether this one got there or not.
      turn = appended.catch(() => undefined);
      return appended;
    },
    find: (role, event) => all(statements.find.all(role, event))[0],
    countersign: (seq, other) => statements.countersign.run(other, seq).changes > 0,
    abandon: (seq) => statements.abandon.run(seq).changes > 0,
    committed(seq) {
      statements.committed.run(seq);
    },
    settled(seq) {
      statements.settled.run(seq);
    },
    uncommitted: (limit) => all(statements.uncommitted.all(limit)),
    unsettled: (role, after, limit) => all(statements.unsettled.all(role, after, limit)),
    list: (after, limit) => all(statements.list.all(after, limit)),
    counts: (now) => statements.counts.get(now) as { open: number; overdue: number },
    async close() {
      await turn;
      database.close();
    },
  };
}

function statementsOf(database: DatabaseSync) {
  return {
    add: database.prepare(
      'INSERT INTO entry (seq, role, event, due, entry, request, other) VALUES (?, ?, ?, ?, ?, ?, ?)',
    ),
    find: database.prepare('SELECT * FROM entry WHERE role = ? AND event = ?'),
    countersign: database.prepare(
      'UPDATE entry SET other = ? WHERE seq = ? AND other IS NULL AND abandoned = 0',
    ),
    abandon: database.prepare('UPDATE entry SET abandoned = 1 WHERE seq = ? AND other IS NULL'),
    committed: database.prepare('UPDATE entry SET committed = 1 WHERE seq = ?'),
    settled: database.prepare('UPDATE entry SET settled = 1 WHERE seq = ?'),
    // Both say what the index says as well: a partial index is used only by who repeats its condition.
    uncommitted: database.prepare(`
      SELECT * FROM entry WHERE (committed = 0 OR settled = 0) AND committed = 0 ORDER BY seq LIMIT ?`),
    unsettled: database.prepare(`
      SELECT * FROM entry WHERE (committed = 0 OR settled = 0) AND settled = 0 AND role = ? AND seq > ?
      ORDER BY seq LIMIT ?`),
    list: database.prepare('SELECT * FROM entry WHERE seq > ? ORDER BY seq LIMIT ?'),
    counts: database.prepare(`
      SELECT count(*) AS open, coalesce(sum(due <= ?), 0) AS overdue FROM entry
      WHERE committed = 0 OR settled = 0`),
  };
}

/** Given once, when the file is new. */
function nameOf(database: DatabaseSync): string {
  database
    .prepare('INSERT INTO chain (name) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM chain)')
    .run(randomBytes(CHAIN_BYTES).toString('base64url'));
  return (database.prepare('SELECT name FROM chain').get() as { name: string }).name;
}

function entryOf({ seq, role, entry, request, other, ...row }: Row): JournalEntry {
  return {
    seq,
    role,
    claims: journalClaims.parse(openCompactJws(entry, JOURNAL_TYP, MAX_JOURNAL_LENGTH)?.claims),
    entry,
    digest: sha256(entry),
    request,
    other: other ?? undefined,
    isAbandoned: row.abandoned === 1,
    isCommitted: row.committed === 1,
    isSettled: row.settled === 1,
  };
}

function requireWhole(path: string, chain: string, entries: readonly JournalEntry[]): void {
  let prev = beginningOf(chain);
  for (const [place, { claims, digest, seq }] of entries.entries()) {
    if (seq !== place || claims.seq !== place || claims.chain !== chain || claims.prev !== prev) {
      throw new Error(
        `${path} is damaged at entry ${place}: it does not follow the one before. Restore the file from a backup, or keep it for the auditor and start without it`,
      );
    }
    prev = digest;
  }
}
