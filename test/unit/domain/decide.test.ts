import type { DecisionContext, LegalBasis, Question } from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import { answer, ask, core, held, lacking, pcf, r5, reason } from './build.js';

const MEMBER = 'Organization/lakeside';
const permitAll = core('OPTIN', undefined, { id: 'permit' });
const denyAll = core('OPTOUT', undefined, { id: 'deny' });
const labelled = (...labels: string[]): { record: { labels: string[] } } => ({ record: { labels } });
const unlabelled = { record: { labels: undefined } } as unknown as { record: object };

describe('What all consents say together', () => {
  describe('1. who and what is known', () => {
    it('a member that is unknown or suspended', () => {
      const context = (status: 'active' | 'suspended'): DecisionContext => ({
        members: [{ reference: MEMBER, status }],
      });
      expect(reason(ask(), [permitAll], { members: [] })).to.equal('member-not-active');
      expect(reason(ask(), [permitAll], context('suspended'))).to.equal('member-not-active');
      expect(reason(ask(), [permitAll], context('active'))).to.equal('permitted-by-consent');
    });

    it('a subject or a record that is unknown or erased, the subject also where the consents give it', () => {
      const unnamed = lacking(ask(), 'subjects');
      const subjects = [{ reference: 'Patient/2', status: 'active' as const }];
      expect(reason(unnamed, [permitAll], { subjects })).to.equal('not-known');
      expect(reason(ask(), [permitAll], { subjects })).to.equal('not-known');
      expect(reason(ask({ subjects: ['Patient/2'] }), [], { subjects })).to.equal('no-consent');
      const records = [{ reference: 'Observation/1', status: 'erased' as const }];
      expect(reason(ask(), [permitAll], { records })).to.equal('not-known');
      expect(reason(ask(), [permitAll], { records: [] })).to.equal('not-known');
      const noRecord = lacking(ask(), 'record');
      expect(reason(noRecord, [permitAll], { records: [] })).to.equal('permitted-by-consent');
    });

    it('comes before everything else, a legal basis too', () => {
      const context = { members: [], legalBases: [basis()] };
      expect(reason(ask({ legalBasis: 'lb' }), [], context)).to.equal('member-not-active');
    });
  });

  describe('2. a legal basis', () => {
    const by = (more: Partial<LegalBasis>, question: Partial<Question> = {}): string =>
      reason(ask({ legalBasis: 'lb', ...question }), [denyAll], { legalBases: [basis(more)] });

    it('permits, whatever consents say, the requester and purpose that it names', () => {
      expect(by({})).to.equal('legal-basis');
      expect(by({}, { purpose: ['ETREAT'] }), 'what descends from it').to.equal('legal-basis');
      expect(by({}, { purpose: ['HRESCH'] })).to.equal('denied-by-consent');
      expect(by({ requester: 'Organization/x' })).to.equal('denied-by-consent');
      expect(by({}, { legalBasis: 'other' }), 'not registered').to.equal('denied-by-consent');
      expect(reason(ask(), [denyAll], { legalBases: [basis()] }), 'not named').to.equal('denied-by-consent');
    });

    it('only while it is in force', () => {
      expect(by({ status: 'ended' })).to.equal('denied-by-consent');
      expect(by({ period: { end: '2025' } })).to.equal('denied-by-consent');
      expect(by({ period: { start: '2026-11-22', end: '2026-11-22' } })).to.equal('legal-basis');
    });

    it('only the subject that it names, where it names one', () => {
      expect(by({ subject: 'Patient/1/_history/2' })).to.equal('legal-basis');
      expect(by({ subject: 'Patient/2' })).to.equal('denied-by-consent');
    });

    it('without labels never a record with a sensitivity, or with unknown labels', () => {
      expect(by({}, labelled('V'))).to.equal('legal-basis');
      expect(by({}, labelled('HIV'))).to.equal('denied-by-consent');
      expect(by({}, labelled('N', '42CFRPart2'))).to.equal('denied-by-consent');
      expect(by({}, unlabelled)).to.equal('denied-by-consent');
    });

    it('with labels only records that carry sensitivity, all of it named or descending from what is named', () => {
      expect(by({ labels: ['HIV', 'SPI'] }, labelled('HIV', 'MH'))).to.equal('legal-basis');
      expect(by({ labels: ['HIV'] }, labelled('HIV', 'MH'))).to.equal('denied-by-consent');
      expect(by({ labels: ['HIV'] }, labelled())).to.equal('denied-by-consent');
      expect(by({ labels: ['HIV'] }, unlabelled)).to.equal('denied-by-consent');
    });

    it('for substance use records only with a citation that 42 CFR part 2 allows', () => {
      const sud = labelled('SUD', '42CFRPart2');
      expect(by({ labels: ['SUD'] }, sud)).to.equal('denied-by-consent');
      for (const cites of [
        '42 CFR 2.51',
        '42 CFR 2.61',
        '42 CFR 2.67(b)',
        '42 CFR § 2.64',
        '42 C.F.R. 2.66',
      ]) {
        expect(by({ labels: ['SUD'], cites: ['45 CFR 164.512', cites] }, sud), cites).to.equal('legal-basis');
      }
      for (const cites of [
        '42 CFR 2.52',
        '42 CFR 2.60',
        '42 CFR 2.68',
        '42 CFR 2.511',
        '45 CFR 2.51',
        '2.51',
      ]) {
        expect(by({ labels: ['SUD'], cites: [cites] }, sud), cites).to.equal('denied-by-consent');
      }
      expect(by({ labels: ['SUD'], cites: ['42 CFR 2.51'] }, labelled('42CFRPart2'))).to.equal('legal-basis');
      expect(by({ labels: ['ETH'] }, labelled('ETH')), 'ETH means the same data').to.equal(
        'denied-by-consent',
      );
    });

    it('covers break-glass only where it names it', () => {
      const question = { purpose: ['BTG'] };
      expect(by({ purposes: ['TREAT'] }, question)).to.equal('break-glass-incomplete');
      expect(by({ purposes: ['TREAT', 'BTG'] }, question)).to.equal('legal-basis');
    });
  });

  describe('3. break-glass', () => {
    const requester = { member: MEMBER, references: [], roles: ['clerk', 'er'] };
    const question = ask({ purpose: ['BTG'], requester, emergency: { reason: 'unconscious' } });
    const context: DecisionContext = { emergencyRoles: ['er'] };

    it('needs a reason and a role, and is reviewed', () => {
      expect(answer(question, [denyAll], context)).to.deep.equal({
        outcome: 'permit',
        reason: 'break-glass',
        basis: [],
        obligations: [{ code: 'review-by', at: '2026-11-25T10:00:00Z' }],
        rules: '1',
      });
      expect(answer(question, [], { ...context, reviewHours: 1.5 }).obligations).to.deep.equal([
        { code: 'review-by', at: '2026-11-22T11:30:00Z' },
      ]);
      expect(reason(question, [])).to.equal('break-glass-incomplete');
      expect(reason({ ...question, emergency: { reason: '  ' } }, [], context)).to.equal(
        'break-glass-incomplete',
      );
      const calm = lacking(question, 'emergency');
      expect(reason(calm, [permitAll], { ...context, impliedPolicy: 'all-normal' })).to.equal(
        'break-glass-incomplete',
      );
    });

    it('is forbidden before it is found incomplete', () => {
      expect(
        reason({ ...question, requester: { member: MEMBER } }, [pcf({ type: 'deny', purpose: ['BTG'] })]),
      ).to.equal('break-glass-forbidden');
    });

    it('is not what an emergency is called under another purpose', () => {
      expect(reason({ ...question, purpose: ['ETREAT'] }, [denyAll], context)).to.equal('denied-by-consent');
    });

    it('needs no agreement', () => {
      expect(reason(question, [], { ...context, agreementPurposes: ['TREAT'] })).to.equal('break-glass');
    });
  });

  describe('4. agreements', () => {
    const parties = [MEMBER, 'Organization/riverside', 'Organization/x'];
    const agreement = { parties, purposes: ['TREAT'], period: {}, status: 'active' as const };
    const is = (more: object, question = ask(), agreementPurposes = ['TREAT']): string =>
      reason(question, [permitAll], { agreementPurposes, agreements: [{ ...agreement, ...more }] });

    it('one in force must name both members and the purpose or an ancestor', () => {
      expect(is({})).to.equal('permitted-by-consent');
      expect(is({}, ask({ purpose: ['COC'] }))).to.equal('permitted-by-consent');
      expect(is({ parties: [MEMBER, 'Organization/x'] })).to.equal('agreement-missing');
      expect(is({ purposes: ['COC'] })).to.equal('agreement-missing');
      expect(is({ status: 'ended' })).to.equal('agreement-missing');
      expect(is({ period: { end: '2026-11-21' } })).to.equal('agreement-missing');
      expect(is({ status: 'ended' }, ask({ purpose: ['HPAYMT'] }))).to.equal('permitted-by-consent');
    });

    it('with itself a member needs none, with an unknown custodian it has none', () => {
      expect(is({ status: 'ended' }, ask({ custodian: MEMBER }))).to.equal('permitted-by-consent');
      const question = lacking(ask(), 'custodian');
      expect(is({}, question)).to.equal('agreement-missing');
    });

    it('comes before what consents say', () => {
      expect(reason(ask(), [denyAll], { agreementPurposes: ['TREAT'] })).to.equal('agreement-missing');
    });
  });

  describe('5. and 6. consents', () => {
    it('one that denies outweighs every one that permits, whichever is newer', () => {
      expect(answer(ask(), [permitAll, denyAll])).to.deep.include({
        reason: 'denied-by-consent',
        basis: [
          {
            consent: 'deny',
            version: 1,
            outcome: 'deny',
            path: 'Consent.policyRule',
            evidence: 'witnessed',
          },
        ],
      });
    });

    it('the basis names every consent that said what was decided', () => {
      const more = r5('permit', [], { id: 'a' });
      expect(answer(ask(), [permitAll, more]).basis.map(({ consent }) => consent)).to.deep.equal([
        'a',
        'permit',
      ]);
    });

    it('evidence must be good enough for the purpose', () => {
      const context: DecisionContext = { signedOnlyPurposes: ['HRESCH'] };
      const question = ask({ purpose: ['BIORCH'] });
      expect(answer(question, [held(permitAll, { evidence: 'delegated' })], context)).to.deep.include({
        reason: 'evidence-insufficient',
        basis: [
          {
            consent: 'permit',
            version: 1,
            outcome: 'permit',
            path: 'Consent.policyRule',
            evidence: 'delegated',
          },
        ],
      });
      expect(reason(question, [held(permitAll, { evidence: 'signed' })], context)).to.equal(
        'permitted-by-consent',
      );
      expect(reason(ask(), [permitAll], context)).to.equal('permitted-by-consent');
      expect(reason(question, [denyAll], context)).to.equal('denied-by-consent');
    });
  });

  describe('7. what was granted, but not this', () => {
    const implied: DecisionContext = { impliedPolicy: 'all-normal' };

    it('replaces the implied policy for the purposes granted', () => {
      const consent = pcf({ type: 'permit', purpose: ['TREAT'], actor: ['Practitioner/1'] });
      expect(answer(ask(), [consent], implied)).to.deep.include({
        reason: 'not-covered-by-consent',
        basis: [{ consent: 'c1', version: 1, outcome: 'nothing', evidence: 'witnessed' }],
      });
      expect(reason(ask({ purpose: ['HPAYMT'] }), [consent], implied)).to.equal(
        'permitted-by-implied-policy',
      );
      expect(reason(ask({ purpose: ['POPHLTH'] }), [consent], implied), 'not granted').to.equal(
        'permitted-by-implied-policy',
      );
      expect(reason(ask({ purpose: ['POPHLTH'] }), [r5('permit')], implied), 'no purpose named').to.equal(
        'not-covered-by-consent',
      );
    });

    it('or where a permit exception names the purpose', () => {
      const consent = pcf({
        type: 'permit',
        purpose: ['HPAYMT'],
        provision: [{ type: 'permit', purpose: ['TREAT'], actor: ['Practitioner/1'] }],
      });
      expect(reason(ask(), [consent], implied)).to.equal('not-covered-by-consent');
    });

    it('refusing only takes away from it', () => {
      const consent = pcf({ type: 'deny', purpose: ['HMARKT'] });
      expect(reason(ask(), [consent], implied)).to.equal('permitted-by-implied-policy');
    });

    it('only a consent of the scope of the question', () => {
      const research = {
        scope: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'research' }],
        },
      };
      const other = pcf({ type: 'permit', actor: ['Practitioner/1'] }, research);
      expect(reason(ask(), [other], implied)).to.equal('permitted-by-implied-policy');
      expect(reason(ask({ purpose: ['HRESCH'] }), [other], implied)).to.equal('not-covered-by-consent');
      const privacy = pcf({ type: 'permit', actor: ['Practitioner/1'] });
      expect(reason(ask({ purpose: ['HRESCH'] }), [privacy], implied)).to.equal('no-consent');
    });
  });

  describe('8. the implied policy', () => {
    const is = (impliedPolicy: DecisionContext['impliedPolicy'], more: Partial<Question> = {}): string =>
      reason(ask(more), [], impliedPolicy === undefined ? {} : { impliedPolicy });
    const permitted = 'permitted-by-implied-policy';

    it('deny and break-glass-only permit nothing', () => {
      for (const policy of [undefined, 'deny', 'break-glass-only'] as const)
        expect(is(policy)).to.equal('no-consent');
    });

    it('basic-normal permits treatment, payment and operations of normal records', () => {
      for (const purpose of ['TREAT', 'ETREAT', 'COVERAGE', 'LABELING']) {
        expect(is('basic-normal', { purpose: [purpose] }), purpose).to.equal(permitted);
      }
      for (const purpose of ['CLINTRL', 'POPHLTH', 'PUBHLTH', 'HRESCH']) {
        expect(is('basic-normal', { purpose: [purpose] }), purpose).to.equal('no-consent');
      }
      for (const labels of [['R'], ['N', 'HIV'], ['42CFRPart2']]) {
        expect(is('basic-normal', labelled(...labels)), labels.join(' ')).to.equal('no-consent');
      }
      expect(is('basic-normal', labelled('L'))).to.equal(permitted);
      expect(is('basic-normal', unlabelled)).to.equal('no-consent');
    });

    it('all-normal permits any purpose but break-glass, trials and research', () => {
      for (const purpose of ['TREAT', 'POPHLTH', 'PUBHLTH', 'HMARKT']) {
        expect(is('all-normal', { purpose: [purpose] }), purpose).to.equal(permitted);
      }
      for (const purpose of ['CLINTRL', 'HRESCH', 'CLINTRCHPC']) {
        expect(is('all-normal', { purpose: [purpose] }), purpose).to.equal('no-consent');
      }
    });
  });

  describe('several purposes, actions or subjects', () => {
    it('all must permit', () => {
      const consent = pcf({ type: 'permit', purpose: ['TREAT'], action: ['access'] });
      expect(reason(ask({ purpose: ['TREAT', 'HPAYMT'] }), [consent])).to.equal('no-consent');
      expect(reason(ask({ actions: ['access', 'disclose'] }), [consent])).to.equal('not-covered-by-consent');
      expect(reason(ask({ subjects: ['Patient/1', 'Patient/2'] }), [consent])).to.equal('no-consent');
      expect(reason(ask({ purpose: ['TREAT', 'COC'] }), [consent])).to.equal('permitted-by-consent');
    });
  });

  it('a purpose of a registered system matches itself alone', () => {
    const system = 'urn:example:purposes';
    const context = { purposeSystems: [system], impliedPolicy: 'all-normal' as const };
    expect(reason(ask({ purpose: [`${system}|QUAL`] }), [], context)).to.equal('permitted-by-implied-policy');
    expect(reason(ask({ purpose: [`${system}|QUAL`] }), [permitAll], context)).to.equal(
      'permitted-by-consent',
    );
  });
});

