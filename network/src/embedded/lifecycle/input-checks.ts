import { msp, type common, type peer } from '@hyperledger/fabric-protos';

/** [core/chaincode/lifecycle/scc.go: validateInput] */

const NAME = /^[a-zA-Z0-9]+([-_][a-zA-Z0-9]+)*$/;
const VERSION = /^[A-Za-z0-9_.+-]+$/;
const COLLECTION_NAME = /^[A-Za-z0-9-][A-Za-z0-9_-]*$/;
const SYSTEM_NAMES: ReadonlySet<string> = new Set(['cscc', 'escc', 'lscc', 'qscc', 'vscc']);

/** Whether an MSP is on the channel, and whether an identity is of one of them. */
export interface KnownMembers {
  hasMsp(mspId: string): boolean;
  knows(serializedIdentity: Uint8Array): boolean;
}

/**
 * @param committed The collections of the definition in force.
 * @throws Error in Fabric's words.
 */
export function checkInput(
  name: string,
  version: string,
  collections: peer.CollectionConfigPackage | undefined,
  members: KnownMembers,
  committed: () => peer.CollectionConfigPackage | undefined,
): void {
  if (!NAME.test(name)) {
    throw new Error(
      `invalid chaincode name '${name}'. Names can only consist of alphanumerics, '_', and '-' and can only begin with alphanumerics`,
    );
  }
  if (SYSTEM_NAMES.has(name)) throw new Error(`chaincode name '${name}' is the name of a system chaincode`);
  if (!VERSION.test(version)) {
    throw new Error(
      `invalid chaincode version '${version}'. Versions can only consist of alphanumerics, '_', '-', '+', and '.'`,
    );
  }
  const proposed = staticConfigs(collections);
  checkCollections(proposed, members);
  checkSuccession(staticConfigs(committed()), proposed);
}

function staticConfigs(collections: peer.CollectionConfigPackage | undefined): peer.StaticCollectionConfig[] {
  return (collections?.getConfigList() ?? []).map((config) => {
    const collection = config.getStaticCollectionConfig();
    if (collection === undefined) throw new Error('collection configuration is empty');
    return collection;
  });
}

function checkCollections(collections: readonly peer.StaticCollectionConfig[], members: KnownMembers): void {
  const names = new Set<string>();
  for (const collection of collections) {
    const name = collection.getName();
    if (!COLLECTION_NAME.test(name)) {
      throw new Error(
        `invalid collection name '${name}'. Names can only consist of alphanumerics, '_', and '-' and cannot begin with '_'`,
      );
    }
    if (names.has(name)) {
      throw new Error(`collection-name: ${name} -- found duplicate in collection configuration`);
    }
    names.add(name);
    const [required, maximum] = [collection.getRequiredPeerCount(), collection.getMaximumPeerCount()];
    if (maximum < required) {
      throw new Error(
        `collection-name: ${name} -- maximum peer count (${maximum}) cannot be less than the required peer count (${required})`,
      );
    }
    if (required < 0) {
      throw new Error(`collection-name: ${name} -- requiredPeerCount (${required}) cannot be less than zero`);
    }
    checkMembers(name, collection.getMemberOrgsPolicy(), members);
  }
}

function checkMembers(
  name: string,
  policy: peer.CollectionPolicyConfig | undefined,
  members: KnownMembers,
): void {
  if (policy === undefined) throw new Error(`collection member policy is not set for collection '${name}'`);
  const signaturePolicy = policy.getSignaturePolicy();
  if (signaturePolicy === undefined) {
    throw new Error(`collection member org policy is empty for collection '${name}'`);
  }
  requireAlternatives(name, signaturePolicy.getRule());
  const { ROLE, ORGANIZATION_UNIT, IDENTITY } = msp.MSPPrincipal.Classification;
  for (const principal of signaturePolicy.getIdentitiesList()) {
    const bytes = principal.getPrincipal_asU8();
    const kind = principal.getPrincipalClassification();
    if (kind === IDENTITY) {
      if (!members.knows(bytes)) {
        throw new Error(`collection-name: ${name} -- contains an identity that is not part of the channel`);
      }
      continue;
    }
    if (kind !== ROLE && kind !== ORGANIZATION_UNIT) {
      throw new Error(`collection-name: ${name} -- principal type ${kind} is not supported`);
    }
    const mspId = (kind === ROLE ? msp.MSPRole : msp.OrganizationUnit)
      .deserializeBinary(bytes)
      .getMspIdentifier();
    if (!members.hasMsp(mspId)) {
      throw new Error(`collection-name: ${name} -- collection member '${mspId}' is not part of the channel`);
    }
  }
}

/** Who is a member is a list: any one of them alone is. */
function requireAlternatives(name: string, rule: common.SignaturePolicy | undefined): void {
  const gate = rule?.getNOutOf();
  if (gate === undefined) return;
  if (gate.getN() !== 1) {
    throw new Error(
      `collection-name: ${name} -- error in member org policy: signature policy is not an OR concatenation, NOutOf ${gate.getN()}`,
    );
  }
  for (const inner of gate.getRulesList()) requireAlternatives(name, inner);
}

/** A collection stays for ever, and so does its time to live. */
function checkSuccession(
  committed: readonly peer.StaticCollectionConfig[],
  proposed: readonly peer.StaticCollectionConfig[],
): void {
  if (committed.length > 0 && proposed.length === 0) {
    throw new Error('the proposed collection config does not contain previously defined collections');
  }
  for (const existing of committed) {
    const name = existing.getName();
    const next = proposed.find((collection) => collection.getName() === name);
    if (next === undefined) {
      throw new Error(`existing collection [${name}] missing in the proposed collection configuration`);
    }
    if (next.getBlockToLive() !== existing.getBlockToLive()) {
      throw new Error(
        `the BlockToLive in an existing collection [${name}] modified. Existing value [${existing.getBlockToLive()}]`,
      );
    }
  }
}
