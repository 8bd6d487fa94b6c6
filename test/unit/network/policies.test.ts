import {
  allOf,
  anyOf,
  outOf,
  policyEnvelope,
  policyText,
  role,
} from '@consent-ledger/network/internal/channel/policies';
import { expect } from 'chai';

/** What configtxgen 3.1.5 makes of the text, common.SignaturePolicyEnvelope in hex. */
const VECTOR = {
  text: "AND('RiversideMSP.peer',OR('SentinelMSP.peer','LakesideMSP.peer'),OutOf(2,'A.member','B.admin','C.orderer'))",
  bytes:
    '12281226080312020805120c120a080112020800120208011210120e08021202080212020803120208041a11120f0a0b53656e74696e656c4d5350' +
    '10031a11120f0a0b4c616b65736964654d535010031a0512030a01411a0712050a014210011a0712050a014310041a1212100a0c52697665727369' +
    '64654d53501003',
};

describe('a policy', () => {
  const rule = allOf([
    role('RiversideMSP', 'peer'),
    anyOf([role('SentinelMSP', 'peer'), role('LakesideMSP', 'peer')]),
    outOf(2, [role('A', 'member'), role('B', 'admin'), role('C', 'orderer')]),
  ]);

  it('has the text that Fabric parses', () => {
    expect(policyText(rule)).to.equal(VECTOR.text);
  });

  it('has the bytes that Fabric makes of that text', () => {
    expect(Buffer.from(policyEnvelope(rule).serializeBinary()).toString('hex')).to.equal(VECTOR.bytes);
  });

  it('cannot ask for more rules than there are, or for none', () => {
    expect(() => outOf(3, [role('A', 'peer'), role('B', 'peer')])).to.throw(RangeError, '3 of 2');
    expect(() => anyOf([])).to.throw(RangeError, '1 of 0');
    expect(() => allOf([])).to.throw(RangeError);
  });
});
