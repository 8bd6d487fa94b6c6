import { conflicts, type Conflict } from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import { compiled, core, held, pcf, r5, supersedes } from './build.js';

type Json = Record<string, unknown>;

const AT = Date.parse('2026-11-22T10:00:00Z');
const filing = (fhir: Json, ...existing: Json[]): readonly Conflict[] =>
  conflicts(
    compiled({ ...fhir, id: 'new' }),
    existing.map((one) => held(one)),
    AT,
  );
const pairs = (fhir: Json, ...existing: Json[]): string[] =>
  filing(fhir, ...existing).map(({ permit, deny }) => `${permit} / ${deny.consent} ${deny.path}`);
const noLakeside = core('OPTIN', { provision: [{ type: 'deny', actor: ['Organization/lakeside'] }] });

describe('Conflicts at filing', () => {
  it('name both paths, and a question on which the two differ', () => {
    const [conflict, ...more] = filing(
      pcf({ type: 'permit', purpose: ['HRESCH'], action: ['use'], label: ['HIV'] }),
      noLakeside,
    );
    expect(more).to.deep.equal([]);
    expect(conflict?.permit).to.equal('Consent.provision');
    expect(conflict?.deny).to.deep.equal({
      consent: 'c1',
      version: 1,
      path: 'Consent.provision.provision[0]',
    });
    expect(conflict?.question).to.deep.include({
      at: '2026-11-22T10:00:00Z',
      purpose: ['HRESCH'],
      actions: ['use'],
      subjects: ['Patient/1'],
    });
    expect(conflict?.question.requester.member).to.equal('Organization/lakeside');
    expect(conflict?.question.record?.labels).to.include('HIV');
  });

  it('are found for the base and for exceptions', () => {
    const fhir = pcf({
      type: 'permit',
      label: ['N'],
      purpose: ['TREAT'],
      provision: [{ type: 'permit', label: ['R'], actor: ['Practitioner/1'] }],
    });
    expect(pairs(fhir, r5('deny', [], { id: 'a' }))).to.have.members([
      'Consent.provision / a Consent.decision',
      'Consent.provision.provision[0] / a Consent.decision',
    ]);
    expect(pairs(fhir, r5('permit', [{ label: ['R'] }], { id: 'a' }))).to.deep.equal([
      'Consent.provision.provision[0] / a Consent.provision[0]',
    ]);
  });

  it('are none where the two never meet', () => {
    const treatment = pcf({ type: 'permit', purpose: ['TREAT'], actor: ['Organization/x'], label: ['N'] });
    const apart: Json[] = [
      pcf({ type: 'deny', purpose: ['HRESCH'] }),
      pcf({ type: 'deny', label: ['R'] }),
      noLakeside,
      core('OPTOUT', undefined, { patient: { reference: 'Patient/2' } }),
      core('OPTOUT', undefined, { status: 'inactive' }),
      pcf({ type: 'deny', period: { end: '2025' } }),
      r5('permit', [{ period: { end: '2025' } }]),
      r5('deny', [{ actor: ['Organization/x'] }]),
    ];
    for (const other of apart) expect(pairs(treatment, other), JSON.stringify(other)).to.deep.equal([]);
  });

  it('are none for a deny that the consent supersedes, and for what it denies', () => {
    const superseding = pcf({ type: 'permit' }, supersedes('c1'));
    expect(pairs(superseding, noLakeside)).to.deep.equal([]);
    expect(pairs(core('OPTOUT'), core('OPTIN'))).to.deep.equal([]);
    expect(pairs(core('OPTOUT'), noLakeside)).to.deep.equal([]);
  });

  it('look ahead to when the consent begins', () => {
    const next = pcf({ type: 'permit', period: { start: '2027-01' } });
    expect(pairs(next, pcf({ type: 'deny', period: { end: '2026' } }))).to.deep.equal([]);
    const [conflict] = filing(next, pcf({ type: 'deny', period: { end: '2027' } }));
    expect(conflict?.question.at).to.equal('2027-01-01T00:00:00Z');
  });

  it('are searched for within bounds, however much both consents say', function () {
    // All of it would take hours; in an endorser that is all the time there is.
    this.timeout(60_000);
    const many = (type: string, short: (index: number) => object): Json[] =>
      Array.from({ length: 1000 }, (_, index) => ({ type, ...short(index) }));
    const apart: (readonly [Json[], Json[]])[] = [
      [
        many('permit', (index) => ({ actor: [`Organization/a${index}`] })),
        many('deny', (index) => ({ actor: [`Organization/b${index}`] })),
      ],
      [
        many('permit', () => ({ action: ['use'], label: ['N'] })),
        many('deny', (index) => ({ action: ['access'], label: index % 2 === 0 ? ['HIV'] : ['MH', 'SUD'] })),
      ],
    ];
    for (const [permits, denies] of apart) {
      expect(
        pairs(core('OPTOUT', { provision: permits }), core('OPTIN', { provision: denies })),
      ).to.deep.equal([]);
    }
  });

  it('are found in the last consent on file, however much the others say', () => {
    const loud = Array.from({ length: 20 }, (_, index) =>
      core(
        'OPTIN',
        {
          provision: Array.from({ length: 200 }, (__, n) => ({
            type: 'deny',
            actor: [`Organization/x${n}`],
          })),
        },
        { id: `loud${index}` },
      ),
    );
    const fhir = core('OPTOUT', {
      provision: [{ type: 'permit', actor: ['Practitioner/1'], label: ['HIV'] }],
    });
    expect(pairs(fhir, ...loud, r5('permit', [{ actor: ['Practitioner/1'] }], { id: 'z' }))).to.include(
      'Consent.provision.provision[0] / z Consent.provision[0]',
    );
  });

  it('are none for a draft', () => {
    expect(pairs(pcf({ type: 'permit' }, { status: 'draft' }), core('OPTOUT'))).to.deep.equal([]);
  });
});
