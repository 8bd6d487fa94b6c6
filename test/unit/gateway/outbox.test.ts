import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openOutbox } from '@consent-ledger/gateway/internal/adapters/sqlite/outbox';

const prepared = (transaction: string) => ({
  transaction,
  bytes: Buffer.from(`bytes of ${transaction}`),
  signature: Buffer.from('signed'),
  height: 7,
});

describe('the outbox loses nothing that it was given', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'outbox-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('has after a restart what was open, byte for byte, and what it was for', () => {
    const path = join(folder, 'outbox.db');
    const before = openOutbox(path);
    before.keep(prepared('a'), ['request 1', 'request 2', 'request 1']);
    before.keep(prepared('b'), []);
    before.settle('b');
    before.close();

    const after = openOutbox(path);
    expect(after.size).to.equal(1);
    const [open] = after.open();
    expect(open?.transaction).to.equal('a');
    expect(Buffer.from(open?.bytes ?? []).toString()).to.equal('bytes of a');
    expect(after.isOpen('request 1')).to.equal(true);
    expect(after.isOpen('request 3')).to.equal(false);
    after.settle('a');
    expect(after.isOpen('request 1')).to.equal(false);
    after.close();
    const last = openOutbox(path);
    expect(last.size).to.equal(0);
    last.close();
  });

  it('knows at once what is settled, also before it is written; settles what it never had without a word', () => {
    const outbox = openOutbox(join(folder, 'outbox.db'));
    outbox.settle('never seen');
    outbox.keep(prepared('a'), ['x']);
    outbox.settle('a');
    expect(outbox.open()).to.deep.equal([]);
    expect(outbox.size).to.equal(0);
    outbox.keep(prepared('b'), ['x']);
    expect(outbox.open().map(({ transaction }) => transaction)).to.deep.equal(['b']);
    outbox.close();
  });

  it('has, killed instead of closed, at most too much: what was settled is asked for again', () => {
    const path = join(folder, 'outbox.db');
    const killed = openOutbox(path);
    killed.keep(prepared('a'), []);
    killed.settle('a');
    const next = openOutbox(path);
    expect(next.open().map(({ transaction }) => transaction)).to.deep.equal(['a']);
    next.close();
  });
});
