import { follow, openProjection } from '@consent-ledger/audit';
import { peer } from '@hyperledger/fabric-protos';
import { readFileSync } from 'node:fs';
import { lacking } from '../../support/audit/delivered.js';
import { FOLLOWED } from '../../support/audit/small-history.js';

/*
 * Follows the blocks of a file into a projection, to be killed at any moment. Of one block in five its peer lacks the values
 * when it is first asked.
 */

const [blocksFile = '', projection = '', ledger = ''] = process.argv.slice(2);
const blocks = (JSON.parse(readFileSync(blocksFile, 'utf8')) as string[]).map((text) =>
  peer.BlockAndPrivateData.deserializeBinary(Buffer.from(text, 'base64')),
);
const store = await openProjection(projection);
process.stdout.write('following\n');
await follow({
  store,
  source: {
    async *blocks(from, end) {
      for (const block of blocks.slice(from, end)) {
        // So that the database has written some blocks while others are still to come.
        await new Promise(setImmediate);
        yield end === blocks.length && Math.random() < 0.2 ? lacking(block) : block;
      }
    },
  },
  ledger,
  ...FOLLOWED,
  end: blocks.length,
  signal: new AbortController().signal,
});
await store.close();
