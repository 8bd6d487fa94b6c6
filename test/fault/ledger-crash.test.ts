import { verifyChain } from '@consent-ledger/audit';
import { openLedger, type OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { diceOf, FAULT_SEED } from '../support/fault/dice.js';
import { tried } from '../support/fault/verdicts.js';
import { temporaryFolder } from '../support/temporary.js';
import {
  CHAINCODE,
  CUSTODY,
  prepareTestConsortium,
  RIVERSIDE,
  SENTINEL,
} from '../unit/embedded/support/consortium.js';

/** How often the ledger is killed; `npm run test:fault` asks for more. */
const RUNS = Number(process.env['CONSENT_LEDGER_FAULT_RUNS'] ?? 4);
const PATIENCE_PER_RUN = 30_000;
const CHILD = fileURLToPath(new URL('./support/ledger-child.js', import.meta.url));

interface Acknowledged {
  readonly txId: string;
  readonly code: number;
  readonly name: string;
}

/** Lets the child write for a while, kills it with SIGKILL, and returns what it had acknowledged. */
async function writeUntilKilled(dataDir: string, folder: string, after: number): Promise<Acknowledged[]> {
  const child = spawn(process.execPath, [CHILD, dataDir, folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const acknowledged: Acknowledged[] = [];
  const exited = once(child, 'close');
  let timer: NodeJS.Timeout | undefined;
  for await (const line of createInterface(child.stdout)) {
    if (line === 'open') {
      timer = setTimeout(() => child.kill('SIGKILL'), after);
      continue;
    }
    const [txId, code, name, more] = line.split(' ');
    if (txId !== undefined && code !== undefined && name !== undefined && more === undefined) {
      acknowledged.push({ txId, code: Number(code), name });
    }
  }
  clearTimeout(timer);
  const [, signal] = (await exited) as [number | null, string | null];
  expect(signal, complaints.join('')).to.equal('SIGKILL');
  return acknowledged;
}

function blocks(ledger: OpenLedger): Buffer[] {
  return Array.from({ length: ledger.height }, (_, number) => ledger.block(number) ?? Buffer.alloc(0));
}

describe('the embedded ledger, killed again and again under load', function () {
  this.timeout(RUNS * PATIENCE_PER_RUN);
  const work = temporaryFolder();

  it(`keeps every acknowledged write, whole blocks and an intact chain (seed ${FAULT_SEED})`, async () => {
    const dice = diceOf(FAULT_SEED);
    const dataDir = join(work.path, 'consortium');
    const folder = join(work.path, 'ledger');
    const consortium = await prepareTestConsortium(dataDir);
    const all: Acknowledged[] = [];
    for (let run = 0; run < RUNS; run++) {
      // A spread of moments: just after opening, in the midst of blocks, after checkpoints.
      const written = await writeUntilKilled(dataDir, folder, 20 + dice.next(900));
      all.push(...written);
      const ledger = await openLedger(consortium.options(folder));
      const snapshot = ledger.openSnapshot();
      for (const { txId, code, name } of all) {
        expect(ledger.transactionStatus(txId)?.code, name).to.equal(code);
        if (code !== 0) continue;
        expect(snapshot.getState(CHAINCODE, `public/${name}`)?.value.toString()).to.equal(name);
        for (const mspId of [RIVERSIDE, SENTINEL]) {
          const held = snapshot.getPrivate(mspId, CHAINCODE, CUSTODY, name);
          expect(held?.value.toString(), `${name} at ${mspId}`).to.equal(name.repeat(40));
        }
      }
      snapshot.release();
      const verified = await verifyChain(blocks(ledger));
      expect(verified.height).to.equal(ledger.height);
      await ledger.close();
      tried(
        { promise: 1, what: 'writes acknowledged by a ledger that is killed under load' },
        written.length,
      );
    }
    expect(all.filter(({ code }) => code === 0)).to.have.length.greaterThan(0);
  });
});
