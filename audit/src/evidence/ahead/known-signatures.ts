import { hash } from 'node:crypto';
import { thumbprintOf, type PublicJwk } from '@consent-ledger/chaincode/wire';

/** What was found of one line of a bundle: names of the signatures that are right. */
export interface FoundSignatures {
  readonly requests: readonly string[];
  readonly transactions: readonly string[];
}

/** Names a request that is signed with a key: by the key, and by the digest of all of its text, signature included. */
export function requestName(kid: string, digest: string): string {
  return `${kid} ${digest}`;
}

/** Names a signature of a transaction: by who signed, what, and how. */
export function transactionName(idBytes: Uint8Array, message: Uint8Array, signature: Uint8Array): string {
  const lengths = Buffer.from(`${idBytes.length} ${signature.length} `);
  return hash('sha256', Buffer.concat([lengths, idBytes, signature, message]), 'base64url');
}

/** Signatures that were verified while something else was done. Of what it does not know it says nothing. */
export class KnownSignatures {
  readonly #requests: ReadonlySet<string>;
  readonly #transactions: ReadonlySet<string>;

  constructor({ requests, transactions }: FoundSignatures) {
    this.#requests = new Set(requests);
    this.#transactions = new Set(transactions);
  }

  /** @param digest of the request's whole text */
  hasRequest(digest: string, jwk: PublicJwk): boolean {
    return this.#requests.has(requestName(knownThumbprintOf(jwk), digest));
  }

  hasTransaction(idBytes: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    return this.#transactions.has(transactionName(idBytes, message, signature));
  }
}

const thumbprints = new WeakMap<PublicJwk, string>();

/** A member's key is one object for as long as it stands in the state. */
function knownThumbprintOf(jwk: PublicJwk): string {
  let thumbprint = thumbprints.get(jwk);
  if (thumbprint === undefined) thumbprints.set(jwk, (thumbprint = thumbprintOf(jwk)));
  return thumbprint;
}
