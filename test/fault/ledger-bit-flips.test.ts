import { openLedger, type OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { StoreError } from '@consent-ledger/network/internal/embedded/store/store-error';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diceOf, FAULT_SEED } from '../support/fault/dice.js';
import { tried } from '../support/fault/verdicts.js';
import { temporaryFolder } from '../support/temporary.js';
import {
  ALL,
  CHAINCODE,
  CUSTODY,
  RIVERSIDE,
  SENTINEL,
  testConsortium,
  type TestConsortium,
} from '../unit/embedded/support/consortium.js';
import { commitTogether, transaction } from '../unit/embedded/support/sending.js';

/** How many bits are flipped, each in a fresh copy; `npm run test:fault` asks for more. */
const FLIPS = 25 * Number(process.env['CONSENT_LEDGER_FAULT_RUNS'] ?? 2);
const MEMBERS = [RIVERSIDE, SENTINEL];

/** Digest of everything that anybody can read of a ledger. */
function content(ledger: OpenLedger): string {
  const digest = createHash('sha256');
  for (let number = 0; number < ledger.height; number++) {
    digest.update(ledger.block(number) ?? 'missing');
    for (const mspId of ALL) {
      for (const { collection, rwset } of ledger.peerView(mspId).privateSets(number)) {
        digest.update(`${mspId} ${collection}`).update(rwset);
      }
    }
  }
  const snapshot = ledger.openSnapshot();
  for (const namespace of [CHAINCODE, '_lifecycle']) {
    for (const { key, value } of snapshot.range(namespace, '', '')) {
      digest.update(key).update(value);
      for (const change of snapshot.history(namespace, key))
        digest.update(`${change.txId} ${change.isDelete}`);
    }
  }
  for (const mspId of ALL) {
    for (const { key, value } of snapshot.privateRange(mspId, CHAINCODE, CUSTODY, '', '')) {
      digest.update(key).update(value);
    }
  }
  snapshot.release();
  return digest.digest('hex');
}

async function makeLedger(consortium: TestConsortium, folder: string): Promise<string> {
  const ledger = await openLedger(consortium.options(folder));
  for (let block = 0; block < 4; block++) {
    const writes = Object.fromEntries(
      Array.from({ length: 15 }, (_, key) => [`${block % 3}/${key}`, `v${block}`]),
    );
    await commitTogether(ledger, [
      transaction(ledger, consortium, { content: { writes } }),
      transaction(ledger, consortium, {
        content: { collections: { [CUSTODY]: { writes, purges: block === 3 ? ['1/1'] : [] } } },
        by: MEMBERS,
        stagedAt: MEMBERS,
      }),
    ]);
  }
  const expected = content(ledger);
  await ledger.close();
  return expected;
}

describe('a ledger of which one bit was flipped on the disk', function () {
  this.timeout(FLIPS * 4_000);
  const work = temporaryFolder();

  it(`is refused, or the bit meant nothing (seed ${FAULT_SEED})`, async () => {
    const dice = diceOf(FAULT_SEED);
    const consortium = await testConsortium();
    const original = join(work.path, 'original');
    const expected = await makeLedger(consortium, original);
    const bytes = readFileSync(join(original, 'ledger.db'));
    let refused = 0;
    for (let flip = 0; flip < FLIPS; flip++) {
      const folder = join(work.path, 'copy');
      cpSync(original, folder, { recursive: true });
      const damaged = Buffer.from(bytes);
      const at = dice.next(damaged.length);
      const bit = 1 << dice.next(8);
      damaged.writeUInt8(damaged.readUInt8(at) ^ bit, at);
      writeFileSync(join(folder, 'ledger.db'), damaged);
      const what = `bit ${bit} of byte ${at}`;
      try {
        const ledger = await openLedger(consortium.options(folder));
        try {
          expect(content(ledger), what).to.equal(expected);
        } finally {
          await ledger.close();
        }
      } catch (error) {
        if (!(error instanceof StoreError)) throw new Error(`${what}: ${String(error)}`, { cause: error });
        expect(error.problem, what).to.be.oneOf(['damaged', 'foreign']);
        refused++;
      }
      rmSync(folder, { recursive: true });
      tried({ promise: 1, what: 'bits of the ledger’s own store flipped on its disk' }, 1);
    }
    expect(refused).to.be.greaterThan(0);
  });
});
