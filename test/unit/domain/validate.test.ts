import { validateContext, validateQuestion } from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import { ask } from './build.js';

type Json = Record<string, unknown>;

const least = { at: '2026-11-22T10:00:00Z', requester: { member: 'Organization/a' }, purpose: ['TREAT'] };
const questionPaths = (value: unknown): string[] => {
  const result = validateQuestion(value);
  return result.ok ? [] : result.problems.map(({ path }) => path);
};
const contextPaths = (value: unknown): string[] => {
  const result = validateContext(value);
  return result.ok ? [] : result.problems.map(({ path }) => path);
};

describe('A question', () => {
  it('needs a time, a member and a purpose, and no more', () => {
    expect(questionPaths(least)).to.deep.equal([]);
    expect(questionPaths(ask({ emergency: { reason: '' }, legalBasis: 'lb' }))).to.deep.equal([]);
    expect(questionPaths({})).to.deep.equal(['at', 'requester', 'purpose']);
    expect(questionPaths({ ...least, requester: {} })).to.deep.equal(['requester.member']);
    for (const value of [null, [], 'x', 1, undefined]) expect(questionPaths(value)).to.deep.equal(['']);
  });

  it('knows what absent and empty mean', () => {
    expect(
      questionPaths({
        ...least,
        requester: { member: 'm', references: [], roles: [] },
        record: { labels: [], classes: [] },
      }),
    ).to.deep.equal([]);
    for (const key of ['purpose', 'actions', 'subjects']) {
      expect(questionPaths({ ...least, [key]: [] })).to.deep.equal([key]);
    }
  });

  const bad: readonly (readonly [string, Json, string])[] = [
    ['an unknown key', { colour: 1 }, 'colour'],
    ['an unknown key inside', { record: { colour: 1 } }, 'record.colour'],
    ['an unknown purpose', { purpose: ['TREAT', 'FUN'] }, 'purpose[1]'],
    ['the root of purposes', { purpose: ['PurposeOfUse'] }, 'purpose[0]'],
    ['a purpose of an unregistered system', { purpose: ['urn:x|Y'] }, 'purpose[0]'],
    ['a purpose that every object has', { purpose: ['constructor'] }, 'purpose[0]'],
    ['an unknown action', { actions: ['read'] }, 'actions[0]'],
    ['an unknown label', { record: { labels: ['N', 'S'] } }, 'record.labels[1]'],
    ['a bare date', { at: '2026-11-22' }, 'at'],
    ['a time without a zone', { at: '2026-11-22T10:00:00' }, 'at'],
    ['a time without seconds', { at: '2026-11-22T10:00Z' }, 'at'],
    ['a day that is none', { at: '2026-02-29T10:00:00Z' }, 'at'],
    ['a coding without system', { record: { codes: [{ code: '1' }] } }, 'record.codes[0].system'],
    ['an authored time without a zone', { record: { authored: '2026-11-22T10:00:00' } }, 'record.authored'],
    [
      'an authored span that ends before it starts',
      { record: { authored: { start: '2026', end: '2025' } } },
      'record.authored',
    ],
    ['an emergency without reason', { emergency: {} }, 'emergency.reason'],
    ['an empty reference', { custodian: '' }, 'custodian'],
    ['a number', { requester: { member: 7 } }, 'requester.member'],
    [
      'references that are no list',
      { requester: { member: 'm', references: 'Practitioner/1' } },
      'requester.references',
    ],
  ];
  for (const [what, more, path] of bad) {
    it(`is refused for ${what}`, () => {
      expect(questionPaths({ ...least, ...more })).to.deep.equal([path]);
    });
  }

  it('takes purposes of registered systems', () => {
    const result = validateQuestion({ ...least, purpose: ['urn:x|Y'] }, ['urn:x']);
    expect(result.ok).to.equal(true);
    expect(validateQuestion({ ...least, purpose: ['urn:x|'] }, ['urn:x']).ok).to.equal(false);
  });

  it('takes any precision of a date as authored', () => {
    for (const authored of [
      '2024',
      '2024-05',
      '2024-05-01',
      '2024-05-01T08:00:00.123+02:00',
      {},
      { end: '2024' },
    ]) {
      expect(questionPaths({ ...least, record: { authored } })).to.deep.equal([]);
    }
  });
});

describe('A context', () => {
  const basis = { id: 'lb', requester: 'm', purposes: ['TREAT'], period: {}, status: 'active' };
  const agreement = { parties: ['a', 'b'], purposes: ['TREAT'], period: { start: '2026' }, status: 'ended' };

  it('may hold all that a decision rests on, and nothing else', () => {
    expect(contextPaths({})).to.deep.equal([]);
    expect(
      contextPaths({
        impliedPolicy: 'basic-normal',
        members: [{ reference: 'Organization/a', status: 'active' }],
        subjects: [{ reference: 'Patient/1', status: 'erased' }],
        records: [],
        evidence: { c1: 'signed' },
        agreements: [agreement],
        agreementPurposes: ['HRESCH'],
        legalBases: [{ ...basis, subject: 'Patient/1', labels: ['SUD'], cites: ['42 CFR 2.51'] }],
        emergencyRoles: ['er'],
        reviewHours: 24,
        signedOnlyPurposes: ['urn:x|Y'],
        purposeSystems: ['urn:x'],
      }),
    ).to.deep.equal([]);
    expect(contextPaths({ colour: 1 })).to.deep.equal(['colour']);
  });

  const bad: readonly (readonly [string, Json, string])[] = [
    ['an implied policy that is none', { impliedPolicy: 'permit' }, 'impliedPolicy'],
    ['a status that is none', { members: [{ reference: 'a', status: 'erased' }] }, 'members[0].status'],
    [
      'one listed twice',
      {
        subjects: [
          { reference: 'a', status: 'active' },
          { reference: 'a/_history/1', status: 'erased' },
        ],
      },
      'subjects[1].reference',
    ],
    ['evidence that is none', { evidence: { c1: 'oral' } }, 'evidence["c1"]'],
    ['an unknown purpose', { agreementPurposes: ['FUN'] }, 'agreementPurposes[0]'],
    ['an unknown label', { legalBases: [{ ...basis, labels: ['X'] }] }, 'legalBases[0].labels[0]'],
    ['two legal bases of one id', { legalBases: [basis, basis] }, 'legalBases[1].id'],
    [
      'a period that ends before it starts',
      { agreements: [{ ...agreement, period: { start: '2026', end: '2025' } }] },
      'agreements[0].period',
    ],
    ['no status', { agreements: [{ ...agreement, status: undefined }] }, 'agreements[0].status'],
    ['hours that are none', { reviewHours: 0 }, 'reviewHours'],
    [
      'a system that needs no registration',
      { purposeSystems: ['http://terminology.hl7.org/CodeSystem/v3-ActReason'] },
      'purposeSystems[0]',
    ],
  ];
  for (const [what, context, path] of bad) {
    it(`is refused for ${what}`, () => {
      expect(contextPaths(context)).to.deep.equal([path]);
    });
  }
});
