import type { BatchSettings } from '@consent-ledger/network/internal/embedded/config/channel-config';
import { BlockCutter } from '@consent-ledger/network/internal/embedded/orderer/block-cutter';
import { ProtoWriter } from '@consent-ledger/network/internal/wire-format/index';
import { expect } from 'chai';
import { LAKESIDE, NOVACURE, RIVERSIDE, SENTINEL, sharedLedger, withLedger } from './support/consortium.js';
import { highS } from './support/high-s.js';
import { codesOf, transaction, type WriteSpec } from './support/sending.js';
import { sealed } from './support/transactions.js';

const KEY = { writes: { k: 'v' } };

describe('the orderer', () => {
  const shared = sharedLedger();
  const send = async (spec: Partial<WriteSpec>) =>
    await shared.ledger.broadcast(
      transaction(shared.ledger, shared.consortium, { content: KEY, ...spec }).envelope,
    );
  const client = (mspId: string) => shared.consortium.signer(mspId, 'client');

  it('takes what a client or an admin of any organisation signed, whatever is in it', async () => {
    for (const mspId of [RIVERSIDE, LAKESIDE, NOVACURE, SENTINEL]) {
      expect(await send({ creator: client(mspId) }), mspId).to.deep.equal({ status: 200, info: '' });
    }
    expect((await send({ creator: shared.consortium.signer(RIVERSIDE, 'admin') })).status).to.equal(200);
    expect((await send({ by: [], txId: 'nonsense' })).status).to.equal(200);
  });

  it('forbids what a peer signed, or someone else, or with a high S', async () => {
    const { signer } = shared.consortium;
    for (const spec of [
      { creator: signer(RIVERSIDE, 'peer') },
      { signer: client(LAKESIDE) },
      { signer: highS(client(RIVERSIDE)) },
    ]) {
      const { status, info } = await send(spec);
      expect(status).to.equal(403);
      expect(info).to.match(/sub-policies were satisfied.*permission denied/);
    }
  });

  it('refuses what it cannot read, what is for another channel, and configuration', async () => {
    const noHeader = sealed(new ProtoWriter().bytes(2, 'data').finish(), client(RIVERSIDE));
    for (const envelope of [Buffer.from([0x0a, 0xff]), Buffer.alloc(0), noHeader]) {
      expect((await shared.ledger.broadcast(envelope)).status).to.equal(400);
    }
    expect(await send({ channelId: 'another' })).to.deep.equal({
      status: 400,
      info: 'channel does not exist',
    });
    expect((await send({ type: 1 })).info).to.match(/CONFIG cannot be processed directly/);
    expect((await send({ type: 2 })).status).to.equal(400);
  });

  it('refuses what is larger than the channel allows', async () => {
    const results = Buffer.alloc(10 * 1024 * 1024);
    const { status, info } = await send({ results });
    expect(status).to.equal(400);
    expect(info).to.match(/exceeds maximum allowed 10485760 bytes/);
  });

  it('refuses a client whose certificate has ended', () =>
    withLedger(
      async (ledger, consortium) => {
        const { envelope } = transaction(ledger, consortium, { content: KEY });
        expect(await ledger.broadcast(envelope)).to.deep.equal({
          status: 400,
          info: 'broadcast client identity expired',
        });
      },
      { now: () => Date.now() + 100 * 365 * 24 * 3_600_000, chaincodes: [] },
    ));

  it('cuts a block when the batch timeout is over, without being asked', () =>
    withLedger(async (ledger, consortium) => {
      const number = ledger.height;
      const built = transaction(ledger, consortium, { content: KEY });
      await ledger.broadcast(built.envelope);
      expect(ledger.height).to.equal(number);
      const signal = AbortSignal.timeout(10_000);
      expect(await ledger.waitForTransaction(built.txId, signal)).to.deep.equal({
        code: 0,
        blockNumber: number,
        tx: 0,
      });
      expect(await ledger.waitForBlock(number, signal)).to.deep.equal(ledger.block(number));
    }));

  it('answers nobody any more once the ledger is closed', async () => {
    await withLedger(async (ledger, consortium) => {
      const waiting = ledger.waitForTransaction('never', new AbortController().signal).then(
        () => 'came',
        (error: unknown) => String(error),
      );
      await ledger.close();
      expect(await waiting).to.match(/closed/);
      const { envelope } = transaction(ledger, consortium, { content: KEY });
      expect((await ledger.broadcast(envelope)).status).to.equal(503);
    });
  });

  it('lets a waiter give up', async () => {
    const reason = new Error('no patience');
    const given = shared.ledger
      .waitForBlock(1_000, AbortSignal.abort(reason))
      .catch((error: unknown) => error);
    expect(await given).to.equal(reason);
  });
});

describe('the block cutter', () => {
  const settings: BatchSettings = {
    maxMessageCount: 3,
    preferredMaxBytes: 100,
    absoluteMaxBytes: 1000,
    timeout: 1,
  };
  const cutter = (): ((size: number) => number[]) => {
    const own = new BlockCutter(() => settings);
    return (size) => own.ordered({ bytes: Buffer.alloc(size), size }).map((batch) => batch.length);
  };

  it('cuts at the number of messages', () => {
    const ordered = cutter();
    expect([1, 1, 1, 1].map(ordered)).to.deep.equal([[], [], [3], []]);
  });
  it('cuts before a message that would make the batch larger than preferred', () => {
    const ordered = cutter();
    expect([60, 60, 40].map(ordered)).to.deep.equal([[], [1], []]);
  });
  it('isolates a message that is larger than preferred, after what waited', () => {
    const ordered = cutter();
    expect([10, 101, 10].map(ordered)).to.deep.equal([[], [1, 1], []]);
    expect(cutter()(101)).to.deep.equal([1]);
  });
});

describe('a block', () => {
  it('holds what was sent, in the order in which it was accepted', () =>
    withLedger(async (ledger, consortium) => {
      const number = ledger.height;
      const all = Array.from({ length: 7 }, (_, index) =>
        transaction(ledger, consortium, { content: { reads: {}, writes: { [`k${index}`]: 'v' } } }),
      );
      for (const { envelope } of all) await ledger.broadcast(envelope);
      ledger.flush();
      expect(codesOf(ledger, number)).to.deep.equal(all.map(() => 0));
      const { readBlock } = await import('@consent-ledger/network/internal/wire-format/index');
      const { transactions } = readBlock(ledger.block(number) ?? Buffer.alloc(0));
      expect(transactions.map((bytes) => bytes.toString('hex'))).to.deep.equal(
        all.map(({ envelope }) => envelope.toString('hex')),
      );
    }));
});
