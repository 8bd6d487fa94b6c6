import { compileConsent, type DecisionContext, type PolicyInForce } from '@consent-ledger/chaincode/domain';
import { core, held, pcf, r5, supersedes, type Short } from './build.js';
import { rows, type Example } from './example-rows.js';

const tpo = ['TREAT', 'HPAYMT', 'HOPERAT'];
const permit = (more: Short = {}): Record<string, unknown> => pcf({ type: 'permit', purpose: tpo, ...more });
const practitioner = {
  member: 'Organization/lakeside',
  references: ['Practitioner/ex-practitioner'],
  roles: [],
};
const privileged = {
  member: 'Organization/lakeside',
  references: ['Group/ex-privilegedUsers'],
  roles: ['er'],
};
const er: DecisionContext = { emergencyRoles: ['er'] };
const emergency = { reason: 'unconscious on arrival' };
const localSystem = 'http://example.org/policies/purposeOfUse';
const localPurpose = `${localSystem}|FooBar`;
const local: DecisionContext = { purposeSystems: [localSystem] };
const researcher = { requester: { member: 'Organization/ex-org-researcher', references: [], roles: [] } };
const root = pcf({ type: 'permit', actor: ['IRCP Organization/ex-org-researcher'] });
const registered = heldWithPurposes({
  ...root,
  provision: { ...(root['provision'] as object), purpose: [{ system: localSystem, code: 'FooBar' }] },
});

