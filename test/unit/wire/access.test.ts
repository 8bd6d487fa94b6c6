import { ACCESS, ROLES, mayCall, type Audience, type Caller } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';

const MSPS = ['RiversideMSP', 'LakesideMSP', 'SentinelMSP'];
const CALLERS: Caller[] = MSPS.flatMap((mspId) => [...ROLES, undefined].map((role) => ({ mspId, role })));

/** Who of the callers belongs to an audience that is about Riverside; Sentinel has oversight. */
function members(audience: Audience): string[] {
  return CALLERS.filter((caller) =>
    mayCall(audience, caller, {
      self: 'RiversideMSP',
      custodian: 'RiversideMSP',
      isOversight: caller.mspId === 'SentinelMSP',
    }),
  ).map(({ mspId, role }) => `${mspId.replace('MSP', '')} ${role ?? 'none'}`);
}

describe('table of access', () => {
  it('gives each audience to those it names and to nobody else', () => {
    expect(members('any-admin')).to.deep.equal(['Riverside admin', 'Lakeside admin', 'Sentinel admin']);
    expect(members('own-admin')).to.deep.equal(['Riverside admin']);
    expect(members('any-identity')).to.deep.equal([
      'Riverside client',
      'Riverside admin',
      'Lakeside client',
      'Lakeside admin',
      'Sentinel client',
      'Sentinel admin',
    ]);
    expect(members('any-client')).to.deep.equal(['Riverside client', 'Lakeside client', 'Sentinel client']);
    expect(members('custodian-client')).to.deep.equal(['Riverside client']);
    expect(members('collection-client')).to.deep.equal(['Riverside client', 'Sentinel client']);
    expect(members('oversight-client')).to.deep.equal(['Sentinel client']);
  });

  it('lets only the custodian write into its custody, and oversight withdraw, review, bring what was journalled, and do what takes two', () => {
    const shared = Object.entries(ACCESS.custody.apply).filter(
      ([, audience]) => audience !== 'custodian-client',
    );
    expect(shared).to.deep.equal(
      [
        'review-emergency',
        'log-journal',
        'propose-subject-basis',
        'confirm-subject-basis',
        'drop-subject-basis',
        'end-subject-basis',
      ].map((command) => [command, 'collection-client']),
    );
    expect(ACCESS.withdrawal.apply.withdraw).to.equal('collection-client');
  });

  it('lets nobody in by an absent custodian', () => {
    const nobody: Caller = { mspId: '', role: 'client' };
    expect(mayCall('custodian-client', nobody, { isOversight: false })).to.be.false;
    expect(mayCall('own-admin', { mspId: '', role: 'admin' }, { isOversight: false })).to.be.false;
  });
});
