export interface StoredCiphertext {
  /** SHA-256 of the ciphertext, base64url: also its name. */
  readonly digest: string;
  readonly bytes: number;
}

/** Ciphertexts of records, by their digest. Plaintext never comes here. */
export interface RecordStore {
  /**
   * Takes a stream in; when it resolves, the whole is on the disk under its name, and after a failure nothing is. `before` is
   * called when all bytes are on the disk and before they get their name; what it throws is a failure.
   */
  keep(
    source: AsyncIterable<Uint8Array>,
    before: (stored: StoredCiphertext) => void,
  ): Promise<StoredCiphertext>;
  /** Throws a Refusal `record-damaged` where it is not there. */
  open(digest: string): Promise<AsyncIterable<Uint8Array>>;
  drop(digest: string): Promise<void>;
}
