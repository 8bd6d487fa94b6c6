import type { RecordFacts, Requester } from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import { ask, core, lacking, loinc, pcf, r5, reason, resourceType, type Short } from './build.js';

const MEMBER = 'Organization/lakeside';
const requester = (more: Partial<Requester> = {}): { requester: Requester } => ({
  requester: { member: MEMBER, ...more },
});

/** Does a deny exception, and does a permit exception, with these elements match? */
function matches(stated: Short, question: Parameters<typeof ask>[0]): { deny: boolean; permit: boolean } {
  const denied = reason(ask(question), [core('OPTIN', { provision: [{ type: 'deny', ...stated }] })]);
  const permitted = reason(ask(question), [core('OPTOUT', { provision: [{ type: 'permit', ...stated }] })]);
  return { deny: denied === 'denied-by-consent', permit: permitted === 'permitted-by-consent' };
}

const yes = { deny: true, permit: true };
const no = { deny: false, permit: false };
const unknown = { deny: true, permit: false };

interface Case {
  readonly when: string;
  readonly stated: Short;
  readonly question: Parameters<typeof ask>[0];
  readonly is: { readonly deny: boolean; readonly permit: boolean };
}

const record = (facts: RecordFacts): { record: RecordFacts } => ({ record: facts });
/** A record of which one thing is not known. */
const less = (key: keyof RecordFacts): { record: RecordFacts } => ({
  record: { [key]: undefined },
});

