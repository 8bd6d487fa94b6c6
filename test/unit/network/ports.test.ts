import { listeners, portPlan, PortPlanError, portsOf } from '@consent-ledger/network';
import { expect } from 'chai';
import { demo } from './consortium.js';

describe('the ports of a consortium', () => {
  it('follow from the base as documented', () => {
    const plan = portPlan(demo(), 7000);
    expect([plan.issuer, plan.sharedChaincode]).to.deep.equal([7000, 7001]);
    expect(portsOf(plan, 'riverside')).to.deep.equal({
      gateway: 7010,
      peer: 7011,
      orderer: 7012,
      chaincode: 7013,
      peerChaincode: 7014,
      peerOperations: 7015,
      ordererAdmin: 7016,
      ordererOperations: 7017,
    });
    expect(portsOf(plan, 'sentinel').gateway).to.equal(7040);
  });

  it('never collide between two consortiums whose bases are a hundred apart', () => {
    const ports = [7000, 7100].flatMap((base) => listeners(portPlan(demo(), base)).map(({ port }) => port));
    expect(new Set(ports).size).to.equal(ports.length);
  });

  it('are those that the topology states, where it states them', () => {
    const topology = demo(['kind: sponsor', 'kind: sponsor\n    ports: {gateway: 443}']);
    expect(portsOf(portPlan(topology), 'novacure')).to.include({ gateway: 443, peer: 7031 });
  });

  it('are refused when a stated one is also a derived one on the same host', () => {
    const topology = demo(['kind: sponsor', 'kind: sponsor\n    ports: {gateway: 7011}']);
    expect(() => portPlan(topology, 7000)).to.throw(PortPlanError, 'riverside peer and for novacure gateway');
    expect(() => portPlan(topology, 8000)).not.to.throw();
  });

  for (const base of [0, 1023, 65_487, 70_000, 7000.5, Number.NaN]) {
    it(`refuse the base ${base}`, () => {
      expect(() => portPlan(demo(), base)).to.throw(PortPlanError, 'from 1024 to 65486');
    });
  }

  it('accept the last base that fits', () => {
    expect(() => portPlan(demo(), 65_486)).not.to.throw();
  });
});
