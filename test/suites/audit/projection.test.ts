import {
  openProjection,
  ProjectionStopped,
  ProjectionUnavailable,
  type ProjectionStore,
} from '@consent-ledger/audit';
import { privateKey } from '@consent-ledger/chaincode/wire';
import { transactionId } from '@consent-ledger/scripts';
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { altered, emptied, lacking } from '../../support/audit/delivered.js';
import { everyRow, followLive, followTo, sourceOf } from '../../support/audit/following.js';
import { startPostgres, type TestPostgres } from '../../support/audit/postgres.js';
import { smallHistory, type SmallHistory } from '../../support/audit/small-history.js';
import { temporaryFolder } from '../../support/temporary.js';

async function stops(work: Promise<unknown>, reason: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).to.be.instanceOf(ProjectionStopped);
  expect((error as ProjectionStopped).reason).to.equal(reason);
}

for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  describe(`the auditor's projection is the fold of valid transactions, each once (${kind})`, function () {
    this.timeout(240_000);
    const work = temporaryFolder();
    let postgres: TestPostgres | undefined;
    let history: SmallHistory;
    let where: string;
    const open: ProjectionStore[] = [];

    before(async () => {
      if (kind === 'PostgreSQL') postgres = await startPostgres();
      history = await smallHistory();
    });
    after(() => postgres?.stop());
    beforeEach(async () => {
      where = (await postgres?.database()) ?? join(work.path, randomUUID(), 'projection.db');
    });
    afterEach(async () => {
      for (const store of open.splice(0)) await store.close();
    });

    const opened = async (place = where): Promise<ProjectionStore> => {
      const store = await openProjection(place);
      open.push(store);
      return store;
    };
    const elsewhere = async (): Promise<ProjectionStore> =>
      opened((await postgres?.database()) ?? join(work.path, randomUUID(), 'projection.db'));

    it('holds what valid transactions wrote, and nothing else', async () => {
      const store = await opened();
      await followTo(store, history.ledger, history.blocks);
      const rows = await everyRow(store);
      expect(
        Object.fromEntries(Object.entries(rows).map(([table, found]) => [table, found.length])),
      ).to.deep.equal({
        block: 8,
        member: 2,
        custody: 1,
        access_event: 5,
        access_record: 6,
        detail_set: 2,
        access_detail: 5,
        access_reason: 6,
        access_subject: 5,
        delivery: 1,
        review: 0,
        consent: 1,
        withdrawal: 1,
        descriptor: 3,
        subject_act: 2,
        pending: 0,
        tombstone: 1,
        alarm: 0,
        checkpoint: 1,
      });
    });

    it('goes on where it was, one block at a time or all at once, and closed in between', async () => {
      const atOnce = await opened();
      await followTo(atOnce, history.ledger, history.blocks);
      const expected = await everyRow(atOnce);
      const place = (await postgres?.database()) ?? join(work.path, randomUUID(), 'projection.db');
      for (let end = 1; end <= history.blocks.length; end += 1) {
        const store = await openProjection(place);
        await followTo(store, history.ledger, history.blocks.slice(0, end));
        await followTo(store, history.ledger, history.blocks.slice(0, end));
        await store.close();
      }
      expect(await everyRow(await opened(place))).to.deep.equal(expected);
    });

    it('is the same when two follow into one database at the same time', async () => {
      const [one, other] = [await opened(), await opened()];
      await Promise.all([
        followTo(one, history.ledger, history.blocks),
        followTo(other, history.ledger, history.blocks),
      ]);
      const alone = await elsewhere();
      await followTo(alone, history.ledger, history.blocks);
      expect(await everyRow(one)).to.deep.equal(await everyRow(alone));
    });

    it('calls what the peer lacks pending, and is the same once it came, in whatever order', async () => {
      const store = await opened();
      const { blocks, ledger } = history;
      const late = blocks
        .slice(0, 6)
        .map((block, number) => (number === 2 || number === 3 ? lacking(block) : block));
      await followTo(store, ledger, late);
      expect((await everyRow(store))['pending']).to.have.length(13);
      // The peer has what it lacked of block 3, and later of block 2.
      await followTo(store, ledger, [...late.slice(0, 3), ...blocks.slice(3, 6)]);
      expect((await everyRow(store))['pending']).to.have.length(9);
      await followTo(store, ledger, blocks);
      const never = await elsewhere();
      await followTo(never, ledger, blocks);
      expect(await everyRow(store)).to.deep.equal(await everyRow(never));
    });

    it('asks for what is pending again while it follows', async () => {
      const store = await opened();
      const late = history.blocks.map((block, number) => (number === 3 ? lacking(block) : block));
      const stop = new AbortController();
      let isMended = false;
      const live = {
        async *blocks(from: number, end: number | undefined, signal: AbortSignal) {
          yield* sourceOf(isMended ? history.blocks : late).blocks(from, end, signal);
          // A live stream waits for the next block.
          if (end === undefined)
            await new Promise((resolve) => {
              signal.addEventListener('abort', resolve);
              if (signal.aborted) resolve(undefined);
            });
        },
      };
      const following = followLive(store, history.ledger, live, stop.signal);
      while ((await store.checkpoint()).height < late.length) await new Promise(setImmediate);
      isMended = true;
      const countPending = () => store.db.selectFrom('pending').select('position').execute();
      while ((await countPending()).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
      stop.abort();
      await following;
      expect((await everyRow(store))['access_event']).to.have.length(5);
    });

    it('raises an alarm for a value that is not what was hashed, believes none of it, and takes the right one later', async () => {
      const store = await opened();
      const { blocks, ledger } = history;
      await followTo(
        store,
        ledger,
        blocks.map((block, number) => (number === 3 ? altered(block) : block)),
      );
      const rows = await everyRow(store);
      expect(rows['alarm']).to.have.length(4);
      expect(rows['alarm']?.[0]).to.contain('"kind":"altered"');
      expect(rows['access_event']).to.have.length(2);
      expect(rows['pending']).to.have.length(4);
      await followTo(store, ledger, blocks);
      const mended = await everyRow(store);
      expect(mended['access_event']).to.have.length(5);
      expect(mended['pending']).to.deep.equal([]);
      expect(mended['alarm'], 'that it was so stays').to.have.length(4);
    });

    it('keeps nothing of what was purged, whether the peer still delivered it or not', async () => {
      const live = await opened();
      await followTo(live, history.ledger, history.blocks.slice(0, 7));
      expect((await everyRow(live))['consent']).to.have.length(2);
      await followTo(live, history.ledger, history.blocks);
      // A peer has purged values no more when it delivers old blocks.
      const key = privateKey('consent', history.made.pepper, 'consent-subject-2');
      const purged = history.blocks.map((block) => lacking(block, (one) => one === key));
      const rebuilt = await elsewhere();
      await followTo(rebuilt, history.ledger, purged);
      expect(await everyRow(rebuilt)).to.deep.equal(await everyRow(live));
    });

    it('keeps nothing of an event whose details are purged but what the event itself says', async () => {
      const { chain, made, at, ledger, blocks } = await smallHistory();
      const more = [...blocks, chain.block([made.purge(at(8), 'details', transactionId(3, 0))])];
      const store = await opened();
      await followTo(store, ledger, more);
      const rows = await everyRow(store);
      expect(rows['access_event']).to.have.length(5);
      expect(
        [rows['access_detail'], rows['access_reason'], rows['access_subject']].map((one) => one?.length),
      ).to.deep.equal([2, 2, 2]);
    });

    it('can be emptied, and is the same when it is made again', async () => {
      const store = await opened();
      await followTo(store, history.ledger, history.blocks);
      const before = await everyRow(store);
      await store.clear();
      expect((await store.checkpoint()).height).to.equal(0);
      await followTo(store, history.ledger, history.blocks);
      expect(await everyRow(store)).to.deep.equal(before);
    });

    it('stops at a gap, a fork, a changed block and another ledger, and folds nothing of it', async () => {
      const store = await opened();
      const part = history.blocks.slice(0, 4);
      await followTo(store, history.ledger, part);
      const before = await everyRow(store);
      const other = await smallHistory();
      const gap = [...part, ...history.blocks.slice(5)];
      await stops(followTo(store, history.ledger, gap), 'gap');
      const forked = [...part, ...other.blocks.slice(4)];
      await stops(followTo(store, history.ledger, forked), 'fork');
      await stops(followTo(store, history.ledger, other.blocks), 'changed-block');
      const changed = history.blocks.map((block, number) => (number === 4 ? emptied(block) : block));
      await stops(followTo(store, history.ledger, changed), 'changed-block');
      await stops(followTo(store, 'f'.repeat(64), history.blocks), 'other-ledger');
      await stops(followTo(await elsewhere(), 'f'.repeat(64), history.blocks), 'other-ledger');
      expect(await everyRow(store)).to.deep.equal(before);
    });

    it('does not go on from what it passed over', async () => {
      const store = await opened();
      const collections = ['withdrawal-RiversideMSP'];
      await followTo(store, history.ledger, history.blocks, { collections });
      expect((await everyRow(store))['access_event']).to.deep.equal([]);
      await stops(followTo(store, history.ledger, history.blocks), 'other-collections');
    });

    it('refuses tables of a later version', async () => {
      const store = await opened();
      await store.clear();
      const db = store.db as unknown as {
        insertInto(table: string): { values(row: object): { execute(): Promise<unknown> } };
      };
      if (kind === 'SQLite') {
        const { DatabaseSync } = await import('node:sqlite');
        const file = new DatabaseSync(where);
        file.exec("INSERT INTO kysely_migration (name, timestamp) VALUES ('9999-later', 'now')");
        file.close();
      } else
        await db.insertInto('kysely_migration').values({ name: '9999-later', timestamp: 'now' }).execute();
      const error = await openProjection(where).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(ProjectionUnavailable);
    });
  });
}
