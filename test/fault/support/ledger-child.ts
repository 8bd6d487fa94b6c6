/**
 * A process that opens the ledger in a folder, writes to it as fast as it can, and says which transactions were
 * acknowledged. It is there to be killed. Arguments: data folder of the consortium, folder of the ledger.
 */
import { prepareTestConsortium } from '../../unit/embedded/support/consortium.js';
import { transaction } from '../../unit/embedded/support/sending.js';
import { openLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import { writeSync } from 'node:fs';
import { CUSTODY, RIVERSIDE, SENTINEL } from '../../unit/embedded/support/consortium.js';

const MEMBERS = [RIVERSIDE, SENTINEL];
const PARALLEL = 12;

const [dataDir, folder] = process.argv.slice(2);
if (dataDir === undefined || folder === undefined) throw new Error('usage: ledger-child DATA-DIR FOLDER');

const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

const consortium = await prepareTestConsortium(dataDir);
const ledger = await openLedger(consortium.options(folder));
say('open');

let counter = 0;
const forever = new AbortController();

async function write(): Promise<void> {
  for (;;) {
    const name = `${process.pid}-${counter++}`;
    const built = transaction(ledger, consortium, {
      content: {
        writes: { [`public/${name}`]: name },
        collections: { [CUSTODY]: { reads: { [name]: null }, writes: { [name]: name.repeat(40) } } },
      },
      stagedAt: MEMBERS,
    });
    const { status } = await ledger.broadcast(built.envelope);
    if (status !== 200) throw new Error(`the orderer answered ${status}`);
    const { code } = await ledger.waitForTransaction(built.txId, forever.signal);
    say(`${built.txId} ${code} ${name}`);
  }
}

await Promise.all(Array.from({ length: PARALLEL }, write));
