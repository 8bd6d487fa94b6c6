import { expect } from 'chai';
import { DatabaseSync } from 'node:sqlite';
import { sha256, type AccessEvent, type EventDetail } from '@consent-ledger/chaincode/wire';
import { NoticeFolder } from '@consent-ledger/gateway/internal/adapters/sqlite/notice-folding';
import { PROJECTION_SCHEMA } from '@consent-ledger/gateway/internal/adapters/sqlite/projection-schema';
import { listRecipients } from '@consent-ledger/gateway/internal/usecases/amendments/amendment-view';

const LET_OUT = '2026-11-24T08:00:00.000Z';
const LOGGED = '2026-11-24T10:00:00.000Z';
const KEY = `event/${'0'.repeat(64)}`;

const event: AccessEvent = {
  v: 1,
  salt: 'A'.repeat(22),
  custodian: 'RiversideMSP',
  requester: 'LakesideMSP',
  jti: 'j'.repeat(22),
  request: sha256('a'),
  at: LOGGED,
  enc: sha256('A'),
  details: sha256('a'),
  records: [
    {
      record: 'hb',
      outcome: 'permit',
      code: 'permitted',
      version: 1,
      obligations: [{ code: 'review-by', at: '2026-11-27T08:00:00.000Z' }],
    },
  ],
  rules: '1',
  journal: { at: LET_OUT, custodian: sha256('a'), requester: sha256('a') },
};
const detail = { records: [{ record: 'hb', subjects: ['subject-1'] }] } as unknown as EventDetail;
const value = Buffer.from(JSON.stringify(event));

describe('what was let out out of an emergency journal has the time when it was let out', () => {
  it('in what its subject is told', () => {
    const database = new DatabaseSync(':memory:');
    database.exec(PROJECTION_SCHEMA);
    const write = { collection: 'custody-RiversideMSP', key: KEY, value };
    new NoticeFolder(database).foldEvent(write, event, detail, 9, { id: 't', index: 0 } as never);
    const told = database.prepare('SELECT subject, kind, at, block FROM notice').all();
    expect(told.map((row) => ({ ...row }))).to.deep.equal([
      { subject: 'subject-1', kind: 'emergency-access', at: LET_OUT, block: 9 },
    ]);
    database.close();
  });

  it('among those who received what was amended since', () => {
    const custody = {
      custodian: 'RiversideMSP',
      collection: 'custody-RiversideMSP',
      get: (kind: string) => (kind === 'amendment' ? { value: { record: 'hb' } } : undefined),
    };
    const entry = { key: KEY, value, delivered: ['hb'], position: '9' };
    const { recipients } = listRecipients('amendment-1', { limit: 10 }, custody as never, {
      members: { referenceOf: (mspId: string) => `Organization/${mspId}` } as never,
      projection: { events: () => [entry] } as never,
    });
    expect(recipients.map(({ member, at }) => [member, at])).to.deep.equal([
      ['Organization/LakesideMSP', LET_OUT],
    ]);
  });
});
