import { expect } from 'chai';
import { openBench, type Bench } from '../support/ledger/bench.js';
import { allText, failureOf } from '../support/ledger/call-failure.js';
import { TARGETS } from '../support/ledger/targets.js';

for (const target of TARGETS) {
  describe(`a chaincode that does not answer, on ${target.name}`, function () {
    this.timeout(120_000);
    let bench: Bench;
    before(async () => {
      bench = openBench(await target.start());
    });
    after(async () => {
      bench.close();
      await bench.ledger.stop();
    });

    it('is given up after its execution timeout, and endorses the next call [row 52]', async () => {
      const { client, key } = bench;
      const started = performance.now();
      const failure = await failureOf(
        client().endorse(
          [
            { op: 'sleep', ms: 40_000 },
            { op: 'put', key: key(), value: 'v' },
          ],
          {
            endorseWithinMs: 60_000,
          },
        ),
      );
      const took = performance.now() - started;
      expect(failure.code).to.equal(10);
      expect(allText(failure)).to.contain('timeout expired while executing transaction');
      expect(took).to.be.within(29_000, 39_000);
      await client().write([{ op: 'put', key: key(), value: 'v' }]);
    });
  });
}