const tables: Readonly<Record<string, readonly Case[]>> = {
  'recipients (IRCP, PRCP or no role)': [
    { when: 'the member', stated: { actor: [MEMBER] }, question: requester(), is: yes },
    { when: 'the member, IRCP', stated: { actor: [`IRCP ${MEMBER}`] }, question: requester(), is: yes },
    {
      when: 'the member as a version',
      stated: { actor: [`PRCP ${MEMBER}/_history/3`] },
      question: requester(),
      is: yes,
    },
    {
      when: 'another organisation, references unknown',
      stated: { actor: ['Organization/x'] },
      question: requester(),
      is: no,
    },
    {
      when: 'an organisation that is only a reference of the requester',
      stated: { actor: ['Organization/ward'] },
      question: requester({ references: ['Organization/ward'] }),
      is: no,
    },
    {
      when: 'a practitioner, references unknown',
      stated: { actor: ['Practitioner/1'] },
      question: requester(),
      is: unknown,
    },
    {
      when: 'a practitioner, nobody',
      stated: { actor: ['Practitioner/1'] },
      question: requester({ references: [] }),
      is: no,
    },
    {
      when: 'a care team that is attested',
      stated: { actor: ['CareTeam/2', 'Practitioner/1'] },
      question: requester({ references: ['CareTeam/2/_history/9'] }),
      is: yes,
    },
    {
      when: 'a practitioner or the member, references unknown',
      stated: { actor: ['Practitioner/1', MEMBER] },
      question: requester(),
      is: yes,
    },
  ],
  'custodian and author': [
    { when: 'the custodian', stated: { actor: ['CST Organization/riverside'] }, question: {}, is: yes },
    { when: 'another custodian', stated: { actor: ['CST Organization/x'] }, question: {}, is: no },
    {
      when: 'an author of the record',
      stated: { actor: ['AUT Practitioner/11'] },
      question: record({ author: ['Practitioner/12', 'Practitioner/11'] }),
      is: yes,
    },
    { when: 'another author', stated: { actor: ['AUT Practitioner/11'] }, question: {}, is: no },
    {
      when: 'author unknown',
      stated: { actor: ['AUT Practitioner/11'] },
      question: less('author'),
      is: unknown,
    },
    {
      when: 'recipient and custodian both',
      stated: { actor: [MEMBER, 'CST Organization/riverside'] },
      question: requester(),
      is: yes,
    },
    {
      when: 'recipient but not custodian',
      stated: { actor: [MEMBER, 'CST Organization/x'] },
      question: requester(),
      is: no,
    },
  ],
  action: [
    { when: 'listed', stated: { action: ['use', 'access'] }, question: {}, is: yes },
    { when: 'not listed', stated: { action: ['use'] }, question: {}, is: no },
  ],
  purpose: [
    { when: 'the code', stated: { purpose: ['TREAT'] }, question: {}, is: yes },
    { when: 'a descendant', stated: { purpose: ['HOPERAT'] }, question: { purpose: ['LABELING'] }, is: yes },
    { when: 'an ancestor', stated: { purpose: ['ETREAT'] }, question: {}, is: no },
    {
      when: 'population health under treatment',
      stated: { purpose: ['TREAT'] },
      question: { purpose: ['POPHLTH'] },
      is: { deny: true, permit: false },
    },
    {
      when: 'a clinical trial, no purpose stated',
      stated: { action: ['access'] },
      question: { purpose: ['CLINTRL'] },
      is: { deny: true, permit: false },
    },
    {
      when: 'a clinical trial, named',
      stated: { purpose: ['CLINTRL'] },
      question: { purpose: ['CLINTRL'] },
      is: yes,
    },
  ],
  class: [
    {
      when: 'the resource type',
      stated: { class: [resourceType('Observation')] },
      question: {},
      is: yes,
    },
    {
      when: 'another resource type',
      stated: { class: [{ system: 'http://hl7.org/fhir/fhir-types', code: 'Encounter' }] },
      question: {},
      is: no,
    },
    {
      when: 'resource type unknown',
      stated: { class: [resourceType('Observation')] },
      question: less('resourceType'),
      is: unknown,
    },
    {
      when: 'one of the classes',
      stated: { class: [loinc('1'), loinc('2')] },
      question: record({ classes: [{ system: 'http://loinc.org', code: '2' }] }),
      is: yes,
    },
    {
      when: 'the code of another system',
      stated: { class: [loinc('2')] },
      question: record({ classes: [{ system: 'urn:x', code: '2' }] }),
      is: no,
    },
    {
      when: 'either a type or a class, classes unknown, type matching',
      stated: { class: [loinc('1'), resourceType('Observation')] },
      question: less('classes'),
      is: yes,
    },
    {
      when: 'either a type or a class, classes unknown, type not matching',
      stated: { class: [loinc('1'), resourceType('Encounter')] },
      question: less('classes'),
      is: unknown,
    },
  ],
  code: [
    {
      when: 'any coding of any concept',
      stated: { code: [{ coding: [loinc('1'), loinc('2')] }] },
      question: record({ codes: [{ system: 'http://loinc.org', code: '2' }] }),
      is: yes,
    },
    { when: 'no coding', stated: { code: [{ coding: [loinc('1')] }] }, question: {}, is: no },
    { when: 'unknown', stated: { code: [{ coding: [loinc('1')] }] }, question: less('codes'), is: unknown },
  ],
  dataPeriod: [
    {
      when: 'wholly inside',
      stated: { dataPeriod: { start: '2024-05', end: '2024-05' } },
      question: {},
      is: yes,
    },
    {
      when: 'a date of lesser precision that sticks out',
      stated: { dataPeriod: { start: '2024-05-01', end: '2024-12' } },
      question: record({ authored: '2024' }),
      is: { deny: true, permit: false },
    },
    {
      when: 'the whole second of its end',
      stated: { dataPeriod: { end: '2024-05-01T08:00:00Z' } },
      question: record({ authored: '2024-05-01T08:00:00.999Z' }),
      is: yes,
    },
    {
      when: 'before',
      stated: { dataPeriod: { start: '2025' } },
      question: record({ authored: { end: '2024' } }),
      is: no,
    },
    {
      when: 'open at the end that matters',
      stated: { dataPeriod: { end: '2024' } },
      question: record({ authored: { start: '2024-01-01' } }),
      is: { deny: true, permit: false },
    },
    {
      when: 'unknown',
      stated: { dataPeriod: { end: '2024' } },
      question: less('authored'),
      is: unknown,
    },
  ],
  data: [
    { when: 'the record itself', stated: { data: ['instance Observation/1'] }, question: {}, is: yes },
    {
      when: 'instance: what it refers to is not it',
      stated: { data: ['instance Encounter/5'] },
      question: record({ refersTo: ['Encounter/5'] }),
      is: no,
    },
    {
      when: 'related: it refers to it',
      stated: { data: ['related Encounter/5'] },
      question: record({ refersTo: ['Encounter/5'] }),
      is: yes,
    },
    {
      when: 'related: it is referred to by it',
      stated: { data: ['related Encounter/5'] },
      question: record({ referredToBy: ['Encounter/5'] }),
      is: yes,
    },
    {
      when: 'dependents: it is referred to by it',
      stated: { data: ['dependents Encounter/5'] },
      question: record({ referredToBy: ['Encounter/5'] }),
      is: no,
    },
    {
      when: 'dependents, itself, though what it refers to is unknown',
      stated: { data: ['dependents Observation/1'] },
      question: less('refersTo'),
      is: yes,
    },
    {
      when: 'related, referred to by unknown',
      stated: { data: ['related Encounter/5'] },
      question: less('referredToBy'),
      is: unknown,
    },
    {
      when: 'authored by',
      stated: { data: ['authoredby Practitioner/1', 'instance Observation/9'] },
      question: record({ author: ['Practitioner/1'] }),
      is: yes,
    },
  ],
};

