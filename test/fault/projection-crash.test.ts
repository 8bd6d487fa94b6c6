import { openProjection } from '@consent-ledger/audit';
import { MadeChain, MadeHistory } from '@consent-ledger/scripts';
import type { peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { random } from '../support/audit/compact-lines.js';
import { everyRow, followTo } from '../support/audit/following.js';
import { jtiOf, USER } from '../support/audit/small-history.js';
import { FAULT_SEED } from '../support/fault/dice.js';
import { tried } from '../support/fault/verdicts.js';
import { temporaryFolder } from '../support/temporary.js';

/** How often the projection is killed; `npm run test:fault` asks for two hundred. */
const asked = process.env['CONSENT_LEDGER_FAULT_RUNS'];
const RUNS = Number(
  process.env['CONSENT_LEDGER_PROJECTION_KILLS'] ?? (asked === undefined ? 3 : 4 * Number(asked)),
);
const PATIENCE_PER_RUN = 60_000;
const CHILD = fileURLToPath(new URL('./support/projection-child.js', import.meta.url));
const BLOCKS = 120;

async function longHistory(): Promise<{ ledger: string; blocks: peer.BlockAndPrivateData[] }> {
  const chain = new MadeChain();
  const made = new MadeHistory();
  const blocks = [chain.block([])];
  made.ledgerId = chain.ledgerId;
  const at = (): number => Date.parse('2026-03-01T08:00:00.000Z') + blocks.length * 1_000;
  blocks.push(chain.block([made.founding(at())]));
  blocks.push(
    chain.block([made.person(at(), 'subject-1', ['record-1']), made.person(at(), 'subject-2', ['record-2'])]),
  );
  while (blocks.length < BLOCKS) {
    const n = blocks.length;
    const requests = [1, 2].map((one) => ({
      user: USER,
      records: [`record-${one}`],
      jti: jtiOf(10 * n + one),
    }));
    const decisions = await made.decisions(at(), n, 0, requests);
    const purge = n % 50 === 0 ? [made.purge(at(), 'event', 'LakesideMSP', jtiOf(10 * (n - 7) + 1))] : [];
    blocks.push(chain.block([decisions, ...purge]));
  }
  return { ledger: chain.ledgerId, blocks };
}

describe('a projection that is killed again and again while it follows', function () {
  this.timeout((RUNS + 2) * PATIENCE_PER_RUN);
  const work = temporaryFolder();

  it(`equals, row by row, one that never was (killed ${RUNS} times, seed ${FAULT_SEED})`, async () => {
    const { ledger, blocks } = await longHistory();
    const blocksFile = join(work.path, 'blocks.json');
    await writeFile(
      blocksFile,
      JSON.stringify(blocks.map((block) => Buffer.from(block.serializeBinary()).toString('base64'))),
    );
    const never = await openProjection(join(work.path, 'never.db'));
    await followTo(never, ledger, blocks);
    const expected = await everyRow(never);
    await never.close();

    const place = join(work.path, 'killed.db');
    const next = random(FAULT_SEED);
    let span = 500;
    let kills = 0;
    while (kills < RUNS) {
      const child = spawn(process.execPath, [CHILD, blocksFile, place, ledger], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
      await once(child.stdout, 'data');
      const started = performance.now();
      const timer = setTimeout(() => child.kill('SIGKILL'), next() * span);
      const [code, signal] = await exited;
      clearTimeout(timer);
      if (signal === 'SIGKILL') {
        kills += 1;
        continue;
      }
      expect(code, 'it must not fail by itself').to.equal(0);
      span = performance.now() - started;
      await compareWhole(place, ledger, blocks, expected);
      for (const suffix of ['', '-wal', '-shm']) await rm(place + suffix, { force: true });
    }
    await compareWhole(place, ledger, blocks, expected);
    tried({ promise: 5, what: 'a projection that is killed while it follows, compared row by row' }, kills);
  });
});

/** Finishes undisturbed what was interrupted. */
async function compareWhole(
  place: string,
  ledger: string,
  blocks: readonly peer.BlockAndPrivateData[],
  expected: Record<string, string[]>,
): Promise<void> {
  const store = await openProjection(place);
  try {
    await followTo(store, ledger, blocks);
    const rows = await everyRow(store);
    for (const [table, found] of Object.entries(rows)) expect(found, table).to.deep.equal(expected[table]);
  } finally {
    await store.close();
  }
}
