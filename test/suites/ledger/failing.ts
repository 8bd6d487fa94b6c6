import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { allText, failureOf, type CallFailure } from '../../support/ledger/call-failure.js';
import type { TransactionView } from '../../support/ledger/probe-chaincode/operations.js';
import type { Behaviour } from '../../support/ledger/rows.js';
import type { LedgerOrganisation } from '../../support/ledger/target.js';
import { eventually } from '../../support/eventually.js';

/** What is told when a chaincode process dies, and that all is well once it is back. */
export const failing: Behaviour = (row) => {
  row(
    '51',
    'tells of a chaincode that died during a call, and works again with the next process',
    async (bench) => {
      const { a, client } = bench;
      const operations = [
        { op: 'sleep', ms: 5_000 },
        { op: 'put', key: bench.key(), value: 'v' },
      ] as const;
      const organisations = bench.mspIds(a);
      const dying = failureOf(client().endorse(operations, { organisations }));
      await sleep(500);
      await a.killChaincode();
      const failure = await dying;
      expect(failure.code).to.equal(10);
      expect(allText(failure)).to.contain('chaincode stream terminated');

      const refused = await failureOf(client().endorse([{ op: 'get', key: 'k' }], { organisations }));
      expect(refused.code).to.equal(10);
      expect(allText(refused)).to.contain('could not launch chaincode');

      const elsewhere = (await client().ask({ op: 'view' })) as TransactionView;
      expect(elsewhere.endorserMspId, 'an evaluation goes to another peer').not.to.equal(a.mspId);

      await a.startChaincode();
      await eventually(async () => {
        await client().ask({ op: 'view' }, { organisations });
      });
      await client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
    },
    { timeoutMs: 40_000 },
  );

  row(
    '52',
    'gives a chaincode half a minute for a transaction',
    async (bench) => {
      const { a, b, client } = bench;
      const sleeping = [
        { op: 'sleep', ms: 40_000 },
        { op: 'put', key: bench.key(), value: 'v' },
      ] as const;
      const refusalOf = (organisation: LedgerOrganisation): Promise<CallFailure> =>
        failureOf(
          client().endorse(sleeping, {
            organisations: bench.mspIds(organisation),
            endorseWithinMs: 90_000,
          }),
        );
      const started = performance.now();
      const [own, other] = await Promise.all([refusalOf(a), refusalOf(b)]);
      expect(performance.now() - started).to.be.within(28_000, 60_000);
      expect(own.code).to.equal(10);
      expect(allText(own)).to.match(
        /error in simulation: failed to execute transaction [0-9a-f]{64}: error sending: timeout expired while executing transaction/,
      );
      // The gateway gives up another peer after as long as that peer gives its chaincode.
      expect(other.code).to.equal(10);
      expect(
        /code = DeadlineExceeded desc = |timeout expired while executing transaction/.test(allText(other)),
        allText(other),
      ).to.equal(true);
    },
    { timeoutMs: 120_000 },
  );
};
