import { openLedger, type OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { StoreError } from '@consent-ledger/network/internal/embedded/store/store-error';
import { expect } from 'chai';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  CUSTODY,
  PATIENCE,
  RIVERSIDE,
  SENTINEL,
  testConsortium,
  type TestConsortium,
} from './support/consortium.js';
import { commitTogether, transaction } from './support/sending.js';

const MEMBERS = [RIVERSIDE, SENTINEL];

async function refusal(consortium: TestConsortium, folder: string): Promise<StoreError> {
  let ledger: OpenLedger | undefined;
  try {
    ledger = await openLedger(consortium.options(folder));
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  } finally {
    await ledger?.close();
  }
  throw new Error('the ledger was opened');
}

describe('a damaged store', function () {
  this.timeout(PATIENCE);
  let consortium: TestConsortium;
  let original: string;
  /** Number of the block that holds the transactions below. */
  let number: number;

  before(async () => {
    consortium = await testConsortium();
    original = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    const ledger = await openLedger(consortium.options(original));
    number = ledger.height;
    await commitTogether(ledger, [
      transaction(ledger, consortium, { content: { writes: { 'public-key': 'PUBLIC-VALUE' } } }),
      transaction(ledger, consortium, {
        content: { collections: { [CUSTODY]: { writes: { 'private-key': 'PRIVATE-VALUE' } } } },
        by: MEMBERS,
        stagedAt: MEMBERS,
      }),
    ]);
    await commitTogether(ledger, [transaction(ledger, consortium, { content: { writes: { next: 'x' } } })]);
    await ledger.close();
  });
  after(() => rm(original, { recursive: true, force: true }));

  /** Refusal of a copy of the store to which something was done. */
  async function after_(damage: (folder: string) => void): Promise<StoreError> {
    const folder = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    try {
      cpSync(original, folder, { recursive: true });
      damage(folder);
      return await refusal(consortium, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  const sql = (statement: string) => (folder: string) => {
    const database = new DatabaseSync(join(folder, 'ledger.db'));
    database.exec(statement);
    database.close();
  };

  /** Flips a bit of the `occurrence`th place in the file where a text stands. */
  const flip = (text: string, occurrence: number) => (folder: string) => {
    const file = join(folder, 'ledger.db');
    const bytes = readFileSync(file);
    let at = -1;
    for (let count = 0; count <= occurrence; count++) at = bytes.indexOf(text, at + 1);
    if (at < 0) throw new Error(`${text} stands fewer times in the file`);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(file, bytes);
  };

  const blob = (table: string, column: string, where: string) =>
    sql(
      `UPDATE ${table} SET ${column} = CAST(substr(${column}, 1, 20) || x'00' || substr(${column}, 22) AS BLOB) WHERE ${where}`,
    );

  const cases: Record<string, (folder: string) => void> = {
    'a flipped bit in a public value, wherever it stands (block)': flip('PUBLIC-VALUE', 0),
    'a flipped bit in a public value, wherever it stands (state)': flip('PUBLIC-VALUE', 1),
    'a flipped bit in a private value': flip('PRIVATE-VALUE', 0),
    'a flipped bit in a private key of the index': flip('private-key', 1),
    'an altered block': (folder) => {
      blob('blocks', 'block', `number = ${number}`)(folder);
    },
    'an altered annex': (folder) => {
      sql(`UPDATE blocks SET annex = x'0802' WHERE number = ${number}`)(folder);
    },
    'a missing block': (folder) => {
      sql(`DELETE FROM blocks WHERE number = ${number}`)(folder);
    },
    'a state row that is gone': sql(`DELETE FROM state WHERE key = CAST('public-key' AS BLOB)`),
    'another value in the state': sql(
      `UPDATE state SET value = x'00' WHERE key = CAST('public-key' AS BLOB)`,
    ),
    'an older version in the state': sql(`UPDATE state SET block = 1 WHERE key = CAST('public-key' AS BLOB)`),
    'another hash in the state': (folder) => {
      sql(`UPDATE hashed SET value_hash = zeroblob(32) WHERE block = ${number}`)(folder);
    },
    'a hash that is gone': (folder) => {
      sql(`DELETE FROM hashed WHERE block = ${number}`)(folder);
    },
    'a private set that is gone': (folder) => {
      sql(`DELETE FROM private_sets WHERE block = ${number}`)(folder);
    },
    'other holders of a private set': (folder) => {
      sql(`UPDATE private_sets SET holders = 'LakesideMSP' WHERE block = ${number}`)(folder);
    },
    'a transaction that the index does not know': (folder) => {
      sql(`DELETE FROM transactions WHERE block = ${number} AND tx = 0`)(folder);
    },
    'another code in the index': (folder) => {
      sql(`UPDATE transactions SET code = 11 WHERE block = ${number}`)(folder);
    },
    'a change that the history does not know': (folder) => {
      sql(`DELETE FROM history WHERE block = ${number}`)(folder);
    },
  };
  for (const [what, damage] of Object.entries(cases)) {
    it(`is refused for ${what}, naming the block`, async () => {
      const error = await after_(damage);
      expect(error.problem).to.equal('damaged');
      expect(error.block, error.message).to.equal(number);
      expect(error.message).to.include(`block ${number}`).and.to.include('consent-ledger reset');
    });
  }

  it('is refused for rows that no block wrote', async () => {
    for (const statement of [
      "INSERT INTO state VALUES(1, CAST('planted' AS BLOB), 1, 0, x'00', NULL)",
      'INSERT INTO hashed VALUES(1, zeroblob(32), 1, 0, zeroblob(32), NULL, 1, 0)',
      "INSERT INTO history VALUES(1, CAST('planted' AS BLOB), 1, 0)",
      "INSERT INTO transactions VALUES(CAST('planted' AS BLOB), 1, 0, 0)",
      "INSERT INTO private_keys VALUES(1, CAST('planted' AS BLOB), ',1:0')",
    ]) {
      const error = await after_(sql(statement));
      expect(error.problem, statement).to.equal('damaged');
    }
  });

  it('is refused when its last block was cut off together with nothing else', async () => {
    const error = await after_(sql('DELETE FROM blocks WHERE number = (SELECT max(number) FROM blocks)'));
    expect(error.problem).to.equal('damaged');
  });

  it('is refused when it was cut back to an earlier block, though it is consistent in itself', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    try {
      cpSync(original, folder, { recursive: true });
      const ledger = await openLedger(consortium.options(folder));
      const { height } = ledger;
      await commitTogether(ledger, [transaction(ledger, consortium, { content: { writes: { more: 'x' } } })]);
      await ledger.close();
      cpSync(join(original, 'ledger.db'), join(folder, 'ledger.db'));
      const error = await refusal(consortium, folder);
      expect(error.problem).to.equal('damaged');
      expect(error.block).to.equal(height);
      expect(error.message).to.include('was committed and is missing');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is refused when its write-ahead log was damaged, which the database itself would ignore', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    const copy = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    try {
      const ledger = await openLedger(consortium.options(folder));
      const { height } = ledger;
      await commitTogether(ledger, [
        transaction(ledger, consortium, { content: { writes: { k: 'LOGGED' } } }),
      ]);
      // What a crash leaves behind: the log was not written back yet.
      cpSync(folder, copy, { recursive: true });
      await ledger.close();
      const log = join(copy, 'ledger.db-wal');
      const bytes = readFileSync(log);
      const at = bytes.lastIndexOf('LOGGED');
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      writeFileSync(log, bytes);
      const error = await refusal(consortium, copy);
      expect(error.problem).to.equal('damaged');
      expect(error.block).to.be.within(1, height);
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rm(copy, { recursive: true, force: true });
    }
  });

  it('is refused when the file is no database any more', async () => {
    const error = await after_((folder) => {
      writeFileSync(join(folder, 'ledger.db'), Buffer.alloc(8192, 1));
    });
    expect(error.problem).to.equal('damaged');
  });

  it('is left as it was, so that it can be looked at', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    try {
      cpSync(original, folder, { recursive: true });
      flip('PUBLIC-VALUE', 1)(folder);
      const before_ = readFileSync(join(folder, 'ledger.db'));
      await refusal(consortium, folder);
      expect(readFileSync(join(folder, 'ledger.db')).equals(before_)).to.equal(true);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
