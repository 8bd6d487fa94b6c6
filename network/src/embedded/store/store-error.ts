export type StoreProblem = 'absent' | 'damaged' | 'foreign' | 'in-use' | 'unwritable' | 'full';

/** The ledger's folder cannot be used, or not any longer; the message says why and what to do. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly problem: StoreProblem;
  /** The block at which a damaged store stops to be what it should be. */
  readonly block: number | undefined;

  constructor(problem: StoreProblem, message: string, options: { block?: number; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.problem = problem;
    this.block = options.block;
  }
}

export function damaged(folder: string, block: number, what: string, cause?: unknown): StoreError {
  return new StoreError(
    'damaged',
    `the ledger in ${folder} is damaged at block ${block}: ${what}. Nothing was changed. ` +
      'Restore the folder from a backup, or start anew with "consent-ledger reset"',
    { block, cause },
  );
}

/** Result codes of SQLite: https://www.sqlite.org/rescode.html */
const SQLITE_PERM = 3;
const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** The primary result code of an error of SQLite, or NaN for other errors. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number')
    return undefined;
  return error.errcode & 0xff;
}

export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === SQLITE_BUSY;
}

/** Says what an error of SQLite means for whoever runs the ledger; other errors are returned as they are. */
export function explainSqlite(error: unknown, folder: string, block: number): unknown {
  const code = sqliteCode(error);
  if (code === SQLITE_BUSY) {
    return new StoreError(
      'in-use',
      `the ledger in ${folder} is open in another process. Stop that one first ("consent-ledger down"), or use another --data-dir`,
      { cause: error },
    );
  }
  if (code === SQLITE_FULL) {
    return new StoreError(
      'full',
      `the disk of ${folder} is full, or the store has its full size. Nothing of block ${block} was kept; free some space and start again`,
      { cause: error },
    );
  }
  if (code === SQLITE_PERM || code === SQLITE_READONLY || code === SQLITE_CANTOPEN) {
    return unwritable(folder, error);
  }
  if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) {
    return damaged(folder, block, 'the database file is malformed', error);
  }
  return error;
}

export function unwritable(folder: string, cause: unknown): StoreError {
  return new StoreError(
    'unwritable',
    `the ledger's folder ${folder} cannot be written. Check its owner and permissions`,
    { cause },
  );
}
