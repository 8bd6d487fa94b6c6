import { openNotificationStore } from '@consent-ledger/gateway/internal/adapters/sqlite/notification-store';
import { UndeliverableError, type Courier } from '@consent-ledger/gateway/internal/ports/courier';
import type { Notice } from '@consent-ledger/gateway/internal/ports/notices';
import type { NotificationStore } from '@consent-ledger/gateway/internal/ports/notification-store';
import type { Projection } from '@consent-ledger/gateway/internal/ports/projection';
import { Notifier } from '@consent-ledger/gateway/internal/usecases/notifier';
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const AT = '2026-11-24T10:00:00.000Z';
const SUBJECT = 'sub-1';

function noticeIn(block: number): Notice {
  return {
    id: `tx-${block}.00`,
    subject: SUBJECT,
    kind: 'consent-filed',
    about: `c-${block}`,
    at: AT,
    transaction: `tx-${block}`,
    block,
  };
}

/** A seal that anybody can see through. */
const seal = {
  sealFor: (_subject: string, content: Uint8Array) => Promise.resolve(Buffer.from(content)),
  openFor: (_subject: string, sealed: Uint8Array) => Promise.resolve(Buffer.from(sealed)),
};

const log = { info: () => undefined, warn: () => undefined, error: () => undefined };

describe('what a subject is told is taken in once, whatever comes late', () => {
  let folder: string;
  let store: NotificationStore & { close(): void };
  let now = Date.parse(AT);
  let sent: string[] = [];
  let fails: Error | undefined;
  const held: Notice[] = [];
  const chain = { height: 0, pending: [] as { block: number; values: number }[] };
  const courier: Courier = {
    accepts: () => true,
    send: (address, { id }) => {
      if (fails !== undefined) return Promise.reject(fails);
      sent.push(`${id} ${address}`);
      return Promise.resolve();
    },
    close: () => undefined,
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-'));
    store = openNotificationStore(join(folder, 'notifications.db'));
    [now, sent, fails] = [Date.parse(AT), [], undefined];
    held.length = 0;
    Object.assign(chain, { height: 0, pending: [] });
    const told = { id: 'contacts.1', subject: SUBJECT, kind: 'contacts-changed', at: AT } as const;
    store.replace(SUBJECT, new Map([['mail', Buffer.from('a@b.example')]]), told, now);
  });

  afterEach(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });

  /** One life of a notifier: it looks, brings what it can, and ends. */
  async function run(open = seal.openFor): Promise<void> {
    const notifier = new Notifier({
      custodian: 'RiversideMSP',
      projection: { height: chain.height, pending: () => chain.pending } as unknown as Projection,
      notices: {
        about: () => held,
        since: (_custodian, block) => held.filter((notice) => notice.block >= block),
      },
      store,
      seal: { ...seal, openFor: open },
      couriers: new Map([['mail', courier]]),
      retryMs: 1_000,
      giveUpMs: 10_000,
      now: () => now,
      log,
    });
    notifier.start();
    await sleep(20);
    await notifier.stop();
  }

  it('reads a block again until all of its values are there, and tells nothing twice', async () => {
    held.push(noticeIn(5));
    Object.assign(chain, { height: 8, pending: [{ block: 3, values: 1 }] });
    await run();
    expect(sent).to.deep.equal(['tx-5.00 a@b.example']);
    expect(store.scanned).to.equal(3);
    held.unshift(noticeIn(3));
    Object.assign(chain, { height: 9, pending: [] });
    await run();
    await run();
    expect(sent).to.deep.equal(['tx-5.00 a@b.example', 'tx-3.00 a@b.example']);
    expect(store.scanned).to.equal(9);
  });

  it('waits longer each time, and gives up in the end', async () => {
    held.push(noticeIn(1));
    chain.height = 2;
    fails = new Error('not now');
    const waits: number[] = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      await run();
      const due = store.next(1)[0]?.due;
      if (due === undefined) break;
      waits.push(due - now);
      now = due;
    }
    expect(waits).to.deep.equal([1_000, 2_000, 4_000, 8_000]);
    await run();
    expect(store.next(1)).to.deep.equal([]);
    expect(store.deliveries(SUBJECT)).to.deep.include({
      notice: 'tx-1.00',
      channel: 'mail',
      status: 'failed',
      attempts: 5,
      at: new Date(now).toISOString(),
    });
  });

  it('gives up at once what is refused for good, or whose address went with its key', async () => {
    held.push(noticeIn(1));
    chain.height = 2;
    fails = new UndeliverableError('no such mailbox');
    await run();
    held.push(noticeIn(2));
    chain.height = 3;
    fails = undefined;
    await run(() => {
      throw new Error('the key of the subject was destroyed');
    });
    expect(sent).to.deep.equal([]);
    expect(store.deliveries(SUBJECT).map(({ status, attempts }) => [status, attempts])).to.deep.equal([
      ['failed', 1],
      ['failed', 1],
    ]);
  });

  it('goes on where it was when it ended with messages waiting', async () => {
    held.push(noticeIn(1));
    chain.height = 2;
    fails = new Error('not now');
    await run();
    store.close();
    store = openNotificationStore(join(folder, 'notifications.db'));
    expect([store.scanned, store.waiting]).to.deep.equal([2, 1]);
    fails = undefined;
    now += 1_000;
    await run();
    expect(sent).to.deep.equal(['tx-1.00 a@b.example']);
    expect(store.waiting).to.equal(0);
  });
});
