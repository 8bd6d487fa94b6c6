import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../../support/ledger/bench.js';
import { allText, failureOf } from '../../support/ledger/call-failure.js';
import type { Committed } from '../../support/ledger/probe-client.js';
import { deliveredWrites, own } from '../../support/ledger/private-delivery.js';
import type { Behaviour } from '../../support/ledger/rows.js';
import { COLLECTIONS, type LedgerOrganisation } from '../../support/ledger/target.js';

const { fetched } = COLLECTIONS;
/** Milliseconds for which a peer waits at least; this project's peers do for two seconds, Fabric's by default a minute. */
const PATIENCE_MS = 1_000;

/** Private data that nobody is given before the commit. */
export const fetching: Behaviour = (row) => {
  row('', 'fetches from another member what its own peer was not given', async (bench) => {
    const { a, b } = bench;
    const key = bench.key();
    const written = await write(bench, a, key);
    expect(await bench.client(a).ask({ op: 'get', key, collection: fetched }, own(a))).to.equal('v');
    await takes(bench, b, written.block);
    expect(await bench.client(b).ask({ op: 'get', key, collection: fetched }, own(b))).to.equal('v');
    const delivered = await deliveredWrites(bench, b, b.client, written);
    expect(delivered?.[fetched]).to.deep.equal([{ key, value: 'v', isDelete: false }]);
  });

  row(
    '',
    'holds up the members alone for what only an outsider had, and then goes on without it',
    async (bench) => {
      const { a, b, c, d } = bench;
      const key = bench.key();
      const written = await write(bench, c, key);
      const endorsed = performance.now();
      const later = await bench.client(d).submit([{ op: 'put', key: bench.key(), value: 'v' }], {
        organisations: bench.mspIds(c, d),
      });
      expect(later.code, 'what outsiders go on with').to.equal(10);

      for (const member of [a, b]) {
        await takes(bench, member, later.block);
        expect(performance.now() - endorsed).to.be.at.least(PATIENCE_MS);
        expect(
          await bench.client(member).ask({ op: 'hash', key, collection: fetched }, own(member)),
        ).to.have.length(64);
        const missing = await failureOf(
          bench.client(member).ask({ op: 'get', key, collection: fetched }, own(member)),
        );
        expect(allText(missing)).to.contain('private data matching public hash version is not available');
        const delivered = await deliveredWrites(bench, member, member.client, written);
        expect(delivered?.[fetched]).to.equal(undefined);
      }
      // What is written over it does not need what is missing.
      const again = await write(bench, a, key);
      await takes(bench, b, again.block);
      expect(await bench.client(b).ask({ op: 'get', key, collection: fetched }, own(b))).to.equal('v');
    },
  );
};

function write(bench: Bench, on: LedgerOrganisation, key: string): Promise<Committed> {
  return bench.client(on).write([{ op: 'put', key, value: 'v', collection: fetched }], own(on));
}

/** Waits until the organisation's peer has a block. */
async function takes(bench: Bench, organisation: LedgerOrganisation, block: number): Promise<void> {
  while ((await bench.height(organisation)) <= block) await sleep(50);
}
