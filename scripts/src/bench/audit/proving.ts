import { existsSync } from 'node:fs';
import path from 'node:path';
import { readDelivered, Replay, verifyBundle, writeBundle } from '@consent-ledger/audit';
import { memberLayout } from '@consent-ledger/network';
import { judgeBlocks } from '@consent-ledger/network/embedded/verification/block-judge';
import type { peer } from '@hyperledger/fabric-protos';
import { openOwnPeer } from '../../audit/own-peer.js';
import { bringUp } from '../../consortium/bring-up.js';
import { wantedConsortium } from '../../consortium/consortium.js';
import { terminal } from '../../terminal/terminal.js';
import { connectAs } from '../decisions.js';
import { populate, type Person } from '../population.js';
import { pooled } from '../statistics.js';
import type { Part, PartContext } from './part.js';

const PORT_BASE = 17_200;
const PEOPLE = 400;
const RECORDS_EACH = 5;
const BATCH = 100;
const IN_FLIGHT = 6;
/** Requests are so many of the accesses that are folded. */
const SHARE = 3;

/**
 * Real blocks of the embedded ledger, with all that was signed for them: first subjects, consents and records, a transaction for each,
 * then decisions, a hundred requests of five records in a transaction.
 */
export const proving: Part = {
  name: 'proving',
  measure: async (context) => {
    const { say } = context;
    const history = await historyMade(context);
    say('verifying the bundle');
    const { transactions, requests, whole } = await verified(history);
    say(aboutLedgerutil());
    say('replaying without signatures');
    const decisions = await replayed(history);
    return {
      lines: [
        { what: 'verified, no requests in them', figures: [transactions], unit: 'transactions/s' },
        { what: 'verified, five records a request', figures: [requests], unit: 'request signatures/s' },
        { what: 'the whole bundle', figures: [whole], unit: 's' },
        { what: 'replayed without signatures', figures: [decisions], unit: 'decisions/s' },
      ],
      bars: [
        {
          name: 'verification without requests',
          figure: transactions,
          unit: '/s',
          at: 'least',
          bound: 1_500,
        },
        { name: 'verification of requests', figure: requests, unit: '/s', at: 'least', bound: 15_000 },
        {
          name: 'replay without signatures',
          figure: decisions,
          unit: 'decisions/s',
          at: 'least',
          bound: 50_000,
        },
      ],
      figures: { transactions, requests, whole, decisions, made: history.requests },
    };
  },
};

/** Fabric's own tool checks hashes of blocks in a real peer's store, which the embedded ledger has not. */
function aboutLedgerutil(): string {
  const home = process.env['FABRIC_HOME'];
  const isThere = home !== undefined && existsSync(path.join(home, 'bin/ledgerutil'));
  return isThere
    ? 'ledgerutil verify: not compared, it reads the block store of a real peer, and this history is the embedded ledger’s'
    : 'ledgerutil verify: not compared, FABRIC_HOME has no bin/ledgerutil';
}

interface History {
  readonly ledger: string;
  readonly chaincode: string;
  readonly collections: readonly string[];
  readonly blocks: readonly peer.BlockAndPrivateData[];
  /** Number of blocks before the first request. */
  readonly before: number;
  readonly requests: number;
}

async function historyMade({ folder, folded, say }: PartContext): Promise<History> {
  const dataDir = path.join(folder, 'consortium');
  const consortium = await wantedConsortium({ dataDir, portBase: PORT_BASE });
  const running = await bringUp(consortium, terminal('quiet'), new AbortController().signal);
  if (!('stop' in running)) throw new Error('another consortium holds the folder of the benchmark');
  try {
    const { ledger, ask } = await connectAs(consortium, 'riverside', 'lakeside', 'sentinel');
    const own = await openOwnPeer(memberLayout(dataDir, 'sentinel').configuration);
    try {
      say(`${PEOPLE} subjects with ${RECORDS_EACH} records`);
      const people = await populate(ledger, 'lakeside', PEOPLE, RECORDS_EACH);
      const before = await own.height();
      const requests = Math.ceil(folded / SHARE / BATCH) * BATCH;
      say(`deciding ${requests} requests`);
      await pooled(batchesOf(requests, people), IN_FLIGHT, async (batch) => {
        await ledger.apply({ command: 'decide', requests: batch.map(({ records }) => ask(records).jws) });
      });
      const blocks: peer.BlockAndPrivateData[] = [];
      for await (const block of own.blocks(await own.height())) blocks.push(block);
      const { ledgerId, chaincode, collections } = own;
      return { ledger: ledgerId, chaincode, collections, blocks, before, requests };
    } finally {
      own.close();
      ledger.close();
    }
  } finally {
    await running.stop();
  }
}

function batchesOf(requests: number, people: readonly Person[]): Person[][] {
  return Array.from({ length: requests / BATCH }, (_, batch) =>
    Array.from({ length: BATCH }, (__, at) => {
      const person = people[(batch * BATCH + at) % people.length];
      if (person === undefined) throw new RangeError('there are no people');
      return person;
    }),
  );
}

async function verified(
  history: History,
): Promise<{ transactions: number; requests: number; whole: number }> {
  const { ledger, chaincode, collections, blocks, before } = history;
  const lines: string[] = [];
  const source = (async function* () {
    yield* await Promise.resolve(blocks);
  })();
  for await (const line of writeBundle({ ledger, chaincode, collections, about: {} }, source))
    lines.push(line.slice(0, -1));
  const judges: { close(): void }[] = [];
  const started = performance.now();
  let requestsFrom = started;
  const evidence = await verifyBundle(lines, {
    ledger,
    inParallel: true,
    judge: (genesis) => {
      const judge = judgeBlocks(genesis);
      judges.push(judge);
      return judge;
    },
    onProgress: (count) => {
      if (count === before) requestsFrom = performance.now();
    },
  });
  const ended = performance.now();
  for (const judge of judges) judge.close();
  if (!evidence.replay.sound || evidence.replay.events !== history.requests)
    throw new Error(`${evidence.replay.events} of ${history.requests} requests were verified`);
  const alone = blocks.slice(0, before).flatMap((block) => block.getBlock()?.getData()?.getDataList() ?? []);
  return {
    transactions: alone.length / ((requestsFrom - started) / 1_000),
    requests: history.requests / ((ended - requestsFrom) / 1_000),
    whole: (ended - started) / 1_000,
  };
}

/** Decisions (one for each record that was asked for) a second, from blocks as a peer delivers them, once what is read is warm. */
async function replayed({ chaincode, blocks, before }: History): Promise<number> {
  let rate = 0;
  for (let run = 0; run < 3; run += 1) {
    const replay = new Replay({ chaincode, isSigned: () => true });
    let started = performance.now();
    for (const [at, block] of blocks.entries()) {
      if (at === before) started = performance.now();
      await replay.block(readDelivered(block));
    }
    const { permitted, denied } = replay.report();
    rate = Math.max(rate, (permitted + denied) / ((performance.now() - started) / 1_000));
  }
  return rate;
}
