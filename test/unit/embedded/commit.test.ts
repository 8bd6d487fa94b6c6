import { expect } from 'chai';
import { CHAINCODE, withLedger } from './support/consortium.js';
import { commitTogether, transaction } from './support/sending.js';

describe('committing', () => {
  it('defines the chaincode and commits a write', () =>
    withLedger(async (ledger, consortium) => {
      const snapshot = ledger.openSnapshot();
      const definition = ledger.chaincodeDefinition(snapshot, CHAINCODE);
      expect(definition?.sequence).to.equal(1);
      const codes = await commitTogether(ledger, [
        transaction(ledger, consortium, { content: { writes: { k: 'v' } } }),
      ]);
      expect(codes).to.deep.equal([0]);
      expect(snapshot.getState(CHAINCODE, 'k')).to.equal(undefined);
      snapshot.release();
      const later = ledger.openSnapshot();
      expect(later.getState(CHAINCODE, 'k')?.value.toString()).to.equal('v');
      later.release();
    }));
});
