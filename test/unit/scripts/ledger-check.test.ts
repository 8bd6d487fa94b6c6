import { openLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { expect } from 'chai';
import { cpSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCli } from '../../support/cli.js';
import { temporaryFolder } from '../../support/temporary.js';
import { LAKESIDE, PATIENCE, testConsortium } from '../embedded/support/consortium.js';
import { FORGED_KEY, forge } from '../embedded/support/forging.js';
import { commitTogether, transaction } from '../embedded/support/sending.js';

describe('consent-ledger ledger check', function () {
  this.timeout(PATIENCE);
  const folder = temporaryFolder();
  let ledgerId: string;
  let last: number;

  before(async () => {
    const consortium = await testConsortium();
    ledgerId = consortium.prepared.ledgerId;
    await mkdir(join(folder.path, 'data'));
    const ledger = await openLedger(consortium.options(join(folder.path, 'data', 'ledger')));
    last = ledger.height;
    const codes = await commitTogether(ledger, [
      transaction(ledger, consortium, { content: { writes: { rightly: 'v' } } }),
      transaction(ledger, consortium, { content: { writes: { [FORGED_KEY]: 'v' } }, by: [LAKESIDE] }),
    ]);
    expect(codes).to.deep.equal([0, 10]);
    await ledger.close();
  });

  const check = (...args: readonly string[]) => runCli(['ledger', 'check', ...args], folder.path);

  it('finds a ledger sound, and says which it is', async () => {
    const { code, stdout } = await check('--data-dir', 'data', '--ledger', ledgerId);
    expect(stdout).to.match(new RegExp(`^Sound: ${last + 1} blocks of ledger ${ledgerId}, `));
    expect(stdout).to.include('7 valid transactions, invalid 1 with code 10');
    expect(code).to.equal(0);
  });

  it('says so to machines', async () => {
    const { code, stdout } = await check('--data-dir', 'data', '--json');
    expect(JSON.parse(stdout)).to.deep.include({
      verdict: 'sound',
      blocks: last + 1,
      ledger: ledgerId,
      transactionsByCode: { 0: 7, 10: 1 },
      endIsKnown: true,
    });
    expect(code).to.equal(0);
  });

  it('finds out what was forged in a copy, and where', async () => {
    const copy = join(folder.path, 'copy');
    cpSync(join(folder.path, 'data', 'ledger'), copy, { recursive: true });
    forge(copy, last, 0);
    const { code, stdout } = await check('--data-dir', 'copy');
    expect(stdout).to.match(new RegExp(`^Not sound: .* at block ${last}: transaction 1 has the code 0, `));
    expect(code).to.equal(1);
    const forMachines = await check('--data-dir', 'copy', '--json');
    expect(JSON.parse(forMachines.stdout)).to.deep.include({ verdict: 'unsound', block: last });
  });

  it('does not take another ledger for the one that is asked about', async () => {
    const { code, stdout } = await check('--data-dir', 'data', '--ledger', '0'.repeat(64));
    expect(stdout).to.equal(`Not sound: it is ledger ${ledgerId}.\n`);
    expect(code).to.equal(1);
  });

  it('wants a folder with a ledger in it', async () => {
    const { code, stderr } = await check('--data-dir', 'elsewhere');
    expect(stderr).to.match(/^There is no ledger in .*elsewhere\.\n$/);
    expect(code).to.equal(2);
  });
});