function heldWithPurposes(fhir: unknown): PolicyInForce {
  const result = compileConsent(fhir, { purposeSystems: [localSystem] });
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.problems)}`);
  return { policy: result.policy, evidence: 'witnessed', version: 1 };
}

const labels = (...codes: string[]): { record: { labels: string[] } } => ({ record: { labels: codes } });
const authored = (date: string): { record: { authored: string } } => ({ record: { authored: date } });
const author = (reference: string): { record: { author: string[] } } => ({ record: { author: [reference] } });

/** Every shape that the PCF profiles name, by the name of its published example. */
export const pcfExamples: readonly Example[] = [
  ...rows(
    'basic-treat: permit {TREAT, HPAYMT, HOPERAT}',
    [permit()],
    ['treatment', {}, 'permitted-by-consent'],
    ['treatment, of a record at V', labels('V'), 'permitted-by-consent'],
    ['research', { purpose: ['HRESCH'] }, 'no-consent'],
  ),
  ...rows(
    'basic-ink, basic-treat-infant: the same; paper, and a guardian, are its evidence',
    [held(permit(), { evidence: 'delegated' })],
    ['treatment', {}, 'permitted-by-consent'],
    [
      'treatment, where the custodian needs a signed consent for it',
      {},
      'evidence-insufficient',
      { signedOnlyPurposes: ['TREAT'] },
    ],
  ),
  ...rows(
    'expired-treat: permit {TPO}, until 2022-12-31',
    [permit({ period: { end: '2022-12-31' } })],
    ['on its last day', { at: '2022-12-31T23:59:59Z' }, 'permitted-by-consent'],
    ['the day after', { at: '2023-01-01T00:00:00Z' }, 'consent-expired'],
  ),
  ...rows(
    'basic-reject: deny {TPO}',
    [pcf({ type: 'deny', purpose: tpo })],
    [
      'treatment, though the implied policy would permit',
      {},
      'denied-by-consent',
      { impliedPolicy: 'all-normal' },
    ],
    ['marketing', { purpose: ['HMARKT'] }, 'no-consent'],
  ),
  ...rows(
    'basic-research: permit {HRESCH}',
    [pcf({ type: 'permit', purpose: ['HRESCH'] })],
    ['a clinical trial without care', { purpose: ['CLINTRCHNPC'] }, 'permitted-by-consent'],
    ['treatment', {}, 'no-consent'],
    ['a trial with care, which is below treatment and must be named', { purpose: ['CLINTRL'] }, 'no-consent'],
  ),
  ...rows(
    'intermediate-timeframe: permit {TPO; data of 2022}',
    [permit({ dataPeriod: { start: '2022-01-01', end: '2022-12-31' } })],
    ['a record of June 2022', authored('2022-06'), 'permitted-by-consent'],
    ['a record of 2023', authored('2023'), 'not-covered-by-consent'],
  ),
  ...rows(
    'intermediate-not-timeframe: permit {TPO}, but deny {data of 2022}',
    [permit({ provision: [{ type: 'deny', dataPeriod: { start: '2022-01-01', end: '2022-12-31' } }] })],
    [
      'a record of December 2022 to January 2023',
      { record: { authored: { start: '2022-12', end: '2023-01' } } },
      'denied-by-consent',
    ],
    ['a record of 2023', authored('2023'), 'permitted-by-consent'],
  ),
  ...rows(
    'intermediate-authoredby: permit {TPO; authored by the practitioner}',
    [permit({ data: ['authoredby Practitioner/ex-practitioner'] })],
    ['a record of that author', author('Practitioner/ex-practitioner'), 'permitted-by-consent'],
    ['a record of another', author('Practitioner/2'), 'not-covered-by-consent'],
  ),
  ...rows(
    'intermediate-not-authoredby: permit {TPO}, but deny {authored by the practitioner}',
    [permit({ provision: [{ type: 'deny', data: ['authoredby Practitioner/ex-practitioner'] }] })],
    ['a record of that author', author('Practitioner/ex-practitioner'), 'denied-by-consent'],
    ['a record of another', author('Practitioner/2'), 'permitted-by-consent'],
  ),
  ...rows(
    'intermediate-encounter: permit {TPO; related to the encounter}',
    [permit({ data: ['related Encounter/ex-encounter'] })],
    [
      'a record that refers to it',
      { record: { refersTo: ['Encounter/ex-encounter'] } },
      'permitted-by-consent',
    ],
    ['a record of another encounter', { record: { refersTo: ['Encounter/2'] } }, 'not-covered-by-consent'],
  ),
  ...rows(
    'intermediate-not-encounter: permit {TPO}, but deny {related to the encounter}',
    [permit({ provision: [{ type: 'deny', data: ['related Encounter/ex-encounter'] }] })],
    [
      'a record that it refers to',
      { record: { referredToBy: ['Encounter/ex-encounter'] } },
      'denied-by-consent',
    ],
    ['a record of another encounter', { record: { refersTo: ['Encounter/2'] } }, 'permitted-by-consent'],
  ),
  ...rows(
    'intermediate-data: permit {TPO; two records}',
    [permit({ data: ['instance Observation/1', 'instance Observation/2'] })],
    ['one of them', {}, 'permitted-by-consent'],
    ['another', { record: { reference: 'Observation/3' } }, 'not-covered-by-consent'],
  ),
  ...rows(
    'intermediate-not-data: permit {TPO}, but deny {one record}',
    [permit({ provision: [{ type: 'deny', data: ['instance Observation/1'] }] })],
    ['that record', {}, 'denied-by-consent'],
    ['another', { record: { reference: 'Observation/3' } }, 'permitted-by-consent'],
  ),
  ...rows(
    'intermediate-purpose: permit {a purpose of a registered system; one organisation}',
    [registered],
    ['that purpose', { ...researcher, purpose: [localPurpose] }, 'permitted-by-consent', local],
    ['that purpose, by another', { purpose: [localPurpose] }, 'not-covered-by-consent', local],
    ['treatment', researcher, 'no-consent', local],
  ),
  ...rows(
    'dissent-intermediate-break-glass: deny, but permit {BTG; privileged users}',
    [
      pcf({
        type: 'deny',
        provision: [{ type: 'permit', purpose: ['BTG'], actor: ['IRCP Group/ex-privilegedUsers'] }],
      }),
    ],
    ['treatment', { requester: privileged }, 'denied-by-consent', er],
    [
      'break-glass by an emergency role',
      { requester: privileged, purpose: ['BTG'], emergency },
      'break-glass',
      er,
    ],
  ),
  ...rows(
    'advanced-normal: permit {TPO; N}',
    [permit({ label: ['N'] })],
    ['a record without labels', labels(), 'permitted-by-consent'],
    ['a record at R', labels('R'), 'not-covered-by-consent'],
    ['a record with a sensitivity and no level, which counts as R', labels('HIV'), 'not-covered-by-consent'],
  ),
  ...rows(
    'advanced-normal-restricted: permit {TPO; N, R}',
    [permit({ label: ['N', 'R'] })],
    ['a record at R', labels('R'), 'permitted-by-consent'],
    ['a record at V', labels('V'), 'not-covered-by-consent'],
  ),
  ...rows(
    'advanced-normal-not-restricted: permit {TPO; N}, but deny {R}',
    [permit({ label: ['N'], provision: [{ type: 'deny', label: ['R'] }] })],
    ['a record at N', labels('N'), 'permitted-by-consent'],
    ['a record at R', labels('R'), 'denied-by-consent'],
    ['a record at V, which is above', labels('V'), 'denied-by-consent'],
  ),
  ...rows(
    'advanced-normal-focused-restricted: permit {TPO; N}, and permit {R; the practitioner}',
    [
      permit({
        label: ['N'],
        provision: [{ type: 'permit', label: ['R'], actor: ['IRCP Practitioner/ex-practitioner'] }],
      }),
    ],
    [
      'a record at R, by the practitioner',
      { requester: practitioner, ...labels('R') },
      'permitted-by-consent',
    ],
    ['a record at R, by another', labels('R'), 'not-covered-by-consent'],
    [
      'a record at R, by the practitioner, for research',
      { requester: practitioner, purpose: ['HRESCH'], ...labels('R') },
      'no-consent',
    ],
  ),
  ...rows(
    'advanced-normal-focused-psy: permit {TPO; N}, and permit {PSY; the practitioner}',
    [
      permit({
        label: ['N'],
        provision: [{ type: 'permit', label: ['PSY'], actor: ['IRCP Practitioner/ex-practitioner'] }],
      }),
    ],
    [
      'a record with PSY, by the practitioner',
      { requester: practitioner, ...labels('PSY') },
      'permitted-by-consent',
    ],
    [
      'a record with SDV, by the practitioner',
      { requester: practitioner, ...labels('SDV') },
      'not-covered-by-consent',
    ],
  ),
  ...rows(
    'advanced-normal-focused-psy-or-sdv: permit {TPO; N}, and permit {PSY, SDV; the practitioner}',
    [
      permit({
        label: ['N'],
        provision: [{ type: 'permit', label: ['PSY', 'SDV'], actor: ['IRCP Practitioner/ex-practitioner'] }],
      }),
    ],
    [
      'a record with PSY, by the practitioner',
      { requester: practitioner, ...labels('PSY') },
      'permitted-by-consent',
    ],
    ['a record with PSY, by another', labels('PSY'), 'not-covered-by-consent'],
    [
      'a record with PSY and HIV, by the practitioner',
      { requester: practitioner, ...labels('PSY', 'HIV') },
      'not-covered-by-consent',
    ],
  ),
  ...rows(
    'advanced-normal-break-glass-restricted: permit {TPO; N}, and permit {R; BTG; privileged users}',
    [
      permit({
        label: ['N'],
        provision: [
          { type: 'permit', label: ['R'], purpose: ['BTG'], actor: ['IRCP Group/ex-privilegedUsers'] },
        ],
      }),
    ],
    ['a record at R, treatment', { requester: privileged, ...labels('R') }, 'not-covered-by-consent', er],
    [
      'a record at R, break-glass',
      { requester: privileged, purpose: ['BTG'], emergency, ...labels('R') },
      'break-glass',
      er,
    ],
  ),
];

const oldDeny = core('OPTOUT', undefined, { id: 'old' });

/** What other systems get wrong. */
export const otherExamples: readonly Example[] = [
  ...rows(
    'an old deny, and a newer permit that does not supersede it',
    [oldDeny, r5('permit', [], { id: 'new' })],
    ['treatment', {}, 'denied-by-consent'],
  ),
  ...rows(
    'a deny, superseded by a permit until 2026',
    [oldDeny, r5('permit', [], { id: 'new', period: { end: '2026' }, ...supersedes('old') })],
    ['in 2026', {}, 'permitted-by-consent'],
    ['in 2027, when what superseded it has ended', { at: '2027-01-01T00:00:00Z' }, 'denied-by-consent'],
  ),
  ...rows(
    'a wide permit, superseded by a narrow one that has been withdrawn',
    [
      core('OPTIN', undefined, { id: 'wide' }),
      held(pcf({ type: 'permit', purpose: ['HPAYMT'] }, { id: 'narrow', ...supersedes('wide') }), {
        withdrawnAt: 0,
      }),
    ],
    ['treatment: the wide one has ended for good', {}, 'no-consent'],
    ['payment', { purpose: ['HPAYMT'] }, 'consent-withdrawn'],
  ),
  ...rows(
    'R5 permit, but deny {Organization/lakeside} until 2025',
    [r5('permit', [{ actor: ['Organization/lakeside'], period: { end: '2025' } }])],
    ['in 2025', { at: '2025-06-01T00:00:00Z' }, 'denied-by-consent'],
    ['in 2026: the exception is as if it were not there', {}, 'permitted-by-consent'],
  ),
  ...rows(
    'R5 permit, but deny {HIV}, but permit {HIV; the practitioner}',
    [r5('permit', [{ label: ['HIV'], provision: [{ actor: ['Practitioner/ex-practitioner'] }] }])],
    ['HIV, by the practitioner', { requester: practitioner, ...labels('HIV') }, 'permitted-by-consent'],
    ['HIV, by another', labels('HIV'), 'denied-by-consent'],
    [
      'HIV, by somebody whom the member does not name',
      { requester: { member: 'Organization/lakeside' }, ...labels('HIV') },
      'denied-by-consent',
    ],
  ),
  ...rows(
    'R4 core opt-in, but deny {ETH}',
    [core('OPTIN', { provision: [{ type: 'deny', label: ['ETH'] }] })],
    ['a record labelled SUD, which means the same data', labels('SUD'), 'denied-by-consent'],
    ['a record labelled 42CFRPart2', labels('42CFRPart2'), 'denied-by-consent'],
    ['a record labelled HIV', labels('HIV'), 'permitted-by-consent'],
  ),
  ...rows(
    'R4 core opt-in, but deny {BTG}',
    [core('OPTIN', { provision: [{ type: 'deny', purpose: ['BTG'] }] })],
    [
      'break-glass by an emergency role',
      { requester: privileged, purpose: ['BTG'], emergency },
      'break-glass-forbidden',
      er,
    ],
    ['emergency treatment', { purpose: ['ETREAT'] }, 'permitted-by-consent'],
  ),
];
