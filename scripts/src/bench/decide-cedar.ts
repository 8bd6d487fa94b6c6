import {
  purposesCover,
  type CompiledPolicy,
  type CompiledProvision,
  type Criteria,
  type PolicyInForce,
  type Question,
} from '@consent-ledger/chaincode/domain';
import { preparsePolicySet, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';

/**
 * The same consents as Cedar policies. Cedar's forbid wins over every permit, as a consent that denies does, so a deny
 * exception becomes a `forbid`, and a base that denies one that holds unless an exception of it permits. Purposes are matched
 * by the ancestors of the asked one, which the question brings as a set: Cedar then needs no entities, which it would
 * parse again with every call.
 */
export function prepareCedar(name: string, held: readonly PolicyInForce[]): void {
  const staticPolicies = Object.fromEntries(
    held.flatMap(({ policy }) =>
      policiesOf(policy).map((text, index) => [`${policy.id}-${index}`, text] as const),
    ),
  );
  const answer = preparsePolicySet(name, { staticPolicies });
  if (answer.type === 'failure')
    throw new Error(`Cedar refuses the policies: ${JSON.stringify(answer.errors)}`);
}

export type CedarCall = Parameters<typeof statefulIsAuthorized>[0];

/** What Cedar is asked: made beforehand, as ours is. */
export function cedarCall(name: string, question: Question): CedarCall {
  const [purpose = ''] = question.purpose;
  const { record = {}, requester } = question;
  return {
    principal: { type: 'Member', id: requester.member },
    action: { type: 'Action', id: question.actions?.[0] ?? 'access' },
    resource: { type: 'Record', id: record.reference ?? '' },
    context: {
      at: Date.parse(question.at),
      purposes: KNOWN_PURPOSES.filter((one) => purposesCover([one], purpose)),
      references: [...(requester.references ?? [])],
      codes: (record.codes ?? []).map(({ system, code }) => `${system}|${code}`),
      level: RANKS.indexOf(record.labels?.[0] ?? 'N'),
    },
    preparsedPolicySetId: name,
    entities: [],
  };
}

/** Throws an Error where Cedar could not evaluate a policy: an answer like that would be worth nothing. */
export function cedarDecides(call: CedarCall): 'permit' | 'deny' {
  const answer = statefulIsAuthorized(call);
  if (answer.type === 'failure') throw new Error(`Cedar fails: ${JSON.stringify(answer.errors)}`);
  const { decision, diagnostics } = answer.response;
  if (diagnostics.errors.length > 0) throw new Error(`Cedar fails: ${JSON.stringify(diagnostics.errors)}`);
  return decision === 'allow' ? 'permit' : 'deny';
}

const RANKS = ['U', 'L', 'M', 'N', 'R', 'V'];
const KNOWN_PURPOSES = ['TREAT', 'ETREAT', 'CAREMGT', 'HPAYMT', 'HOPERAT', 'PUBHLTH', 'COVERAGE'];

function policiesOf({ base, coverage, period, exceptions }: CompiledPolicy): string[] {
  const inForce = within(period);
  const permitting = exceptions.filter(({ kind }) => kind === 'permit').map(conditionOf);
  const [first] = exceptions.filter(({ exceptions: inner }) => inner.length > 0);
  if (first !== undefined)
    throw new Error('a provision with exceptions has no counterpart in this benchmark');
  return [
    base === 'permit'
      ? rule('permit', [inForce, condition(coverage)])
      : rule('forbid', [inForce, condition(coverage), ...permitting.map((text) => `!(${text})`)]),
    ...exceptions.map((exception) =>
      rule(exception.kind === 'permit' ? 'permit' : 'forbid', [inForce, conditionOf(exception)]),
    ),
  ];
}

function rule(effect: 'permit' | 'forbid', conditions: readonly string[]): string {
  return `${effect}(principal, action, resource) when { ${conditions.join(' && ')} };`;
}

function conditionOf({ criteria, period }: CompiledProvision): string {
  return `${within(period)} && ${condition(criteria)}`;
}

function within(period: CompiledPolicy['period']): string {
  const bounds = [
    ...(period?.from === undefined ? [] : [`context.at >= ${period.from}`]),
    ...(period?.until === undefined ? [] : [`context.at < ${period.until}`]),
  ];
  return bounds.length === 0 ? 'true' : bounds.join(' && ');
}

function condition({ actor, purposes, labels, codes, ...others }: Criteria): string {
  const unknown = Object.keys(others);
  if (unknown.length > 0 || (labels?.sensitivity ?? []).length > 0) {
    throw new Error(`no counterpart in this benchmark for ${unknown.join(', ')}`);
  }
  const conditions: string[] = [];
  const { organizations = [], others: references = [] } = actor?.recipients ?? {};
  if (actor !== undefined) {
    conditions.push(
      [
        ...organizations.map((reference) => `principal == Member::${JSON.stringify(reference)}`),
        ...(references.length === 0 ? [] : [`context.references.containsAny(${JSON.stringify(references)})`]),
      ].join(' || '),
    );
  }
  if (purposes !== undefined) conditions.push(`context.purposes.containsAny(${JSON.stringify(purposes)})`);
  if (codes !== undefined) {
    const wanted = codes.map(({ system, code }) => `${system}|${code}`);
    conditions.push(`context.codes.containsAny(${JSON.stringify(wanted)})`);
  }
  if (labels !== undefined) {
    conditions.push(
      labels.reading === 'deny'
        ? `context.level >= ${Math.min(...labels.confidentiality)}`
        : `context.level <= ${Math.max(...labels.confidentiality)}`,
    );
  }
  return conditions.length === 0 ? 'true' : conditions.map((one) => `(${one})`).join(' && ');
}
