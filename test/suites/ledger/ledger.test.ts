import { openBench, type Bench } from '../../support/ledger/bench.js';
import { rowsOn, type Behaviour } from '../../support/ledger/rows.js';
import { TARGETS } from '../../support/ledger/targets.js';
import { askingPeers } from './asking-peers.js';
import { chain } from './chain.js';
import { configuring } from './configuring.js';
import { defining } from './defining.js';
import { delivering } from './delivering.js';
import { evaluating } from './evaluating.js';
import { events } from './events.js';
import { expiring } from './expiring.js';
import { failing } from './failing.js';
import { fetching } from './fetching.js';
import { manyKeys } from './many-keys.js';
import { policies } from './policies.js';
import { privateData } from './private-data.js';
import { proposing } from './proposing.js';
import { ranges } from './ranges.js';
import { state } from './state.js';
import { submitting } from './submitting.js';
import { tampering } from './tampering.js';
import { upgrading } from './upgrading.js';

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  'evaluating and endorsing': evaluating,
  proposals: proposing,
  'submitting and commit status': submitting,
  state,
  'many keys at once': manyKeys,
  ranges,
  'private data': privateData,
  'private data that has to be fetched': fetching,
  'private data with a time to live': expiring,
  'endorsement policies': policies,
  deliver: delivering,
  'chaincode events': events,
  'altered transactions': tampering,
  'what tools ask a peer': askingPeers,
  'definitions of chaincode': defining,
  'failing chaincode': failing,
  'changes of the definition': upgrading,
  'changes of the configuration': configuring,
  'the chain of blocks': chain,
};

for (const target of TARGETS) {
  describe(`a ledger: ${target.name}`, () => {
    let bench: Bench | undefined;

    before('start', async function () {
      this.timeout(120_000);
      bench = openBench(await target.start());
    });
    after('stop', async function () {
      this.timeout(60_000);
      bench?.close();
      await bench?.ledger.stop();
    });

    const row = rowsOn(() => {
      if (bench === undefined) throw new Error('the ledger did not start');
      return bench;
    });
    for (const [title, behaviour] of Object.entries(BEHAVIOURS)) {
      describe(title, () => {
        behaviour(row);
      });
    }
  });
}