describe('Obligations', () => {
  it('no redisclosure of substance use records, nor of those whose labels are unknown', () => {
    const codes = (question: Question): string[] =>
      answer(question, [permitAll]).obligations.map(({ code }) => code);
    for (const label of ['SUD', 'ETHUD', 'ETH', '42CFRPart2']) {
      expect(codes(ask(labelled(label))), label).to.deep.equal(['prohibit-redisclosure']);
    }
    expect(codes(ask(unlabelled))).to.deep.equal(['prohibit-redisclosure']);
    expect(codes(ask(labelled('HIV', 'V')))).to.deep.equal([]);
    expect(answer(ask(labelled('SUD')), [denyAll]).obligations).to.deep.equal([]);
  });

  it('expire with the first period that the decision rests on', () => {
    const expires = (...consents: Record<string, unknown>[]): string[] =>
      answer(ask(), consents).obligations.map((one) => ('at' in one ? `${one.code} ${one.at}` : one.code));
    expect(expires(r5('permit', [], { period: { end: '2026' } }))).to.deep.equal([
      'expires-at 2027-01-01T00:00:00Z',
    ]);
    expect(
      expires(
        r5('permit', [], { id: 'a', period: { end: '2028' } }),
        r5('permit', [], { id: 'b', period: { end: '2027-06-15T12:00:00.250+02:00' } }),
        r5('permit', [], { id: 'c' }),
      ),
    ).to.deep.equal(['expires-at 2027-06-15T10:00:00.251Z']);
    expect(
      expires(
        r5(
          'deny',
          [
            {
              period: { end: '2027-03' },
              actor: [MEMBER],
              provision: [{ period: { end: '2026-12' }, label: ['R'] }],
            },
          ],
          {
            period: { end: '2030' },
          },
        ),
      ),
      'the way to the provision that decided',
    ).to.deep.equal(['expires-at 2027-04-01T00:00:00Z']);
    expect(expires(r5('permit'))).to.deep.equal([]);
    expect(
      expires(r5('permit', [], { period: { end: '9999-12-31' } })),
      'the last year of FHIR',
    ).to.deep.equal(['expires-at 9999-12-31T23:59:59.999Z']);
  });
});

function basis(more: Partial<LegalBasis> = {}): LegalBasis {
  return { id: 'lb', requester: MEMBER, purposes: ['TREAT'], period: {}, status: 'active', ...more };
}
