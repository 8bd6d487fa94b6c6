import { expect } from 'chai';
import type { Behaviour } from '../../support/ledger/rows.js';

/** A change of the chaincode's definition while transactions are under way. */
export const upgrading: Behaviour = (row) => {
  row(
    '41',
    'marks invalid what was endorsed under the definition before',
    async (bench) => {
      const key = bench.key();
      const early = await bench.client().endorse([{ op: 'put', key, value: 'early' }]);
      await bench.ledger.upgradeChaincode();
      expect((await bench.client().commit(early)).code).to.equal(11);
      await bench.client().write([{ op: 'put', key, value: 'late' }]);
      expect(await bench.client().ask({ op: 'get', key })).to.equal('late');
    },
    { needs: ['chaincode-upgrade'], timeoutMs: 60_000 },
  );
};
