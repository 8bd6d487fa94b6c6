import type { NamespaceRwset } from '../../wire-format/index.js';
import type { LiveChannel } from '../config/live-channel.js';
import type { MspIdentity } from '../msp/identity.js';
import type { Policy } from '../policy/policy.js';
import type { StateReader } from '../state/entries.js';
import type { GovernanceSource } from './governance.js';
import { InvalidTransaction, ValidationCode } from './codes.js';

const VALIDATION_PARAMETER = 'VALIDATION_PARAMETER';

/** Keys whose policy a transaction earlier in the block has changed: whoever writes them now is too early. */
export class ChangedPolicies {
  readonly #keys = new Set<string>();

  has(namespace: string, collection: string, key: string): boolean {
    return this.#keys.has(`${namespace}\0${collection}\0${key}`);
  }

  add(rwset: NamespaceRwset): void {
    const { namespace } = rwset;
    for (const { key } of rwset.public.metadataWrites) this.#keys.add(`${namespace}\0\0${key}`);
    for (const { collection, metadataWrites } of rwset.collections) {
      for (const { keyHash } of metadataWrites) {
        this.#keys.add(`${namespace}\0${collection}\0${keyHash.toString('latin1')}`);
      }
    }
  }
}

/**
 * Whether the endorsers of a transaction satisfy every policy that governs what it writes in one namespace: per key
 * its own policy, else the collection's, else the chaincode's; the chaincode's at any rate when no other was asked
 * [core/common/validation/statebased: baseEvaluator.Evaluate, policyCheckerV20].
 */
export class EndorsementCheck {
  readonly #channel: LiveChannel;
  readonly #governance: GovernanceSource;
  readonly #state: StateReader;

  constructor(channel: LiveChannel, governance: GovernanceSource, state: StateReader) {
    this.#channel = channel;
    this.#governance = governance;
    this.#state = state;
  }

  /** @throws InvalidTransaction */
  check(
    namespace: string,
    rwset: NamespaceRwset | undefined,
    endorsers: readonly MspIdentity[],
    changed: ChangedPolicies,
  ): void {
    const governance = this.#governance.of(namespace);
    if (governance === undefined) {
      throw new InvalidTransaction(
        ValidationCode.INVALID_CHAINCODE,
        `chaincode definition for ${namespace} not found`,
      );
    }
    const evaluated = new Set<Policy>();
    const require = (policy: Policy, what: string): void => {
      if (evaluated.has(policy)) return;
      const refusal = policy.refusal(endorsers);
      if (refusal !== undefined) throw policyFailure(`validation of ${what} failed: ${refusal}`);
      evaluated.add(policy);
    };
    const requireFor = (collection: string, key: string): void => {
      if (changed.has(namespace, collection, key)) {
        throw policyFailure(
          `the policy of a key in ${namespace} was changed by an earlier transaction of the block`,
        );
      }
      const own = this.#keyLevelPolicy(namespace, collection, key);
      if (own !== undefined) {
        require(own, `a key-level policy in ${namespace}`);
        return;
      }
      const ofCollection = collection === '' ? undefined : governance.collectionPolicy(collection);
      if (ofCollection === 'unknown')
        throw policyFailure(`no such collection '${collection}' in ${namespace}`);
      if (ofCollection === undefined)
        require(governance.policy, `endorsement policy for chaincode ${namespace}`);
      else require(ofCollection, `endorsement policy for collection ${collection}`);
    };
    for (const { key } of rwset?.public.writes ?? []) requireFor('', key);
    for (const { key } of rwset?.public.metadataWrites ?? []) requireFor('', key);
    for (const { collection, writes } of rwset?.collections ?? []) {
      for (const { keyHash } of writes) requireFor(collection, keyHash.toString('latin1'));
    }
    for (const { collection, metadataWrites } of rwset?.collections ?? []) {
      for (const { keyHash } of metadataWrites) requireFor(collection, keyHash.toString('latin1'));
    }
    if (evaluated.size === 0) require(governance.policy, `endorsement policy for chaincode ${namespace}`);
  }

  #keyLevelPolicy(namespace: string, collection: string, key: string): Policy | undefined {
    const entry =
      collection === ''
        ? this.#state.getState(namespace, key)
        : this.#state.getHashed(namespace, collection, key);
    const parameter = entry?.metadata?.get(VALIDATION_PARAMETER);
    return parameter === undefined || parameter.length === 0
      ? undefined
      : this.#channel.signaturePolicy(parameter);
  }
}

function policyFailure(reason: string): InvalidTransaction {
  return new InvalidTransaction(ValidationCode.ENDORSEMENT_POLICY_FAILURE, reason);
}
