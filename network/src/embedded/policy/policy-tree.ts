import { common } from '@hyperledger/fabric-protos';
import { ImplicitMetaPolicy } from './implicit-meta.js';
import type { Policy } from './policy.js';
import { SignaturePolicy } from './signature-policy.js';

/** The policies of a group of the channel configuration and of all groups below it. */
class PolicyGroup {
  readonly groups = new Map<string, PolicyGroup>();
  readonly policies = new Map<string, Policy>();

  constructor(group: common.ConfigGroup) {
    for (const [name, child] of group.getGroupsMap().entries()) this.groups.set(name, new PolicyGroup(child));
    for (const [name, value] of group.getPoliciesMap().entries()) {
      const policy = this.#compile(value.getPolicy());
      if (policy !== undefined) this.policies.set(name, policy);
    }
  }

  #compile(policy: common.Policy | undefined): Policy | undefined {
    if (policy === undefined) return undefined;
    const { SIGNATURE, IMPLICIT_META } = common.Policy.PolicyType;
    if (policy.getType() === SIGNATURE) return new SignaturePolicy(policy.getValue_asU8());
    if (policy.getType() !== IMPLICIT_META) return undefined;
    return new ImplicitMetaPolicy(policy.getValue_asU8(), (name) =>
      Array.from(this.groups.values(), (group) => group.policies.get(name)),
    );
  }
}

/** Finds a policy by its path, such as `/Channel/Application/Writers` [common/policies/policy.go]. */
export class PolicyTree {
  readonly #root: PolicyGroup;

  constructor(channelGroup: common.ConfigGroup) {
    this.#root = new PolicyGroup(channelGroup);
  }

  /** The policy at a path, or undefined: unknown policies reject. */
  get(path: string): Policy | undefined {
    const prefix = '/Channel/';
    if (path.startsWith('/') && !path.startsWith(prefix)) return undefined;
    const steps = (path.startsWith(prefix) ? path.slice(prefix.length) : path).split('/');
    const name = steps.pop();
    let group: PolicyGroup | undefined = this.#root;
    for (const step of steps) group = group?.groups.get(step);
    return name === undefined ? undefined : group?.policies.get(name);
  }
}
