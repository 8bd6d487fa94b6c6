import { common, msp, peer } from '@hyperledger/fabric-protos';

/** A rule over roles of organisations, with both forms that Fabric takes: protobuf and text. */
export type PolicyRule =
  | { readonly kind: 'role'; readonly mspId: string; readonly role: Role }
  | { readonly kind: 'out-of'; readonly n: number; readonly rules: readonly PolicyRule[] };

export type Role = 'member' | 'admin' | 'client' | 'peer' | 'orderer';

export function role(mspId: string, name: Role): PolicyRule {
  return { kind: 'role', mspId, role: name };
}

/** Every rule must be met, each by signatures of its own. */
export function allOf(rules: readonly PolicyRule[]): PolicyRule {
  return outOf(rules.length, rules);
}

export function anyOf(rules: readonly PolicyRule[]): PolicyRule {
  return outOf(1, rules);
}

export function outOf(n: number, rules: readonly PolicyRule[]): PolicyRule {
  if (rules.length === 0 || n < 1 || n > rules.length)
    throw new RangeError(`cannot ask for ${n} of ${rules.length} rules`);
  return { kind: 'out-of', n, rules };
}

/** Text as `peer` and configtxgen take it, such as `AND('A.peer',OR('B.peer','C.peer'))`. */
export function policyText(rule: PolicyRule): string {
  if (rule.kind === 'role') return `'${rule.mspId}.${rule.role}'`;
  const rules = rule.rules.map(policyText).join(',');
  if (rule.n === 1) return `OR(${rules})`;
  return rule.n === rule.rules.length ? `AND(${rules})` : `OutOf(${rule.n},${rules})`;
}

const ROLES = {
  member: msp.MSPRole.MSPRoleType.MEMBER,
  admin: msp.MSPRole.MSPRoleType.ADMIN,
  client: msp.MSPRole.MSPRoleType.CLIENT,
  peer: msp.MSPRole.MSPRoleType.PEER,
  orderer: msp.MSPRole.MSPRoleType.ORDERER,
} as const satisfies Record<Role, number>;

/**
 * The same bytes that Fabric makes of `policyText`: inner rules number their principals before outer ones, because
 * its parser evaluates the text as nested calls, and principals are not shared (common/policydsl/policyparser.go).
 */
export function policyEnvelope(rule: PolicyRule): common.SignaturePolicyEnvelope {
  const principals: msp.MSPPrincipal[] = [];
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(encodeRule(rule.kind === 'role' ? anyOf([rule]) : rule, principals));
  envelope.setIdentitiesList(principals);
  return envelope;
}

function encodeRule(rule: PolicyRule, principals: msp.MSPPrincipal[]): common.SignaturePolicy {
  if (rule.kind === 'role') return signedBy(principals.push(rolePrincipal(rule.mspId, rule.role)) - 1);
  const inner = rule.rules.map((one) => (one.kind === 'role' ? undefined : encodeRule(one, principals)));
  return nOutOf(
    rule.n,
    rule.rules.map((one, index) => inner[index] ?? encodeRule(one, principals)),
  );
}

export function signedBy(index: number): common.SignaturePolicy {
  const policy = new common.SignaturePolicy();
  policy.setSignedBy(index);
  return policy;
}

export function nOutOf(n: number, rules: common.SignaturePolicy[]): common.SignaturePolicy {
  const gate = new common.SignaturePolicy.NOutOf();
  gate.setN(n);
  gate.setRulesList(rules);
  const policy = new common.SignaturePolicy();
  policy.setNOutOf(gate);
  return policy;
}

function rolePrincipal(mspId: string, name: Role): msp.MSPPrincipal {
  const principal = new msp.MSPRole();
  principal.setMspIdentifier(mspId);
  principal.setRole(ROLES[name]);
  const wrapped = new msp.MSPPrincipal();
  wrapped.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
  wrapped.setPrincipal(principal.serializeBinary());
  return wrapped;
}

export function signaturePolicy(envelope: common.SignaturePolicyEnvelope): common.Policy {
  const policy = new common.Policy();
  policy.setType(common.Policy.PolicyType.SIGNATURE);
  policy.setValue(envelope.serializeBinary());
  return policy;
}

/** A rule over what the groups below say about the policy of that name. */
export function implicitMeta(
  rule: keyof typeof common.ImplicitMetaPolicy.Rule,
  subPolicy: string,
): common.Policy {
  const meta = new common.ImplicitMetaPolicy();
  meta.setRule(common.ImplicitMetaPolicy.Rule[rule]);
  meta.setSubPolicy(subPolicy);
  const policy = new common.Policy();
  policy.setType(common.Policy.PolicyType.IMPLICIT_META);
  policy.setValue(meta.serializeBinary());
  return policy;
}

export function applicationPolicy(rule: PolicyRule): peer.ApplicationPolicy {
  const policy = new peer.ApplicationPolicy();
  policy.setSignaturePolicy(policyEnvelope(rule));
  return policy;
}
