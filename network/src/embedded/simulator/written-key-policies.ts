import type { Metadata } from '../ports.js';

const VALIDATION_PARAMETER = 'VALIDATION_PARAMETER';

/**
 * The key-level endorsement policies of the keys that a transaction writes, as they stood before it; '' names the
 * public state. The gateway derives from it who has to endorse [ledger.WritesetMetadata].
 */
export class WrittenKeyPolicies {
  /** Namespace → collection → key → serialised common.SignaturePolicyEnvelope, if the key has one. */
  private readonly keys = new Map<string, Map<string, Map<string, Buffer | undefined>>>();

  add(namespace: string, collection: string, key: string, metadata: Metadata | undefined): void {
    let collections = this.keys.get(namespace);
    if (collections === undefined) {
      collections = new Map();
      this.keys.set(namespace, collections);
    }
    let keys = collections.get(collection);
    if (keys === undefined) {
      keys = new Map();
      collections.set(collection, keys);
    }
    keys.set(key, metadata?.get(VALIDATION_PARAMETER));
  }

  namespaces(): Iterable<string> {
    return this.keys.keys();
  }

  hasWrites(namespace: string): boolean {
    return this.keys.has(namespace);
  }

  /** Collections ('' = public state) in which some written key has no policy of its own. */
  withoutKeyPolicy(namespace: string): string[] {
    const collections = this.keys.get(namespace) ?? new Map<string, Map<string, Buffer | undefined>>();
    return [...collections]
      .filter(([, keys]) => [...keys.values()].some((policy) => policy === undefined))
      .map(([collection]) => collection);
  }

  keyPolicies(namespace: string): Buffer[] {
    const collections = this.keys.get(namespace) ?? new Map<string, Map<string, Buffer | undefined>>();
    return [...collections.values()]
      .flatMap((keys) => [...keys.values()])
      .filter((policy) => policy !== undefined);
  }
}
