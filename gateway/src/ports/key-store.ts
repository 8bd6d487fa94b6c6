/**
 * The custodian's key, under which the keys of all subjects are sealed: in a file of its own, or in a device that it never
 * leaves.
 */
export interface KeyStore {
  /** Tells this key from any other, and says nothing of it. */
  readonly keyId: string;
  /** Seals a few bytes; `purpose` says what they are and is authenticated. Throws a Refusal `store-unavailable`. */
  seal(content: Uint8Array, purpose: string): Promise<Buffer>;
  /**
   * Opens what was sealed for the same purpose. Throws a Refusal `store-unavailable`, and an Error for what this key did
   * not seal, or for something else.
   */
  open(sealed: Uint8Array, purpose: string): Promise<Buffer>;
  close(): Promise<void>;
}
