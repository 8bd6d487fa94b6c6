import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openIdempotencyStore } from '@consent-ledger/gateway/internal/adapters/sqlite/idempotency-store';

type Store = ReturnType<typeof openIdempotencyStore>;

describe('idempotency keys that two gateways of one member share', () => {
  let directory: string;
  let now = 1_000_000;
  let one: Store;
  let other: Store;

  const open = (gateway: string): Store =>
    openIdempotencyStore({ path: join(directory, 'keys.db'), gateway, now: () => now });

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'consent-ledger-'));
    [one, other] = [open('one'), open('other')];
  });
  afterEach(() => {
    one.close();
    other.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('are claimed by one of them, and answered by both', () => {
    expect(one.claim('id', 'request').kind).to.equal('run');
    expect(other.claim('id', 'request')).to.deep.equal({ kind: 'in-progress' });
    expect(other.claim('id', 'another request')).to.deep.equal({ kind: 'other-request' });
    const answer = { status: 201, headers: { Location: '/somewhere' }, body: '{}' };
    one.answer('id', answer);
    for (const store of [one, other]) {
      expect(store.claim('id', 'request')).to.deep.equal({ kind: 'answered', answer });
    }
  });

  it('are taken over with the same seed, and what was sent for them, from one that is gone', () => {
    const claim = one.claim('id', 'request');
    one.attempting('id', 0, 'transaction-1');
    now += 29_000;
    expect(other.claim('id', 'request')).to.deep.equal({ kind: 'in-progress' });
    now += 2_000;
    expect(other.claim('id', 'request')).to.deep.equal(claim);
    expect(other.attempted('id', 0)).to.deep.include({ transaction: 'transaction-1', isOwn: false });
    expect(one.attempted('id', 0)).to.deep.include({ isOwn: true });
    expect(one.claim('id', 'request')).to.deep.equal({ kind: 'in-progress' });
  });

  it('are free at once when their gateway starts again, and not when another one does', () => {
    const claim = one.claim('id', 'request');
    open('other').close();
    expect(other.claim('id', 'request')).to.deep.equal({ kind: 'in-progress' });
    one.close();
    one = open('one');
    expect(one.claim('id', 'request')).to.deep.equal(claim);
  });

  it('are free again when what was asked may yet succeed', () => {
    const claim = one.claim('id', 'request');
    one.release('id');
    expect(other.claim('id', 'request')).to.deep.equal(claim);
  });

  it('are forgotten after a day', () => {
    one.claim('id', 'request');
    one.answer('id', { status: 200, headers: {} });
    now += 24 * 3_600_000;
    expect(one.claim('id', 'another request').kind).to.equal('other-request');
    now += 1;
    expect(one.claim('id', 'another request').kind).to.equal('run');
  });
});