/** Labels of the provision, labels of the record, deny, permit. */
const labelTable: readonly (readonly [string[], string[] | undefined, boolean, boolean])[] = [
  // Confidentiality alone.
  [['N'], ['N'], true, true],
  [['N'], ['R'], true, false],
  [['N'], ['L'], false, true],
  [['N'], [], true, true],
  [['R'], [], false, true],
  [['M', 'R'], ['N'], true, true],
  [['N'], ['U', 'V'], true, false],
  [['N'], ['N', 'HIV'], true, true],
  [['N'], ['HIV'], true, false],
  [['R'], ['HIV'], true, true],
  [['V'], ['HIV'], false, true],
  [['U'], undefined, true, false],
  [['V'], undefined, true, false],
  // Sensitivity alone.
  [['HIV'], ['HIV'], true, true],
  [['HIV'], ['HIV', 'R'], true, true],
  [['HIV'], ['HIV', 'V'], true, false],
  [['HIV'], ['HIV', 'SEX'], true, false],
  [['HIV'], [], false, false],
  [['HIV'], ['N'], false, false],
  [['SPI'], ['OPIOIDUD'], true, true],
  [['OPIOIDUD'], ['SPI'], false, false],
  [['HIV'], undefined, true, false],
  // Both.
  [['N', 'HIV'], ['N'], true, true],
  [['N', 'HIV'], ['R'], true, false],
  [['N', 'HIV'], ['HIV'], true, true],
  [['N', 'HIV'], ['HIV', 'V'], true, false],
  [['N', 'HIV'], ['N', 'SEX'], true, false],
  [['R', 'HIV'], ['L'], false, true],
  // Related codes: for denies.
  [['ETH'], ['SUD'], true, false],
  [['SUD'], ['ETH'], true, false],
  [['ETHUD'], ['OPIOIDUD'], true, false],
  [['ETHUD'], ['42CFRPart2'], true, false],
  [['42CFRPart2'], ['ETH'], true, false],
  [['MH'], ['COGN'], true, false],
  [['COGN'], ['PSYTHPN'], true, false],
  [['PSY'], ['MH'], true, false],
  [['SPI'], ['ETH'], true, false],
  [['MH'], ['SUD'], false, false],
  [['SPI'], ['HIV'], false, false],
  // 42CFRPart2 is a sensitivity, and never outside an S that holds SUD or what descends from it.
  [['N'], ['42CFRPart2'], true, false],
  [['42CFRPart2'], ['42CFRPart2'], true, true],
  [['SUD'], ['SUD', '42CFRPart2'], true, true],
  [['ETHUD'], ['ETHUD', '42CFRPart2'], true, true],
  [['SPI'], ['SUD', '42CFRPart2'], true, true],
  [['SUD'], ['42CFRPart2'], true, false],
  [['R', 'SUD'], ['42CFRPart2'], true, true],
  [['ETH'], ['ETH', '42CFRPart2'], true, false],
  [['HIV'], ['HIV', '42CFRPart2'], true, false],
];

