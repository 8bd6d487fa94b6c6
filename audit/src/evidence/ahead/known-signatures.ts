import { hash } from 'node:crypto';
import {
  encodeBase64Url,
  sha256,
  thumbprintOf,
  type CompactJws,
  type PublicJwk,
} from '@consent-ledger/chaincode/wire';

/** What was found of one line of a bundle: names of the signatures that are right. */
export interface FoundSignatures {
  readonly requests: readonly string[];
  readonly transactions: readonly string[];
}

/** Names a request that is signed with a key: by the key, and by all of its text, signature included. */
export function requestName(kid: string, text: string): string {
  return `${kid} ${sha256(text)}`;
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

  hasRequest({ signed, signature }: CompactJws, jwk: PublicJwk): boolean {
    return this.#requests.has(requestName(thumbprintOf(jwk), `${signed}.${encodeBase64Url(signature)}`));
  }

  hasTransaction(idBytes: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    return this.#transactions.has(transactionName(idBytes, message, signature));
  }
}
