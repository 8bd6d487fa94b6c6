/** A ciphertext that came from elsewhere and is held until it is released or thrown away. */
export interface Spooled {
  /** SHA-256, base64url. */
  readonly digest: string;
  readonly bytes: number;
  open(): AsyncIterable<Uint8Array>;
  discard(): Promise<void>;
}

/** Where received ciphertexts wait for their keys. Empty after a restart. */
export interface Spool {
  /** Throws a Refusal `release-broken` when more than `maxBytes` come. */
  hold(source: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Spooled>;
}
