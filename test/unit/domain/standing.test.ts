import { checkConsentSet } from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import { answer, ask, compiled, core, held, pcf, r5, reason, supersedes } from './build.js';

const id = (name: string, more: object = {}): Record<string, unknown> => ({ id: name, ...more });
const at = (instant: string): ReturnType<typeof ask> => ask({ at: instant });

describe('Whether a consent is in force', () => {
  it('only while its status is active', () => {
    for (const status of ['draft', 'proposed', 'rejected', 'inactive', 'entered-in-error']) {
      expect(reason(ask(), [pcf({ type: 'deny' }, { status })]), status).to.equal('no-consent');
    }
    expect(reason(ask(), [pcf({ type: 'deny' })])).to.equal('denied-by-consent');
  });

  it('only for its own subject', () => {
    const other = pcf({ type: 'permit' }, { patient: { reference: 'Patient/2' } });
    expect(reason(ask(), [other])).to.equal('no-consent');
    expect(reason(ask({ subjects: ['Patient/2/_history/4'] }), [other])).to.equal('permitted-by-consent');
  });

  it('within its period, at the precision of its dates', () => {
    const consent = pcf({ type: 'permit', period: { start: '2025-02', end: '2026-06-15T12:00:00+02:00' } });
    expect(reason(at('2025-01-31T23:59:59.999Z'), [consent])).to.equal('no-consent');
    expect(reason(at('2025-02-01T00:00:00Z'), [consent])).to.equal('permitted-by-consent');
    expect(reason(at('2026-06-15T10:00:00.999Z'), [consent])).to.equal('permitted-by-consent');
    expect(reason(at('2026-06-15T10:00:00.9999999Z'), [consent])).to.equal('permitted-by-consent');
    expect(reason(at('2026-06-15T10:00:01Z'), [consent])).to.equal('consent-expired');
    const year = r5('permit', [], { period: { end: '2026' } });
    expect(reason(at('2026-12-31T23:59:59.999Z'), [year])).to.equal('permitted-by-consent');
    expect(reason(at('2027-01-01T00:00:00Z'), [year])).to.equal('consent-expired');
    expect(reason(at('2027-01-01T00:00:00+14:00'), [year])).to.equal('permitted-by-consent');
  });

  it('until the instant of its withdrawal', () => {
    const consent = pcf({ type: 'permit' });
    const withdrawnAt = Date.parse('2026-11-22T10:00:00Z');
    expect(reason(ask(), [held(consent, { withdrawnAt: withdrawnAt + 1 })])).to.equal('permitted-by-consent');
    expect(answer(ask(), [held(consent, { withdrawnAt })])).to.deep.include({
      reason: 'consent-withdrawn',
      basis: [
        {
          consent: 'c1',
          version: 1,
          outcome: 'permit',
          path: 'Consent.provision',
          evidence: 'witnessed',
        },
      ],
    });
  });

  it('told as withdrawn before expired, and only where it permitted what is asked', () => {
    const expired = r5('permit', [], id('a', { period: { end: '2025' } }));
    const withdrawn = r5('permit', [], id('b', { status: 'inactive' }));
    expect(reason(ask(), [expired, withdrawn])).to.equal('consent-withdrawn');
    expect(reason(ask(), [expired])).to.equal('consent-expired');
    const other = pcf({ type: 'permit', purpose: ['HPAYMT'], period: { end: '2025' } });
    expect(reason(ask(), [other])).to.equal('no-consent');
    expect(reason(ask(), [r5('permit', [], { status: 'draft', period: { end: '2025' } })])).to.equal(
      'no-consent',
    );
  });

  describe('superseding', () => {
    const permit = (name: string, ...names: string[]): Record<string, unknown> =>
      core('OPTIN', undefined, { ...id(name), ...(names.length > 0 ? supersedes(...names) : {}) });
    const deny = (name: string, ...names: string[]): Record<string, unknown> =>
      core('OPTOUT', undefined, { ...id(name), ...(names.length > 0 ? supersedes(...names) : {}) });
    const until = (consent: Record<string, unknown>, end: string): Record<string, unknown> => ({
      ...consent,
      provision: { period: { end } },
    });

    it('a superseded permit has ended for good, whatever becomes of what superseded it', () => {
      const narrower = pcf({ type: 'permit', purpose: ['HPAYMT'] }, { ...id('new'), ...supersedes('old') });
      expect(reason(ask(), [permit('old'), narrower])).to.equal('no-consent');
      for (const more of [
        { status: 'inactive' },
        { provision: { type: 'permit', period: { end: '2025' } } },
        { provision: { type: 'permit', period: { start: '2030' } } },
      ]) {
        expect(reason(ask(), [permit('old'), { ...narrower, ...more }])).to.not.equal('permitted-by-consent');
      }
      const gone = held(narrower, { withdrawnAt: 0 });
      expect(reason(ask(), [permit('old'), gone])).to.equal('no-consent');
    });

    it('a superseded deny is out of force only while what superseded it is in force', () => {
      const consents = [deny('old'), until(permit('new', 'old'), '2026')];
      expect(reason(ask(), consents)).to.equal('permitted-by-consent');
      expect(reason(at('2027-01-01T00:00:00Z'), consents)).to.equal('denied-by-consent');
      expect(reason(ask(), [deny('old'), held(permit('new', 'old'), { withdrawnAt: 0 })])).to.equal(
        'denied-by-consent',
      );
      expect(reason(ask(), [deny('old'), { ...permit('new', 'old'), status: 'inactive' }])).to.equal(
        'denied-by-consent',
      );
    });

    it('goes with all that the superseded one superseded', () => {
      const consents = [deny('a'), permit('b', 'a'), until(permit('c', 'b'), '2026')];
      expect(reason(ask(), consents)).to.equal('permitted-by-consent');
      // The superseded permit supersedes nothing any more: when c has ended, a is back.
      expect(reason(at('2027-01-01T00:00:00Z'), consents)).to.equal('denied-by-consent');
    });

    it('a superseded deny supersedes again when it is back', () => {
      const consents = [deny('a'), until(deny('b', 'a'), '2030'), until(permit('c', 'b'), '2026')];
      expect(answer(ask(), consents).basis.map(({ consent }) => consent)).to.deep.equal(['c']);
      const after = answer(at('2027-01-01T00:00:00Z'), consents);
      expect(after.basis.map(({ consent }) => consent)).to.deep.equal(['b']);
    });

    it('consents that never were active supersede nothing', () => {
      for (const status of ['draft', 'proposed', 'rejected', 'entered-in-error']) {
        expect(reason(ask(), [permit('old'), { ...deny('new', 'old'), status }]), status).to.equal(
          'permitted-by-consent',
        );
      }
      for (const status of ['not-done', 'unknown']) {
        const never = r5('deny', [], { ...id('new'), status, ...supersedes('old') });
        expect(reason(ask(), [permit('old'), never]), status).to.equal('permitted-by-consent');
      }
    });

    it('another subject’s consent is not superseded', () => {
      const other = { ...permit('new', 'old'), patient: { reference: 'Patient/2' } };
      expect(reason(ask(), [deny('old'), other])).to.equal('denied-by-consent');
    });

    it('one superseded is not told as expired or withdrawn', () => {
      const old = held(permit('old'), { withdrawnAt: 0 });
      const narrower = pcf({ type: 'permit', purpose: ['HPAYMT'] }, { ...id('new'), ...supersedes('old') });
      expect(reason(ask(), [old])).to.equal('consent-withdrawn');
      expect(reason(ask(), [old, narrower])).to.equal('no-consent');
    });

    it('in a circle supersedes nothing, whatever the order', () => {
      const circle = [deny('a', 'b'), permit('b', 'a')];
      expect(reason(ask(), circle)).to.equal('denied-by-consent');
      expect(reason(ask(), [...circle].reverse())).to.equal('denied-by-consent');
    });
  });

  describe('as a set of input', () => {
    const problems = (...consents: Record<string, unknown>[]): string[] =>
      checkConsentSet(consents.map(compiled), {}).map(({ path }) => path);
    const named = (name: string, ...names: string[]): Record<string, unknown> => ({
      ...core('OPTIN', undefined, supersedes(...names)),
      id: name,
      ...(names.length > 0 ? {} : { extension: undefined }),
    });
    const plain = (name: string): Record<string, unknown> => core('OPTIN', undefined, { id: name });

    it('two of one id, or any that supersede themselves or each other, are bad', () => {
      expect(problems(plain('a'), plain('b'))).to.deep.equal([]);
      expect(problems(plain('a'), plain('a'))).to.deep.equal(['consents[1].id']);
      expect(problems(named('a', 'a'))).to.deep.equal(['consents[0].supersedes']);
      expect(problems(named('a', 'b'), named('b', 'c'), named('c', 'a'))).to.have.lengthOf(3);
      expect(problems(named('a', 'b'), named('b', 'gone'))).to.deep.equal([]);
    });

    it('several patients need subjects', () => {
      const two = [plain('a'), { ...plain('b'), patient: { reference: 'Patient/2' } }].map(compiled);
      expect(checkConsentSet(two, {}).map(({ path }) => path)).to.deep.equal(['subjects']);
      expect(checkConsentSet(two, { subjects: ['Patient/1'] })).to.deep.equal([]);
    });
  });
});
