import type { Agreement, DecisionContext, ImpliedPolicy } from '@consent-ledger/chaincode/domain';
import { ofContext, type Case, type Change } from './case.js';

const IMPLIED: readonly ImpliedPolicy[] = ['deny', 'basic-normal', 'all-normal', 'break-glass-only'];

/** What else could be otherwise: who is known, what the members agreed, what the custodian does where nobody speaks. */
export function changesOfContext({ question, context }: Case): readonly Change[] {
  const { member } = question.requester;
  return [
    ...listed('members', 'suspended', [member], context),
    ...listed('subjects', 'erased', question.subjects ?? [], context),
    ...listed(
      'records',
      'erased',
      question.record?.reference === undefined ? [] : [question.record.reference],
      context,
    ),
    ...IMPLIED.filter((policy) => policy !== (context.impliedPolicy ?? 'deny')).map((impliedPolicy) =>
      ofContext('implied policy', `the implied policy were ${impliedPolicy}`, (before) => ({
        ...before,
        impliedPolicy,
      })),
    ),
    ...agreements(question.custodian, member, question.purpose, context),
    ...purposesThat('signedOnlyPurposes', 'a signed consent', question.purpose, context),
    ...purposesThat('agreementPurposes', 'an agreement', question.purpose, context),
    ...legalBases(context),
  ];
}

type Listed = 'members' | 'subjects' | 'records';

/** Active where it is not, and the opposite where it is. */
function listed(
  list: Listed,
  gone: 'suspended' | 'erased',
  references: readonly string[],
  context: DecisionContext,
): Change[] {
  return references.map((reference) => {
    const entries = context[list];
    const isActive =
      entries === undefined || entries.some((one) => one.reference === reference && one.status === 'active');
    const status = isActive ? gone : 'active';
    return ofContext(`${list} ${reference}`, `${reference} were ${status}`, (before) => ({
      ...before,
      [list]: [
        // Where there is no list everything is active: what else is asked about still is.
        ...(before[list] ?? references.map(asActive)).filter((one) => one.reference !== reference),
        { reference, status },
      ],
    }));
  });
}

function asActive(reference: string): { readonly reference: string; readonly status: 'active' } {
  return { reference, status: 'active' };
}

function agreements(
  custodian: string | undefined,
  member: string,
  purposes: readonly string[],
  { agreements: existing = [] }: DecisionContext,
): Change[] {
  const ended = existing.map((agreement, index) =>
    ofContext(
      `agreement ${index}`,
      `the agreement of ${agreement.parties.join(' and ')} were ${agreement.status === 'active' ? 'ended' : 'active'}`,
      (before) => ({
        ...before,
        agreements: (before.agreements ?? []).map((one): Agreement =>
          one === agreement ? { ...one, status: one.status === 'active' ? 'ended' : 'active' } : one,
        ),
      }),
    ),
  );
  if (custodian === undefined) return ended;
  const made: Agreement = { parties: [custodian, member], purposes, status: 'active' };
  return [
    ...ended,
    ofContext(
      'further agreement',
      `${custodian} and ${member} had an agreement for ${purposes.join(', ')}`,
      (before) => ({ ...before, agreements: [...(before.agreements ?? []), made] }),
    ),
  ];
}

function purposesThat(
  list: 'signedOnlyPurposes' | 'agreementPurposes',
  need: string,
  purposes: readonly string[],
  context: DecisionContext,
): Change[] {
  const isEmpty = (context[list] ?? []).length === 0;
  return [
    isEmpty
      ? ofContext(list, `${purposes.join(', ')} needed ${need}`, (before) => ({
          ...before,
          [list]: purposes,
        }))
      : ofContext(list, `no purpose needed ${need}`, (before) => ({ ...before, [list]: [] })),
  ];
}

function legalBases({ legalBases: existing = [] }: DecisionContext): Change[] {
  return existing.map((basis) => {
    const status = basis.status === 'active' ? 'ended' : 'active';
    return ofContext(`legal basis ${basis.id}`, `the legal basis ${basis.id} were ${status}`, (before) => ({
      ...before,
      legalBases: (before.legalBases ?? []).map((one) => (one.id === basis.id ? { ...one, status } : one)),
    }));
  });
}