describe('Matching a provision', () => {
  for (const [element, cases] of Object.entries(tables)) {
    describe(element, () => {
      for (const { when, stated, question, is } of cases) {
        it(`${when}: ${is.deny ? 'a deny' : 'no deny'}, ${is.permit ? 'a permit' : 'no permit'}`, () => {
          expect(matches(stated, question)).to.deep.equal(is);
        });
      }
    });
  }

  it('custodian unknown: a deny, no permit', () => {
    const question = lacking(ask(), 'custodian');
    const actor = ['CST Organization/riverside'];
    expect(reason(question, [core('OPTIN', { provision: [{ type: 'deny', actor }] })])).to.equal(
      'denied-by-consent',
    );
    expect(reason(question, [core('OPTOUT', { provision: [{ type: 'permit', actor }] })])).to.equal(
      'denied-by-consent',
    );
  });

  describe('securityLabel', () => {
    for (const [stated, labels, deny, permit] of labelTable) {
      const shown = labels === undefined ? 'unknown labels' : `[${labels.join(' ')}]`;
      it(`[${stated.join(' ')}] to ${shown}: ${deny ? 'a deny' : 'no deny'}, ${permit ? 'a permit' : 'no permit'}`, () => {
        expect(
          matches({ label: stated }, labels === undefined ? less('labels') : record({ labels })),
        ).to.deep.equal({
          deny,
          permit,
        });
      });
    }
  });

  it('R5 documentType and resourceType are two elements: both must match', () => {
    const both = [{ documentType: [loinc('1')], resourceType: [resourceType('Observation')] }];
    const loincOne = { system: 'http://loinc.org', code: '1' };
    expect(reason(ask(record({ classes: [loincOne] })), [r5('permit', both)])).to.equal('denied-by-consent');
    expect(reason(ask(), [r5('permit', both)])).to.equal('permitted-by-consent');
    expect(
      reason(ask(record({ classes: [loincOne], resourceType: 'Encounter' })), [r5('permit', both)]),
    ).to.equal('permitted-by-consent');
  });

  describe('a permit exception takes from a PCF root what it does not state', () => {
    const exception = (root: Short, own: Short): Record<string, unknown> =>
      pcf({ ...root, provision: [{ type: 'permit', ...own }] });

    it('a label as it reads in a denying root: at that level or above', () => {
      const consent = [exception({ type: 'deny', label: ['R'] }, { actor: [MEMBER] })];
      expect(reason(ask(record({ labels: ['V'] })), consent)).to.equal('permitted-by-consent');
      expect(reason(ask(record({ labels: ['N'] })), consent)).to.equal('no-consent');
      expect(reason(ask(less('labels')), consent), 'the unknown matches no permit').to.equal(
        'denied-by-consent',
      );
    });

    it('a data period as it reads in a denying root: what overlaps it', () => {
      const consent = [exception({ type: 'deny', dataPeriod: { start: '2024-06' } }, { actor: [MEMBER] })];
      expect(reason(ask(record({ authored: '2024' })), consent)).to.equal('permitted-by-consent');
    });

    it('nothing of an element that it states', () => {
      const consent = [
        exception(
          { type: 'permit', label: ['N'], actor: ['Practitioner/1'] },
          { actor: [`CST Organization/riverside`] },
        ),
      ];
      expect(reason(ask(), consent)).to.equal('permitted-by-consent');
    });

    it('but a deny exception takes nothing', () => {
      const consent = [
        pcf({ type: 'permit', purpose: ['HPAYMT'], provision: [{ type: 'deny', label: ['R'] }] }),
      ];
      expect(reason(ask(record({ labels: ['R'] })), consent)).to.equal('denied-by-consent');
    });
  });
});
