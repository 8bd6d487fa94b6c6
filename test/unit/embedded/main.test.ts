import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../../support/temporary.js';
import { Consortium } from './consortium.js';

const MAIN = fileURLToPath(import.meta.resolve('@consent-ledger/network/embedded/main'));

type LedgerProcess = ChildProcessByStdio<null, Readable, Readable>;

describe('the embedded ledger as a process', function () {
  this.timeout(60_000);

  const folder = temporaryFolder();
  let consortium: Consortium;

  before(async () => {
    consortium = await Consortium.make(folder.path);
  });

  const start = async (configuration: unknown): Promise<LedgerProcess> => {
    const file = join(folder.path, 'ledger.json');
    await writeFile(file, JSON.stringify(configuration));
    return spawn(process.execPath, [MAIN, file], { stdio: ['ignore', 'pipe', 'pipe'] });
  };
  /** The events that it says until it is ready. */
  const ready = async (ledger: LedgerProcess): Promise<Record<string, unknown>[]> => {
    const events: Record<string, unknown>[] = [];
    for await (const line of createInterface(ledger.stdout)) {
      const event = JSON.parse(line) as Record<string, unknown>;
      events.push(event);
      if (event['event'] === 'ready') {
        return events;
      }
    }
    throw new Error('it ended without being ready');
  };

  const exitCode = async (ledger: LedgerProcess): Promise<unknown> =>
    ((await once(ledger, 'exit')) as unknown[])[0];

  it('says whom it does not protect, is ready in one line of JSON, and ends cleanly', async () => {
    for (const attempt of ['made', 'found again']) {
      const ledger = await start(consortium.configuration);
      const events = await ready(ledger);
      expect(JSON.stringify(events[0]), attempt).to.contain('protects nobody from whoever operates it');
      const { peers, height } = events.at(-1) as { peers: Record<string, string>; height: number };
      expect(Object.keys(peers)).to.deep.equal(consortium.topology.organisations.map(({ mspId }) => mspId));
      // The definition, with four approvals before it, is not brought onto the ledger a second time.
      expect(height).to.equal(3);
      ledger.kill('SIGTERM');
      expect(await once(ledger, 'exit')).to.deep.equal([0, null]);
    }
  });

  it('refuses what it cannot use in words', async () => {
    const { configuration } = consortium;
    const refusals: [unknown, string][] = [
      [{ ...configuration, port: 1 }, 'Unrecognized key: "port"'],
      [{ ...configuration, genesisBlock: join(folder.path, 'nowhere.block') }, 'nowhere.block'],
      [
        { ...configuration, organisations: [...configuration.organisations, ...configuration.organisations] },
        'there twice',
      ],
    ];
    for (const [input, words] of refusals) {
      const ledger = await start(input);
      const [said, code] = await Promise.all([text(ledger.stderr), exitCode(ledger)]);
      expect(said).to.contain(words);
      expect(said).to.not.contain('    at ');
      expect(code).to.equal(1);
    }
  });

  it('takes an organisation out and in again while it runs, as its configuration says', async () => {
    const { configuration, topology } = consortium;
    const mspIds = topology.organisations.map(({ mspId }) => mspId);
    const ledger = await start(configuration);
    const lines = createInterface(ledger.stdout)[Symbol.asyncIterator]();
    const next = async (name: string): Promise<string[]> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`it ended without being ${name}`);
        const event = JSON.parse(value) as { event: string; peers?: Record<string, string> };
        if (event.event === name) return Object.keys(event.peers ?? {}).sort();
      }
    };
    expect(await next('ready')).to.deep.equal(mspIds.toSorted());
    const reconfigured = async (organisations: typeof configuration.organisations): Promise<string[]> => {
      await writeFile(join(folder.path, 'ledger.json'), JSON.stringify({ ...configuration, organisations }));
      ledger.kill('SIGHUP');
      return next('reconfigured');
    };
    expect(await reconfigured(configuration.organisations.slice(0, 3))).to.deep.equal(
      mspIds.slice(0, 3).toSorted(),
    );
    expect(await reconfigured(configuration.organisations)).to.deep.equal(mspIds.toSorted());
    ledger.kill('SIGTERM');
    expect(await once(ledger, 'exit')).to.deep.equal([0, null]);
  });

  it('does not share its store', async () => {
    const first = await start(consortium.configuration);
    await ready(first);
    const second = await start(consortium.configuration);
    const [said, code] = await Promise.all([text(second.stderr), exitCode(second)]);
    first.kill('SIGTERM');
    await once(first, 'exit');
    expect(said).to.contain('another process');
    expect(code).to.equal(1);
  });
});
