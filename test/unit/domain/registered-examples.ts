import type { DecisionContext } from '@consent-ledger/chaincode/domain';
import {
  registeredContext,
  subjectBases,
  type AgreementVersion,
  type FiledBasis,
  type LegalBasisVersion,
} from '@consent-ledger/chaincode/wire';
import { pcf } from './build.js';
import { rows, type Example } from './example-rows.js';

const AT = '2026-11-01T08:00:00.000Z';
const permit = pcf({ type: 'permit' });
const deny = pcf({ type: 'deny' });

/** Riverside needs an agreement for research, and has this one, as the ledger has it. */
function agreed(changes: Partial<AgreementVersion> = {}): DecisionContext {
  const agreement: AgreementVersion = {
    v: 1,
    parties: ['LakesideMSP', 'RiversideMSP'],
    organizations: ['Organization/lakeside', 'Organization/riverside'],
    version: 1,
    purposes: ['HRESCH'],
    status: 'active',
    by: ['RiversideMSP', 'LakesideMSP'],
    at: AT,
    ...changes,
  };
  return { agreementPurposes: ['HRESCH'], ...registeredContext(agreement, undefined) };
}

/** Lakeside may rely on this, as the ledger has it. */
function based(changes: Partial<LegalBasisVersion> = {}): DecisionContext {
  return registeredContext(undefined, {
    v: 1,
    basis: 'lb-1',
    version: 1,
    requester: 'LakesideMSP',
    organization: 'Organization/lakeside',
    purposes: ['PUBHLTH'],
    cites: ['45 CFR 164.512(b)(1)(i)'],
    jurisdiction: 'US',
    status: 'active',
    by: ['SentinelMSP', 'RiversideMSP'],
    at: AT,
    ...changes,
  });
}

/** An order about the patient for lakeside, as the ledger has it: in the value of what the patient consents to. */
function ordered(changes: Partial<FiledBasis> = {}, subject = '1'): DecisionContext {
  const order: FiledBasis = {
    basis: 'private.order-1',
    version: 1,
    organization: 'Organization/lakeside',
    purposes: ['TREAT'],
    cites: ['45 CFR 164.512(e)(1)(i)'],
    period: { start: '2026', end: '2027' },
    status: 'active',
    ...changes,
  };
  const policies = { v: 1 as const, salt: '', subject, consents: [], legalBases: [order] };
  return { legalBases: subjectBases(order.basis, [[subject, policies]]) };
}

const of = (...labels: string[]): { record: { labels: string[] } } => ({ record: { labels } });
const research = { custodian: 'Organization/riverside', purpose: ['HRESCH'] };
const unnamed = { purpose: ['PUBHLTH'], ...of() };
const reporting = { ...unnamed, legalBasis: 'lb-1' };
const orderNamed = { ...of(), legalBasis: 'private.order-1' };
const over = ordered({ period: { start: '2024', end: '2024' } });
const hiv = based({ labels: ['HIV'] });
const sud = { labels: ['SUD'] };

