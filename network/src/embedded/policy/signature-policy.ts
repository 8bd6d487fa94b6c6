import { common } from '@hyperledger/fabric-protos';
import type { MspIdentity } from '../msp/identity.js';
import { readPrincipals, satisfies, type Principal } from '../msp/principal.js';
import type { Policy } from './policy.js';

/** Decides over the identities; marks the ones that it consumes in `used`. */
type Rule = (identities: readonly MspIdentity[], used: boolean[]) => boolean;

/** A common.SignaturePolicyEnvelope, compiled [common/cauthdsl/cauthdsl.go]. */
export class SignaturePolicy implements Policy {
  readonly principals: readonly Principal[];
  readonly #rule: Rule;

  /** @throws Error when the policy is not one that Fabric would compile. */
  constructor(envelope: Uint8Array) {
    const message = common.SignaturePolicyEnvelope.deserializeBinary(envelope);
    if (message.getVersion() !== 0) {
      throw new Error(
        `this evaluator only understands messages of version 0, but version was ${message.getVersion()}`,
      );
    }
    this.principals = readPrincipals(message);
    this.#rule = compile(message.getRule(), this.principals);
  }

  refusal(identities: readonly MspIdentity[]): string | undefined {
    const used = new Array<boolean>(identities.length).fill(false);
    return this.#rule(identities, used) ? undefined : 'signature set did not satisfy policy';
  }
}

function compile(rule: common.SignaturePolicy | undefined, principals: readonly Principal[]): Rule {
  if (rule === undefined) throw new Error('Empty policy element');
  switch (rule.getTypeCase()) {
    case common.SignaturePolicy.TypeCase.SIGNED_BY: {
      const principal = principals[rule.getSignedBy()];
      if (principal === undefined) {
        throw new Error(
          `identity index out of range, requested ${rule.getSignedBy()}, but identities length is ${principals.length}`,
        );
      }
      return signedBy(principal);
    }
    case common.SignaturePolicy.TypeCase.N_OUT_OF: {
      const gate = rule.getNOutOf();
      const rules = (gate?.getRulesList() ?? []).map((inner) => compile(inner, principals));
      return outOf(gate?.getN() ?? 0, rules);
    }
    case common.SignaturePolicy.TypeCase.TYPE_NOT_SET:
      throw new Error('Unknown type of signature policy');
  }
}

/** Consumes the first identity that is not used yet and matches; there is no backtracking. */
function signedBy(principal: Principal): Rule {
  return (identities, used) => {
    for (const [index, identity] of identities.entries()) {
      if (used[index] === true || !satisfies(identity, principal)) continue;
      used[index] = true;
      return true;
    }
    return false;
  };
}

/** Evaluates every rule from left to right; a rule that fails gives back what it consumed. */
function outOf(threshold: number, rules: readonly Rule[]): Rule {
  return (identities, used) => {
    let verified = 0;
    for (const rule of rules) {
      const attempt = used.slice();
      if (!rule(identities, attempt)) continue;
      verified++;
      for (const [index, value] of attempt.entries()) used[index] = value;
    }
    return verified >= threshold;
  };
}
