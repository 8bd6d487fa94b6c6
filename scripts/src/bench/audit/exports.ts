import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { openProjection, QuestionLog, UnusualAnalyses } from '@consent-ledger/audit';
import { createAuditApp } from '@consent-ledger/audit/service';
import { fill } from './questions.js';
import type { Part } from './part.js';

const MEBIBYTE = 1_048_576;
const SAMPLE_MS = 100;
const LINE_FEED = 0x0a;

/** All accesses of a large log, from the auditors' API, as CSV and as NDJSON; reader and service are in this one process, so that its memory is both together. */
export const exports: Part = {
  name: 'exports',
  measure: async ({ folder, say, events }) => {
    const store = await openProjection(path.join(folder, 'exported.db'));
    const log = new QuestionLog(path.join(folder, 'questions.db'));
    const unusual = new UnusualAnalyses({ folder, findings: () => [] });
    const app = createAuditApp({
      store,
      ledger: 'made',
      log,
      unusual,
      authenticate: () => Promise.resolve('bench'),
      isReady: () => true,
      onFailure: (error) => {
        throw error;
      },
    });
    const server = createServer(app);
    try {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      say(`writing ${events} accesses`);
      await fill(store, { subjects: Math.ceil(events / 50), recordsEach: 3 }, events);
      const { port } = server.address() as AddressInfo;
      const measured: (Exported & { readonly format: string })[] = [];
      for (const format of ['csv', 'ndjson'] as const) {
        say(`exporting as ${format}`);
        const found = await exported(port, format, events);
        if (found.rows < events) throw new Error(`${found.rows} rows of ${events} accesses came`);
        measured.push({ format, ...found });
      }
      return {
        lines: measured.flatMap(({ format, rows, seconds, mebibytes, growth, peak }) => [
          {
            what: `${rows} rows as ${format}, ${Math.round(mebibytes)} MiB`,
            figures: [rows / seconds],
            unit: 'rows/s',
          },
          { what: 'memory at most meanwhile', figures: [peak], unit: 'MiB' },
          { what: 'growth after the first tenth', figures: [growth], unit: 'MiB' },
        ]),
        bars: measured.map(({ format, growth }) => ({
          name: `growth of memory, ${format}`,
          figure: growth,
          unit: 'MiB',
          at: 'most' as const,
          bound: 64,
        })),
        figures: { measured },
      };
    } finally {
      server.closeAllConnections();
      server.close();
      await unusual.close();
      log.close();
      await store.close();
    }
  },
};

interface Exported {
  readonly rows: number;
  readonly seconds: number;
  readonly mebibytes: number;
  /** Resident memory, MiB: at most, and by how much that is more than when a tenth of the rows had come. */
  readonly peak: number;
  readonly growth: number;
}

async function exported(port: number, format: string, events: number): Promise<Exported> {
  const resident: { readonly rows: number; readonly mebibytes: number }[] = [];
  let rows = 0;
  let bytes = 0;
  const started = performance.now();
  const sampling = setInterval(() => {
    resident.push({ rows, mebibytes: process.memoryUsage.rss() / MEBIBYTE });
  }, SAMPLE_MS);
  try {
    const request = get(`http://127.0.0.1:${port}/v1/audit/accesses?format=${format}`);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode ?? '?'}`);
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) rows += 1;
    }
  } finally {
    clearInterval(sampling);
  }
  const seconds = (performance.now() - started) / 1_000;
  const later = resident.filter((sample) => sample.rows >= events / 10);
  const peak = Math.max(...resident.map(({ mebibytes }) => mebibytes));
  const growth = Math.max(...later.map(({ mebibytes }) => mebibytes)) - (later[0]?.mebibytes ?? NaN);
  return { rows: format === 'csv' ? rows - 1 : rows, seconds, mebibytes: bytes / MEBIBYTE, peak, growth };
}
