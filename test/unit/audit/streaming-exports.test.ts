import { csvOf, jsonLinesOf } from '@consent-ledger/audit/internal/exports/csv';
import { everyPage, question } from '@consent-ledger/audit/internal/questions/question';
import { z } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const LIMIT = 100;
const WANTED = 50;

describe('an export of more rows than anybody has memory for', () => {
  for (const [name, exported] of [
    ['CSV', (pages: ReturnType<typeof everyPage>) => csvOf(['n', 'text'], pages)],
    ['NDJSON', jsonLinesOf],
  ] as const) {
    it(`is ${name} as fast as it is read, a page at a time, though it never ends`, async () => {
      let asked = 0;
      const endless = question({
        name: 'endless',
        summary: '',
        parameters: z.object({}),
        columns: ['n', 'text'],
        ask: ({ limit, cursor = '0' }) => {
          asked += 1;
          const from = Number(cursor);
          const rows = Array.from({ length: limit }, (_, at) => ({ n: from + at, text: 'x'.repeat(100) }));
          return Promise.resolve({ rows, next: String(from + limit) });
        },
      });
      // Nothing is asked of the database, and nobody looks at the time.
      const asking = { db: undefined as never, now: 0, limit: LIMIT };
      let read = 0;
      const enough = new Error('the reader has enough');
      const reader = new Writable({
        highWaterMark: 1,
        write: (_chunk, _encoding, done) => {
          read += 1;
          // Later, so that whoever does not wait for the reader runs ahead of it.
          setImmediate(() => {
            done(read === WANTED ? enough : null);
          });
        },
      });
      const ended: unknown = await pipeline(
        Readable.from(exported(everyPage(endless, asking, {}))),
        reader,
      ).catch((error: unknown) => error);
      expect(ended).to.equal(enough);
      // What the stream itself holds between: 16 chunks on its way out of objects.
      expect(asked).to.be.within(WANTED - 1, WANTED + 20);
    });
  }
});
