import type { LiveChannel } from '../config/live-channel.js';
import { LIFECYCLE_NAMESPACE, LIFECYCLE_POLICY, type Definitions } from '../lifecycle/definitions.js';
import { implicitCollectionOwner } from '../lifecycle/implicit-collections.js';
import type { Policy } from '../policy/policy.js';

/** Who has to endorse what in a namespace. */
export interface Governance {
  readonly policy: Policy;
  /** The policy of a collection; undefined when the chaincode's holds, 'unknown' when there is no such collection. */
  collectionPolicy(collection: string): Policy | 'unknown' | undefined;
}

export interface GovernanceSource {
  /** Undefined when no chaincode is defined for the namespace. */
  of(namespace: string): Governance | undefined;
}

/** Governance as the chaincode definitions in the state say [core/chaincode/lifecycle/deployedcc_infoprovider.go]. */
export class DefinedGovernance implements GovernanceSource {
  readonly #channel: LiveChannel;
  readonly #definitions: Definitions;

  constructor(channel: LiveChannel, definitions: Definitions) {
    this.#channel = channel;
    this.#definitions = definitions;
  }

  of(namespace: string): Governance | undefined {
    if (namespace === LIFECYCLE_NAMESPACE) {
      return {
        policy: this.#reference(LIFECYCLE_POLICY),
        collectionPolicy: (collection) => this.#implicitPolicy(collection),
      };
    }
    const definition = this.#definitions.atTip(namespace);
    if (definition === undefined) return undefined;
    return {
      policy: this.#channel.applicationPolicy(definition.validationParameter),
      collectionPolicy: (name) => {
        const collection = definition.collections.find((candidate) => candidate.name === name);
        if (collection === undefined) return this.#implicitPolicy(name);
        const { endorsementPolicy } = collection;
        return endorsementPolicy === undefined
          ? undefined
          : this.#channel.applicationPolicy(endorsementPolicy);
      },
    };
  }

  /** An implicit collection is governed by its organisation's own Endorsement policy. */
  #implicitPolicy(collection: string): Policy | 'unknown' {
    const owner = implicitCollectionOwner(collection);
    const organization =
      owner === undefined ? undefined : this.#channel.config.applicationOrganizations.get(owner);
    return organization === undefined
      ? 'unknown'
      : this.#reference(`/Channel/Application/${organization}/Endorsement`);
  }

  #reference(path: string): Policy {
    return this.#channel.config.policies.get(path) ?? { refusal: () => `could not find policy ${path}` };
  }
}
