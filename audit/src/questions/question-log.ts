import { mkdirSync, chmodSync, existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { canonicalText } from '@consent-ledger/chaincode/wire';

/** Who asked what. */
export interface Asked {
  /** A user of the command line, or the subject of a token. */
  readonly who: string;
  readonly via: 'command' | 'api';
  readonly question: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface LoggedQuestion extends Asked {
  readonly number: number;
  readonly at: string;
  /** SHA-256 over the entry and the hash of the one before it, hex. */
  readonly hash: string;
}

/** An entry is not the one that was written, or one is gone from between. */
export class QuestionLogBroken extends Error {
  override readonly name = 'QuestionLogBroken';

  constructor(readonly number: number) {
    super(`entry ${number} is not what was logged, or one before it is gone`);
  }
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS question (
  number INTEGER PRIMARY KEY, at TEXT NOT NULL, entry TEXT NOT NULL, hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS question_stays BEFORE DELETE ON question BEGIN SELECT RAISE(ABORT, 'entries stay'); END;
CREATE TRIGGER IF NOT EXISTS question_is_fixed BEFORE UPDATE ON question BEGIN SELECT RAISE(ABORT, 'entries stay as they are'); END;
`;

const NONE = '0'.repeat(64);

/**
 * Who asked the auditor's read model what: a file that only grows, each entry chained to the one before it by its hash. An entry is
 * on the disk before its question is answered. Whoever may write the file can make a whole new chain: to find that out, keep the
 * newest hash elsewhere.
 */
export class QuestionLog {
  readonly #database: DatabaseSync;

  /** @param path made, with mode 0600, where it is not there */
  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const isNew = !existsSync(path);
    this.#database = new DatabaseSync(path);
    if (isNew) chmodSync(path, 0o600);
    this.#database.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    this.#database.exec(SCHEMA);
  }

  /** On the disk when it returns. */
  append(asked: Asked, now: Date = new Date()): LoggedQuestion {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const last = this.#database
        .prepare('SELECT number, hash FROM question ORDER BY number DESC LIMIT 1')
        .get() as { number: number; hash: string } | undefined;
      const number = (last?.number ?? 0) + 1;
      const at = now.toISOString();
      const entry = canonicalText(asked);
      const hash = hashOf(number, at, entry, last?.hash ?? NONE);
      this.#database
        .prepare('INSERT INTO question (number, at, entry, hash) VALUES (?, ?, ?, ?)')
        .run(number, at, entry, hash);
      this.#database.exec('COMMIT');
      return { ...asked, number, at, hash };
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  /**
   * All entries from the first on.
   * @throws QuestionLogBroken at the first that does not belong to the one before it
   */
  *entries(): Generator<LoggedQuestion> {
    let [number, before] = [0, NONE];
    const rows = this.#database
      .prepare('SELECT number, at, entry, hash FROM question ORDER BY number')
      .iterate();
    for (const row of rows as IterableIterator<{ number: number; at: string; entry: string; hash: string }>) {
      number += 1;
      if (row.number !== number || row.hash !== hashOf(number, row.at, row.entry, before))
        throw new QuestionLogBroken(number);
      before = row.hash;
      yield { ...(JSON.parse(row.entry) as Asked), number, at: row.at, hash: row.hash };
    }
  }

  close(): void {
    this.#database.close();
  }
}

function hashOf(number: number, at: string, entry: string, before: string): string {
  return createHash('sha256').update(`${before}\n${number}\n${at}\n${entry}`).digest('hex');
}
