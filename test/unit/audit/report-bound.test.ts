import {
  disclosureReport,
  openProjection,
  QuestionLog,
  ReportTooLong,
  UnusualAnalyses,
} from '@consent-ledger/audit';
import { createAuditApp } from '@consent-ledger/audit/service';
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { followTo } from '../../support/audit/following.js';
import { smallHistory } from '../../support/audit/small-history.js';
import { temporaryFolder } from '../../support/temporary.js';

const NOW = Date.parse('2026-11-24T12:00:00.000Z');

describe('a report that is too long', () => {
  const work = temporaryFolder();
  let store: Awaited<ReturnType<typeof openProjection>>;
  let log: QuestionLog;
  let ledger: string;

  before(async () => {
    const history = await smallHistory();
    ({ ledger } = history);
    store = await openProjection(join(work.path, 'projection.db'));
    log = new QuestionLog(join(work.path, 'questions.db'));
    await followTo(store, ledger, history.blocks);
  });
  after(async () => {
    log.close();
    await store.close();
  });

  /** Number of rows of the whole accounting. */
  async function rows(): Promise<number> {
    const csv = await served(undefined, async (url) => (await fetch(`${url}&format=csv`)).text());
    return csv.trimEnd().split('\r\n').length - 1;
  }

  async function served<Result>(
    reportRows: number | undefined,
    use: (url: string) => Promise<Result>,
  ): Promise<Result> {
    const app = createAuditApp({
      store,
      ledger,
      log,
      unusual: new UnusualAnalyses({ folder: work.path, findings: () => [] }),
      authenticate: () => Promise.resolve('an-auditor'),
      isReady: () => true,
      onFailure: (error) => {
        throw error;
      },
      ...(reportRows !== undefined && { reportRows }),
    });
    const server: Server = createServer(app);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      return await use(`http://127.0.0.1:${port}/v1/audit/disclosures?since=2026-01-01`);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  it('is refused by the service as a problem that says what to do, and not begun; what fits is sent, each time', async () => {
    const whole = await rows();
    expect(whole).to.be.greaterThan(1);
    await served(whole - 1, async (url) => {
      // More often than reports are made at once: one that was refused holds up no other.
      for (let time = 0; time < 4; time += 1) {
        const refused = await fetch(`${url}&format=pdf`);
        expect(refused.status).to.equal(422);
        expect(refused.headers.get('content-type')).to.match(/^application\/problem\+json/);
        const problem = (await refused.json()) as Record<string, unknown>;
        expect(problem).to.include({ code: 'report-too-long' });
        expect(JSON.stringify(problem['errors']))
          .to.contain(`${whole - 1} rows at most`)
          .and.contain('csv');
      }
    });
    await served(whole, async (url) => {
      for (let time = 0; time < 4; time += 1) {
        const sent = await fetch(`${url}&format=pdf`);
        expect(sent.status).to.equal(200);
        expect((await sent.text()).slice(0, 8)).to.equal('%PDF-1.7');
      }
    });
  });

  it('counts over all pages before it makes anything', async () => {
    const whole = await rows();
    const asking = { db: store.db, now: NOW, limit: 1 };
    const report = (most: number) => disclosureReport(asking, {}, ledger, most);
    await report(whole);
    expect(await report(whole - 1).catch((error: unknown) => error)).to.be.instanceOf(ReportTooLong);
  });
});
