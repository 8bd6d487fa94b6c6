import { allOf, policyEnvelope, role } from '@consent-ledger/network/internal/channel/policies';
import { expect } from 'chai';
import { CHAINCODE, LAKESIDE, RIVERSIDE, SENTINEL, withLedger } from './support/consortium.js';
import { commitTogether, transaction } from './support/sending.js';

const sentinelAlone = Buffer.from(policyEnvelope(allOf([role('SentinelMSP', 'peer')])).serializeBinary());
const THREE = [RIVERSIDE, LAKESIDE, SENTINEL];

describe('the policy of a key', () => {
  it('takes the place of the chaincode policy from the next block on', () =>
    withLedger(async (ledger, consortium) => {
      const send = (content: Parameters<typeof transaction>[2]['content'], by: readonly string[]) =>
        transaction(ledger, consortium, { content, by });
      await commitTogether(ledger, [send({ writes: { k: 'v' } }, THREE)]);
      const setPolicy = { metadata: { k: sentinelAlone } };
      expect(
        await commitTogether(ledger, [
          send(setPolicy, THREE),
          // The policy of k is being changed: whoever writes k in the same block comes too early.
          send({ writes: { k: 'w' } }, [RIVERSIDE, LAKESIDE, SENTINEL]),
          send({ writes: { other: 'w' } }, THREE),
        ]),
      ).to.deep.equal([0, 10, 0]);
      expect(
        await commitTogether(ledger, [
          send({ writes: { k: 'x' } }, [RIVERSIDE, LAKESIDE]),
          send({ writes: { k: 'y' } }, [SENTINEL]),
        ]),
      ).to.deep.equal([10, 0]);
      // A write of the value alone keeps the policy; deleting the key drops it.
      const snapshot = ledger.openSnapshot();
      expect(snapshot.getState(CHAINCODE, 'k')?.metadata?.get('VALIDATION_PARAMETER')).to.deep.equal(
        sentinelAlone,
      );
      snapshot.release();
      expect(await commitTogether(ledger, [send({ writes: { k: null } }, [SENTINEL])])).to.deep.equal([0]);
      expect(await commitTogether(ledger, [send({ writes: { k: 'z' } }, [SENTINEL])])).to.deep.equal([10]);
    }));

  it('does nothing where there is no key, and moves the version where there is one', () =>
    withLedger(async (ledger, consortium) => {
      const setOn = (key: string) =>
        transaction(ledger, consortium, { content: { metadata: { [key]: sentinelAlone } } });
      await commitTogether(ledger, [transaction(ledger, consortium, { content: { writes: { k: 'v' } } })]);
      const number = ledger.height;
      expect(await commitTogether(ledger, [setOn('absent'), setOn('k')])).to.deep.equal([0, 0]);
      const snapshot = ledger.openSnapshot();
      expect(snapshot.getState(CHAINCODE, 'absent')).to.equal(undefined);
      const k = snapshot.getState(CHAINCODE, 'k');
      snapshot.release();
      expect(k?.value.toString()).to.equal('v');
      expect(k?.version).to.deep.equal({ block: number, tx: 1 });
    }));
});
