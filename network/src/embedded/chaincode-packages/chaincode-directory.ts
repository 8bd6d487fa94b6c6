import { sha256 } from '../../wire-format/index.js';
import type { ChaincodeEndpoint } from '../chaincode-stream/connection.js';
import { LIFECYCLE_NAMESPACE } from '../lifecycle/definitions.js';
import { approvalsOf } from '../lifecycle/functions.js';
import { implicitCollectionOf } from '../lifecycle/implicit-collections.js';
import { approvalName, packageOf } from '../lifecycle/parameters.js';
import { fieldKey } from '../lifecycle/serializer.js';
import type { Ledger, Snapshot } from '../ports.js';
import type { InstalledPackage, InstalledPackages } from './installed-packages.js';

/** A chaincode as one organisation's peer can run it, or why it cannot. */
type Runnable = { readonly installed: InstalledPackage } | { readonly trouble: string };

/**
 * What one organisation's peer runs for a chaincode: the package that its organisation approved for the definition in
 * force, if it is installed [core/chaincode/lifecycle/cache.go, endorsement_info.go].
 */
export class ChaincodeDirectory {
  readonly #mspId: string;
  readonly #ledger: Ledger;
  readonly #installed: InstalledPackages;
  #known = new Map<string, Runnable | undefined>();
  #revision = '';

  constructor(mspId: string, ledger: Ledger, installed: InstalledPackages) {
    this.#mspId = mspId;
    this.#ledger = ledger;
    this.#installed = installed;
  }

  /** Whether the peer tells others that it has the chaincode. */
  has(chaincode: string): boolean {
    const found = this.#find(chaincode);
    return found !== undefined && 'installed' in found;
  }

  /** @throws Error in Fabric's words when the peer cannot run it. */
  endpoint(chaincode: string): ChaincodeEndpoint {
    const found = this.#find(chaincode);
    if (found === undefined) throw new Error(`chaincode ${chaincode} not found`);
    if ('trouble' in found) throw new Error(found.trouble);
    return found.installed.endpoint;
  }

  /** The chaincodes of the channel that a package runs for. */
  usersOf(packageId: string): { name: string; version: string }[] {
    const snapshot = this.#ledger.openSnapshot();
    try {
      return Array.from(definedIn(snapshot), (name) => ({
        name,
        version: this.#ledger.chaincodeDefinition(snapshot, name)?.version ?? '',
      })).filter(({ name }) => {
        const found = this.#find(name);
        return found !== undefined && 'installed' in found && found.installed.packageId === packageId;
      });
    } finally {
      snapshot.release();
    }
  }

  #find(chaincode: string): Runnable | undefined {
    const revision = `${this.#ledger.lifecycleRevision}:${this.#installed.revision}`;
    if (revision !== this.#revision) {
      this.#known = new Map();
      this.#revision = revision;
    }
    if (this.#known.has(chaincode)) return this.#known.get(chaincode);
    const snapshot = this.#ledger.openSnapshot();
    try {
      const found = this.#lookUp(snapshot, chaincode);
      this.#known.set(chaincode, found);
      return found;
    } finally {
      snapshot.release();
    }
  }

  #lookUp(snapshot: Snapshot, chaincode: string): Runnable | undefined {
    const definition = this.#ledger.chaincodeDefinition(snapshot, chaincode);
    if (definition === undefined) return undefined;
    const { sequence } = definition;
    const collection = implicitCollectionOf(this.#mspId);
    const hash = (key: string): Buffer | undefined =>
      snapshot.getHashed(LIFECYCLE_NAMESPACE, collection, sha256(key))?.valueHash;
    const own = { mspId: this.#mspId, hash };
    const { approvals } = approvalsOf({ chaincode, sequence, parameters: definition.parameters }, [own]);
    if (approvals.get(this.#mspId) !== true) {
      return {
        trouble: `chaincode definition for '${chaincode}' at sequence ${sequence} on channel '${this.#ledger.channel.channelId}' has not yet been approved by this org`,
      };
    }
    const approved = hash(fieldKey('chaincode-sources', approvalName(chaincode, sequence), 'PackageID'));
    const installed = this.#installed.all().find(({ packageId }) => {
      const [field] = packageOf(packageId).fields;
      return field !== undefined && approved?.equals(sha256(field.value)) === true;
    });
    return installed === undefined
      ? { trouble: `chaincode definition for '${chaincode}' exists, but chaincode is not installed` }
      : { installed };
  }
}

function* definedIn(snapshot: Snapshot): Generator<string> {
  const prefix = 'namespaces/metadata/';
  for (const { key } of snapshot.range(LIFECYCLE_NAMESPACE, prefix, `${prefix}\u007f`)) {
    yield key.slice(prefix.length);
  }
}
