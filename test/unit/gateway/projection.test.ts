import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProjection } from '@consent-ledger/gateway/internal/adapters/sqlite/projection';
import { ProjectionError } from '@consent-ledger/gateway/internal/adapters/sqlite/folding';
import type { LedgerBlock, LedgerTransaction } from '@consent-ledger/gateway/internal/ports/ledger';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';

const COLLECTION = 'custody-RiversideMSP';
const hash = (content: string): string => createHash('sha256').update(content).digest('hex');

interface Write {
  readonly key: string;
  /** Absent: deleted. */
  readonly value?: string;
  readonly missing?: boolean;
  readonly forged?: boolean;
  readonly purged?: boolean;
}

function transaction(index: number, writes: readonly Write[], valid = true): LedgerTransaction {
  return {
    index,
    id: `transaction-${index}`,
    valid,
    code: valid ? 'VALID' : 'MVCC_READ_CONFLICT',
    at: 0,
    writes: [],
    hashed: writes.map(({ key, value, purged = false }) => ({
      collection: COLLECTION,
      keyHash: hash(key),
      purged,
      ...(value === undefined ? {} : { valueHash: hash(value) }),
    })),
    private: writes.flatMap(({ key, value, missing, forged }) =>
      value === undefined || missing === true
        ? []
        : [{ collection: COLLECTION, key, value: Buffer.from(forged === true ? 'forged' : value) }],
    ),
  };
}

function block(number: number, ...transactions: readonly LedgerTransaction[]): LedgerBlock {
  return { number, hash: hash(`block ${number}`), transactions };
}

describe('the projection is the fold of valid transactions, each once', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'projection-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const open = () =>
    openProjection({
      path: join(folder, 'projection.db'),
      chaincode: 'consent-ledger',
      collections: [COLLECTION],
    });
  const textOf = (projection: ReturnType<typeof open>, key: string): string | undefined =>
    projection.privateValue(COLLECTION, key)?.value.toString();

  it('goes on after a restart where it was, and takes no block out of order', () => {
    const first = open();
    first.fold(block(0, transaction(0, [{ key: 'a', value: '1' }])));
    first.close();
    const second = open();
    expect(second.height).to.equal(1);
    expect(() => {
      second.fold(block(2));
    }).to.throw(ProjectionError);
    second.fold(block(0, transaction(0, [{ key: 'a', value: 'other' }])));
    expect(textOf(second, 'a'), 'a block that is folded is not folded again').to.equal('1');
    second.fold(block(1, transaction(0, [{ key: 'a', value: '2' }])));
    expect(textOf(second, 'a')).to.equal('2');
    second.close();
  });

  it('ignores what is not valid, and what other members hold', () => {
    const projection = open();
    const foreign = transaction(1, [{ key: 'b', value: '1', missing: true }]);
    projection.fold(
      block(0, transaction(0, [{ key: 'a', value: '1' }], false), {
        ...foreign,
        hashed: foreign.hashed.map((write) => ({ ...write, collection: 'custody-LakesideMSP' })),
      }),
    );
    expect(textOf(projection, 'a')).to.equal(undefined);
    expect(projection.pending()).to.deep.equal([]);
    projection.close();
  });

  it('calls a missing value pending, by its key, and says nothing about it until it is there', () => {
    const projection = open();
    projection.fold(
      block(
        0,
        transaction(0, [
          { key: 'a', value: 'old' },
          { key: 'b', value: 'there' },
        ]),
      ),
    );
    projection.fold(block(1, transaction(0, [{ key: 'a', value: 'new', missing: true }])));
    expect(projection.pending()).to.deep.equal([{ block: 1, values: 1 }]);
    expect(() => textOf(projection, 'a')).to.throw(Refusal, 'event-pending');
    expect(textOf(projection, 'b')).to.equal('there');
    projection.fold(block(1, transaction(0, [{ key: 'a', value: 'new' }])));
    expect(textOf(projection, 'a')).to.equal('new');
    expect(projection.pending()).to.deep.equal([]);
    projection.close();
  });

  it('does not let a value that comes late take the place of a newer one', () => {
    const projection = open();
    projection.fold(block(0, transaction(0, [{ key: 'a', value: 'late', missing: true }])));
    projection.fold(block(1, transaction(0, [{ key: 'a', value: 'newer' }])));
    expect(textOf(projection, 'a'), 'an older value that is missing does not matter').to.equal('newer');
    projection.fold(block(0, transaction(0, [{ key: 'a', value: 'late' }])));
    expect(textOf(projection, 'a')).to.equal('newer');
    projection.close();
  });

  it('waits for nothing that was purged, and holds it no longer', () => {
    const projection = open();
    projection.fold(
      block(
        0,
        transaction(0, [
          { key: 'a', value: 'x', missing: true },
          { key: 'b', value: 'y' },
        ]),
      ),
    );
    projection.fold(
      block(
        1,
        transaction(0, [
          { key: 'a', purged: true },
          { key: 'b', purged: true },
        ]),
      ),
    );
    expect(projection.pending()).to.deep.equal([]);
    expect(textOf(projection, 'a')).to.equal(undefined);
    expect(textOf(projection, 'b')).to.equal(undefined);
    projection.close();
  });

  it('takes all of a block or nothing, and no value that is not what was hashed', () => {
    const projection = open();
    const bad = block(
      0,
      transaction(0, [{ key: 'a', value: '1' }]),
      transaction(1, [{ key: 'b', value: '2', forged: true }]),
    );
    expect(() => {
      projection.fold(bad);
    }).to.throw(ProjectionError, 'not what was hashed');
    expect(projection.height).to.equal(0);
    expect(textOf(projection, 'a')).to.equal(undefined);
    projection.close();
  });
});
