import { common } from '@hyperledger/fabric-protos';
import type { MspIdentity } from '../msp/identity.js';
import type { Policy } from './policy.js';

/** A policy over the policies of the same name in the sub-groups [common/policies/implicitmeta.go]. */
export class ImplicitMetaPolicy implements Policy {
  readonly #subPolicy: string;
  readonly #subPolicies: readonly (Policy | undefined)[];
  readonly #threshold: number;

  /**
   * @param definition Serialised common.ImplicitMetaPolicy.
   * @param subPolicies Per sub-group its policy of that name; undefined (a group without it) rejects.
   */
  constructor(definition: Uint8Array, subPolicies: (name: string) => readonly (Policy | undefined)[]) {
    const message = common.ImplicitMetaPolicy.deserializeBinary(definition);
    this.#subPolicy = message.getSubPolicy();
    this.#subPolicies = subPolicies(this.#subPolicy);
    this.#threshold = threshold(message.getRule(), this.#subPolicies.length);
  }

  refusal(identities: readonly MspIdentity[]): string | undefined {
    let satisfied = 0;
    for (const policy of this.#subPolicies) {
      if (satisfied === this.#threshold) break;
      if (policy !== undefined && policy.refusal(identities) === undefined) satisfied++;
    }
    if (satisfied >= this.#threshold) return undefined;
    return `implicit policy evaluation failed - ${satisfied} sub-policies were satisfied, but this policy requires ${this.#threshold} of the '${this.#subPolicy}' sub-policies to be satisfied`;
  }
}

function threshold(rule: number, groups: number): number {
  if (groups === 0) return 0;
  switch (rule) {
    case common.ImplicitMetaPolicy.Rule.ANY:
      return 1;
    case common.ImplicitMetaPolicy.Rule.ALL:
      return groups;
    default:
      return Math.floor(groups / 2) + 1;
  }
}