/** Agreements and legal bases as the ledger has them. */
export const registeredExamples: readonly Example[] = [
  ...rows(
    'permit; the custodian needs an agreement for research',
    [permit],
    ['research; there is no agreement', research, 'agreement-missing', { agreementPurposes: ['HRESCH'] }],
    ['research, on an agreement for research', research, 'permitted-by-consent', agreed()],
    [
      'clinical trial research, which descends from research',
      { ...research, purpose: ['CLINTRCH'] },
      'permitted-by-consent',
      agreed(),
    ],
    [
      'research; the agreement is for treatment only',
      research,
      'agreement-missing',
      agreed({ purposes: ['TREAT'] }),
    ],
    ['research; one of the two has ended it', research, 'agreement-missing', agreed({ status: 'ended' })],
    [
      'research, before the agreement begins',
      research,
      'agreement-missing',
      agreed({ period: { start: '2027' } }),
    ],
    [
      'research by a third member',
      { ...research, requester: { member: 'Organization/novacure', references: [], roles: [] } },
      'agreement-missing',
      agreed(),
    ],
    [
      'treatment, for which none is needed',
      { ...research, purpose: ['TREAT'] },
      'permitted-by-consent',
      agreed({ status: 'ended' }),
    ],
  ),
  ...rows(
    'deny; the custodian needs an agreement for research',
    [deny],
    ['research, on an agreement: it opens nothing by itself', research, 'denied-by-consent', agreed()],
  ),
  ...rows(
    'deny; lb-1 lets lakeside report to public health',
    [deny],
    ['public health, naming lb-1', reporting, 'legal-basis', based()],
    ['public health, naming none', unnamed, 'denied-by-consent', based()],
    [
      'public health, naming one that is not registered',
      { ...reporting, legalBasis: 'lb-2' },
      'denied-by-consent',
      based(),
    ],
    ['treatment, naming lb-1', { ...reporting, purpose: ['TREAT'] }, 'denied-by-consent', based()],
    [
      'public health, naming lb-1, by another member',
      { ...reporting, requester: { member: 'Organization/novacure', references: [], roles: [] } },
      'denied-by-consent',
      based(),
    ],
    [
      'public health, naming lb-1, once it has ended',
      reporting,
      'denied-by-consent',
      based({ status: 'ended' }),
    ],
    ['a record labelled HIV', { ...reporting, ...of('HIV') }, 'denied-by-consent', based()],
  ),
  ...rows(
    'deny; lb-1 lets lakeside report HIV to public health',
    [deny],
    ['a record labelled HIV', { ...reporting, ...of('HIV') }, 'legal-basis', hiv],
    ['a record labelled HIV and PSY', { ...reporting, ...of('HIV', 'PSY') }, 'denied-by-consent', hiv],
    ['a record without a sensitivity', reporting, 'denied-by-consent', hiv],
  ),
  ...rows(
    'deny; lb-1 is about substance use',
    [deny],
    [
      'a record labelled SUD; lb-1 cites 42 CFR 2.61',
      { ...reporting, ...of('SUD') },
      'legal-basis',
      based({ ...sud, cites: ['42 CFR 2.61'] }),
    ],
    [
      'a record labelled SUD; lb-1 cites 45 CFR only',
      { ...reporting, ...of('SUD') },
      'denied-by-consent',
      based(sud),
    ],
  ),
  ...rows(
    'deny; an order about the patient lets lakeside have the records (private.order-1)',
    [deny],
    ['treatment, naming the order', orderNamed, 'legal-basis', ordered()],
    ['treatment, naming none', { ...of() }, 'denied-by-consent', ordered()],
    ['treatment, naming it; it is about another patient', orderNamed, 'denied-by-consent', ordered({}, '2')],
    ['payment, naming it', { ...orderNamed, purpose: ['HPAYMT'] }, 'denied-by-consent', ordered()],
    [
      'treatment, naming it, by another member',
      { ...orderNamed, requester: { member: 'Organization/novacure', references: [], roles: [] } },
      'denied-by-consent',
      ordered(),
    ],
    ['treatment, naming it, once its period is over', orderNamed, 'denied-by-consent', over],
    [
      'treatment, naming it, once the custodian or oversight has ended it',
      orderNamed,
      'denied-by-consent',
      ordered({ status: 'ended' }),
    ],
    ['a record labelled HIV, naming it', { ...orderNamed, ...of('HIV') }, 'denied-by-consent', ordered()],
    [
      'a record labelled HIV; the order is about HIV',
      { ...orderNamed, ...of('HIV') },
      'legal-basis',
      ordered({ labels: ['HIV'] }),
    ],
    [
      'a record labelled SUD; the order is about SUD and cites 42 CFR 2.61',
      { ...orderNamed, ...of('SUD') },
      'legal-basis',
      ordered({ ...sud, cites: ['42 CFR 2.61'] }),
    ],
    [
      'break-glass, naming it: it does not list BTG',
      { ...orderNamed, purpose: ['BTG'] },
      'break-glass-incomplete',
      ordered(),
    ],
  ),
  ...rows(
    'no consent; an order about one of two patients whom a record is about',
    [],
    [
      'the record of both, naming it',
      { ...orderNamed, subjects: ['Patient/1', 'Patient/2'] },
      'no-consent',
      ordered(),
    ],
  ),
];
