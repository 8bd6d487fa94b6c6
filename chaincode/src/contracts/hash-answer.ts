import { encodeBase64Url } from '../wire/base64url.js';
import { canonicalBytes } from '../wire/canonical.js';
import type { Call } from './call.js';

const NOTHING = new Uint8Array(0);

/** Hash of a private value. Needs no membership of the collection: the hash is on every peer. */
export async function hashAnswer({ stub }: Call, collection: string, key: string): Promise<Uint8Array> {
  const hash = await stub.getPrivateDataHash(collection, key);
  return hash.length === 0 ? NOTHING : canonicalBytes({ hash: encodeBase64Url(hash) });
}
