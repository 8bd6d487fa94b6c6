import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaincodeEvent, ChaincodeEventsOptions } from '@hyperledger/fabric-gateway';
import { expect } from 'chai';
import type { Bench } from '../../support/ledger/bench.js';
import type { Behaviour } from '../../support/ledger/rows.js';

/** How long a stream is listened to that must stay silent. */
const SILENCE_MS = 700;

/** Events that chaincode sets. */
export const events: Behaviour = (row) => {
  row('', 'gives an event with its transaction, block and payload', async (bench) => {
    const { block, txId } = await emit(bench, 'first');
    const [event] = await eventsFrom(bench, { startBlock: BigInt(block) }, 1);
    expect(event).to.deep.include({
      blockNumber: BigInt(block),
      transactionId: txId,
      chaincodeName: bench.ledger.chaincode,
      eventName: 'first',
    });
    expect(Buffer.from(event?.payload ?? []).toString()).to.equal('payload of first');
  });

  row('', 'starts with what is committed from now on', async (bench) => {
    await emit(bench, 'before');
    const network = bench.client().gateway.getNetwork(bench.ledger.channel);
    const stream = await network.getChaincodeEvents(bench.ledger.chaincode);
    // The stream is open once the peer has answered; that it has cannot be seen from here.
    await sleep(300);
    const { txId } = await emit(bench, 'after');
    const next = await stream[Symbol.asyncIterator]().next();
    stream.close();
    expect((next.value as ChaincodeEvent).transactionId).to.equal(txId);
  });

  row('', 'gives only the events of the chaincode that was asked for', async (bench) => {
    const { a, b, c } = bench;
    const { block } = await emit(bench, 'of the probe');
    const foreign = await bench
      .client()
      .submit(
        [{ op: 'event', name: 'of another', payload: '' }],
        { organisations: bench.mspIds(a, b, c) },
        'other',
      );
    expect(foreign.code).to.equal(0);
    const after = await emit(bench, 'of the probe again');
    const found = await eventsFrom(bench, { startBlock: BigInt(block) }, 2);
    expect(found.map(({ eventName }) => eventName)).to.deep.equal(['of the probe', 'of the probe again']);
    expect(found[1]?.transactionId).to.equal(after.txId);
  });

  row('48', 'gives no event of an invalid transaction', async (bench) => {
    const key = bench.key();
    const event = (name: string) => ({ op: 'event', name, payload: '' }) as const;
    const stale = await bench
      .client()
      .endorse([{ op: 'get', key }, { op: 'put', key, value: '1' }, event('invalid')]);
    const { block } = await bench.client().write([{ op: 'put', key, value: '0' }, event('valid')]);
    expect((await bench.client().commit(stale)).code).to.equal(11);
    await emit(bench, 'later');
    const found = await eventsFrom(bench, { startBlock: BigInt(block) }, 2);
    expect(found.map(({ eventName }) => eventName)).to.deep.equal(['valid', 'later']);
  });

  row('50', 'gives the last of two events that one transaction set', async (bench) => {
    const { block } = await bench.client().write([
      { op: 'event', name: 'one', payload: '1' },
      { op: 'event', name: 'two', payload: '2' },
      { op: 'put', key: bench.key(), value: 'v' },
    ]);
    const [event] = await eventsFrom(bench, { startBlock: BigInt(block) }, 1);
    expect(event?.eventName).to.equal('two');
  });

  const needs = ['event-positions'] as const;

  row(
    '',
    'goes on after a transaction, within its block too',
    async (bench) => {
      const first = await emit(bench, 'seen');
      const second = await emit(bench, 'not seen');
      const found = await eventsFrom(
        bench,
        { startBlock: BigInt(first.block), afterTransactionId: first.txId },
        1,
      );
      expect(found[0]?.transactionId).to.equal(second.txId);
    },
    { needs },
  );

  row(
    '49',
    'stays silent after a transaction that had no event',
    async (bench) => {
      const silent = await bench.client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
      const network = bench.client().gateway.getNetwork(bench.ledger.channel);
      const stream = await network.getChaincodeEvents(bench.ledger.chaincode, {
        checkpoint: checkpoint(silent),
      });
      await emit(bench, 'never seen');
      const next = stream[Symbol.asyncIterator]()
        .next()
        .catch(() => 'closed' as const);
      const heard = await Promise.race([next, sleep(SILENCE_MS, 'silence' as const)]);
      stream.close();
      expect(heard).to.equal('silence');
    },
    { needs },
  );
};

function emit(bench: Bench, name: string): Promise<{ block: number; txId: string }> {
  return bench.client().write([
    { op: 'event', name, payload: `payload of ${name}` },
    { op: 'put', key: bench.key(), value: 'v' },
  ]);
}

function checkpoint({
  block,
  txId,
}: {
  block: number;
  txId: string;
}): NonNullable<ChaincodeEventsOptions['checkpoint']> {
  return { getBlockNumber: () => BigInt(block), getTransactionId: () => txId };
}

interface EventsFrom {
  readonly startBlock: bigint;
  readonly afterTransactionId?: string;
}

async function eventsFrom(
  bench: Bench,
  { startBlock, afterTransactionId }: EventsFrom,
  count: number,
): Promise<ChaincodeEvent[]> {
  const options: ChaincodeEventsOptions =
    afterTransactionId === undefined
      ? { startBlock }
      : { checkpoint: checkpoint({ block: Number(startBlock), txId: afterTransactionId }) };
  const network = bench.client().gateway.getNetwork(bench.ledger.channel);
  const stream = await network.getChaincodeEvents(bench.ledger.chaincode, options);
  const found: ChaincodeEvent[] = [];
  try {
    for await (const event of stream) {
      found.push(event);
      if (found.length >= count) break;
    }
  } finally {
    stream.close();
  }
  return found;
}
