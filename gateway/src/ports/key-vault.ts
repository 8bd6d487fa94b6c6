/** A fresh key of one record version, and the form in which it may be kept. */
export interface FreshKey {
  /** 32 bytes. */
  readonly key: Buffer;
  readonly sealed: Buffer;
}

/** Which record version a ciphertext is, and whom it is about. */
export interface KeyedRecord {
  /** SHA-256 of the ciphertext, base64url. */
  readonly ciphertext: string;
  readonly record: string;
  readonly version: number;
  readonly subjects: readonly string[];
}

/**
 * Keys of records: each version has its own, sealed under the keys of its subjects, which are sealed under the
 * custodian's. When one subject's key is destroyed, nothing that was about them can be opened any more.
 */
export interface KeyVault {
  /** Makes a key; nothing is kept but the subjects' keys, where they are new. */
  create(subjects: readonly string[]): FreshKey;
  /** Keeps a sealed key for a ciphertext that is not registered on the ledger yet; durable when it returns. */
  keep(keyed: KeyedRecord, sealed: Buffer): void;
  /** The ciphertext is registered. */
  confirm(ciphertext: string): void;
  unconfirmed(): readonly KeyedRecord[];
  /** Throws a Refusal `record-damaged` where there is no such key, or none that opens. */
  open(ciphertext: string): Buffer;
  forget(ciphertext: string): void;
}
