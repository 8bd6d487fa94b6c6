import { expect } from 'chai';
import { answer, ask, core, pcf, r5, reason, type Short } from './build.js';

const requester = { member: 'Organization/lakeside', references: ['Practitioner/1'], roles: ['er'] };
const labelled = (...labels: string[]): { record: { labels: string[] } } => ({ record: { labels } });
const unlabelled = { record: { labels: undefined } } as unknown as { record: object };
const path = (...given: Parameters<typeof answer>): string | undefined => answer(...given).basis[0]?.path;

describe('What one consent says', () => {
  const coverage = { type: 'permit', purpose: ['TREAT', 'HPAYMT', 'HOPERAT'], label: ['N'] };
  const restrictedForOne = pcf({
    ...coverage,
    provision: [{ type: 'permit', actor: ['Practitioner/1'], label: ['R'] }],
  });

  it('coverage and an exception for a practitioner: that one reads R, others N', () => {
    expect(reason(ask({ requester, ...labelled('R') }), [restrictedForOne])).to.equal('permitted-by-consent');
    expect(reason(ask(labelled('R')), [restrictedForOne])).to.equal('not-covered-by-consent');
    expect(reason(ask(labelled('N')), [restrictedForOne])).to.equal('permitted-by-consent');
    expect(
      reason(ask({ requester, ...labelled('R'), purpose: ['PUBHLTH'] }), [restrictedForOne]),
      'for those three purposes',
    ).to.equal('no-consent');
  });

  it('an exception for a purpose: R, for emergency treatment by anybody', () => {
    const consent = pcf({ ...coverage, provision: [{ type: 'permit', purpose: ['ETREAT'], label: ['R'] }] });
    expect(reason(ask({ purpose: ['ERTREAT'], ...labelled('R') }), [consent])).to.equal(
      'permitted-by-consent',
    );
    expect(reason(ask({ purpose: ['TREAT'], ...labelled('R') }), [consent])).to.equal(
      'not-covered-by-consent',
    );
  });

  it('a deny exception for an organisation: nothing for it, at any label', () => {
    const consent = pcf({ ...coverage, provision: [{ type: 'deny', actor: ['Organization/lakeside'] }] });
    for (const labels of ['U', 'N', 'V']) {
      expect(reason(ask(labelled(labels)), [consent])).to.equal('denied-by-consent');
    }
    expect(path(ask(), [consent])).to.equal('Consent.provision.provision[0]');
  });

  it('one deny among the exceptions that match outweighs every permit', () => {
    const consent = r5('deny', [
      { actor: ['Organization/lakeside'] },
      { actor: ['Organization/lakeside'], provision: [{ label: ['R'] }] },
    ]);
    expect(reason(ask(labelled('N')), [consent])).to.equal('permitted-by-consent');
    expect(reason(ask(labelled('R')), [consent])).to.equal('denied-by-consent');
    expect(path(ask(labelled('R')), [consent])).to.equal('Consent.provision[1].provision[0]');
  });

  it('the base speaks where no exception does, and is told by its own path', () => {
    expect(path(ask(), [pcf({ type: 'permit' })])).to.equal('Consent.provision');
    expect(path(ask(), [core('OPTIN')])).to.equal('Consent.policyRule');
    expect(path(ask(), [r5('deny')])).to.equal('Consent.decision');
  });

  it('a question outside the coverage is told nothing', () => {
    const consent = pcf({ type: 'deny', purpose: ['HMARKT'] });
    expect(answer(ask(), [consent])).to.deep.include({ reason: 'no-consent', basis: [] });
  });

  it('action, class and code count as coverage too', () => {
    const consent = pcf({ type: 'permit', action: ['use'] });
    expect(reason(ask({ actions: ['use'] }), [consent])).to.equal('permitted-by-consent');
    expect(reason(ask(), [consent])).to.equal('not-covered-by-consent');
  });

  describe('nested exceptions', () => {
    // Permit; but not at R; but at R for Practitioner/1; but not HIV even then.
    const nested = core('OPTIN', {
      provision: [
        {
          type: 'deny',
          label: ['R'],
          provision: [
            { type: 'permit', actor: ['Practitioner/1'], provision: [{ type: 'deny', label: ['HIV'] }] },
          ],
        },
      ],
    });

    it('each level is an exception to the one above', () => {
      expect(reason(ask(labelled('N')), [nested])).to.equal('permitted-by-consent');
      expect(reason(ask(labelled('R')), [nested])).to.equal('denied-by-consent');
      expect(reason(ask({ requester, ...labelled('R') }), [nested])).to.equal('permitted-by-consent');
      expect(reason(ask({ requester, ...labelled('HIV') }), [nested])).to.equal('denied-by-consent');
    });

    it('a provision is reached only where its parent matches', () => {
      const consent = core('OPTIN', {
        provision: [
          { type: 'permit', label: ['HIV'], provision: [{ type: 'deny', actor: ['Organization/lakeside'] }] },
        ],
      });
      expect(reason(ask(labelled('N')), [consent])).to.equal('permitted-by-consent');
      expect(reason(ask(labelled('HIV')), [consent])).to.equal('denied-by-consent');
    });

    it('on the way to a nested deny the unknown counts as a match, on the way to a permit as none', () => {
      const toDeny = r5('deny', [
        { label: ['HIV'], provision: [{ actor: ['Organization/lakeside'] }] },
        { actor: ['Organization/lakeside'] },
      ]);
      expect(reason(ask(labelled('N')), [toDeny])).to.equal('permitted-by-consent');
      expect(reason(ask(unlabelled), [toDeny])).to.equal('denied-by-consent');
      const toPermit = r5('permit', [{ label: ['HIV'], provision: [{ actor: ['Organization/lakeside'] }] }]);
      expect(reason(ask(labelled('HIV')), [toPermit])).to.equal('permitted-by-consent');
      expect(reason(ask(unlabelled), [toPermit])).to.equal('denied-by-consent');
    });

    it('one outside its own period is as if it were not there, with everything inside it', () => {
      const consent = r5('permit', [
        { period: { end: '2025' }, provision: [{ actor: ['Organization/lakeside'] }] },
      ]);
      expect(reason(ask({ at: '2025-12-31T23:59:59.999Z' }), [consent])).to.equal('permitted-by-consent');
      expect(
        reason(ask({ at: '2025-12-31T23:59:59.999Z', requester: { member: 'Organization/x' } }), [consent]),
      ).to.equal('denied-by-consent');
      expect(reason(ask({ requester: { member: 'Organization/x' } }), [consent])).to.equal(
        'permitted-by-consent',
      );
    });
  });

  describe('break-glass', () => {
    const emergencyRoles = ['er'];
    const btg = ask({ requester, purpose: ['BTG'], emergency: { reason: 'unconscious' } });
    const other = ask({
      requester: { ...requester, references: [] },
      purpose: ['BTG'],
      emergency: { reason: 'x' },
    });
    const is = (question: typeof btg, consent: Record<string, unknown>): string =>
      reason(question, [consent], { emergencyRoles });

    it('is forbidden by a deny that lists it, not by one that only covers it', () => {
      expect(is(btg, core('OPTIN', { provision: [{ type: 'deny', purpose: ['BTG'] }] }))).to.equal(
        'break-glass-forbidden',
      );
      expect(is(btg, core('OPTIN', { provision: [{ type: 'deny', purpose: ['ETREAT'] }] }))).to.equal(
        'break-glass',
      );
      expect(is(btg, core('OPTOUT'))).to.equal('break-glass');
      expect(is(btg, pcf({ type: 'deny', purpose: ['TREAT', 'BTG'] }))).to.equal('break-glass-forbidden');
      expect(is(btg, pcf({ type: 'deny', purpose: ['TREAT'] }))).to.equal('break-glass');
    });

    it('is never permitted by a consent, whatever it lists', () => {
      const consent = pcf({ type: 'permit', purpose: ['BTG', 'TREAT'] });
      expect(reason(btg, [consent])).to.equal('break-glass-incomplete');
      expect(answer(btg, [consent], { emergencyRoles }).basis).to.deep.equal([]);
    });

    it('a permit inside a deny that lists it takes the prohibition away', () => {
      const r5Consent = r5('permit', [{ purpose: ['BTG'], provision: [{ actor: ['Practitioner/1'] }] }]);
      expect(is(btg, r5Consent)).to.equal('break-glass');
      expect(is(other, r5Consent)).to.equal('break-glass-forbidden');
      const pcfConsent = pcf({
        type: 'deny',
        purpose: ['BTG'],
        provision: [{ type: 'permit', actor: ['Practitioner/1'] }],
      });
      expect(is(btg, pcfConsent)).to.equal('break-glass');
      expect(is(other, pcfConsent)).to.equal('break-glass-forbidden');
    });

    it('a permit on the way to a deny that lists it lets that deny be reached', () => {
      const consent = r5('deny', [{ purpose: ['ETREAT'], provision: [{ purpose: ['BTG'] }] }]);
      expect(is(btg, consent)).to.equal('break-glass-forbidden');
      const notListed = r5('deny', [{ purpose: ['ETREAT'], provision: [{ label: ['N'] }] }]);
      expect(is(btg, notListed)).to.equal('break-glass');
      const notCovered = r5('deny', [{ purpose: ['HPAYMT'], provision: [{ purpose: ['BTG'] }] }]);
      expect(is(btg, notCovered)).to.equal('break-glass');
    });

    it('so does one on the way to a deny that lists what a permit must name', () => {
      for (const purpose of ['CLINTRL', 'POPHLTH']) {
        const asked = ask({ purpose: [purpose], ...labelled() });
        const agreed = pcf({ type: 'permit', purpose: [purpose] });
        const inside = (...deny: readonly Short[]): Record<string, unknown> => ({
          ...core('OPTIN', { provision: [{ type: 'permit', purpose: ['TREAT'], provision: deny }] }),
          id: 'c2',
        });
        const both = (...deny: readonly Short[]): string => reason(asked, [agreed, inside(...deny)]);
        expect(both({ type: 'deny', purpose: [purpose] }), purpose).to.equal('denied-by-consent');
        expect(both({ type: 'deny', label: ['N'] }), 'not listed').to.equal('permitted-by-consent');
        expect(both({ type: 'deny', purpose: ['TREAT'] }), 'only covered').to.equal('permitted-by-consent');
        expect(
          both({ type: 'deny', purpose: [purpose], provision: [{ type: 'permit', label: ['N'] }] }),
          'a permit inside that does not name it',
        ).to.equal('denied-by-consent');
        expect(
          both({ type: 'deny', purpose: [purpose], provision: [{ type: 'permit', purpose: [purpose] }] }),
          'a permit inside that names it',
        ).to.equal('permitted-by-consent');
      }
    });

    it('a deny inside one that lists it forbids it too, and is the path that is told', () => {
      const consent = core('OPTIN', {
        provision: [
          { type: 'deny' },
          { type: 'deny', purpose: ['BTG'], provision: [{ type: 'deny', label: ['N'] }] },
        ],
      });
      expect(answer(btg, [consent], { emergencyRoles })).to.deep.include({
        reason: 'break-glass-forbidden',
        basis: [
          {
            consent: 'c1',
            version: 1,
            outcome: 'deny',
            path: 'Consent.provision.provision[1].provision[0]',
            evidence: 'witnessed',
          },
        ],
      });
    });
  });

  it('a research consent speaks about research and clinical trials only', () => {
    const research = {
      category: [
        { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'research' }] },
      ],
    };
    const deny = r5('deny', [], research);
    expect(reason(ask(), [deny])).to.equal('no-consent');
    for (const purpose of ['HRESCH', 'CLINTRCHPC', 'CLINTRL']) {
      expect(reason(ask({ purpose: [purpose] }), [deny]), purpose).to.equal('denied-by-consent');
    }
    const permit = r5('permit', [], research);
    expect(reason(ask({ purpose: ['HRESCH'] }), [permit])).to.equal('permitted-by-consent');
    expect(reason(ask({ purpose: ['CLINTRL'] }), [permit]), 'a permit must name a trial').to.equal(
      'not-covered-by-consent',
    );
  });
});
