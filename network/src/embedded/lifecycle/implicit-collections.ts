const PREFIX = '_implicit_org_';

/** Every organisation has a collection of its own in every namespace [core/chaincode/implicitcollection]. */
export function implicitCollectionOf(mspId: string): string {
  return PREFIX + mspId;
}

/** The MSP id whose implicit collection this is, or undefined for other collections. */
export function implicitCollectionOwner(collection: string): string | undefined {
  return collection.startsWith(PREFIX) ? collection.slice(PREFIX.length) : undefined;
}
