/** A fresh key of one record version, and the form in which it may be kept. */
export interface FreshKey {
  /** 32 bytes. */
  readonly key: Buffer;
  /** One share for each subject, sealed under that subject's key: the key is all of them, XORed. */
  readonly shares: ReadonlyMap<string, Buffer>;
}

/** Which record version a ciphertext is, and whom it is about. */
export interface KeyedRecord {
  /** SHA-256 of the ciphertext, base64url. */
  readonly ciphertext: string;
  readonly record: string;
  readonly version: number;
  readonly subjects: readonly string[];
}

/** What of a subject's there was to destroy. */
export interface Destroyed {
  /** Whether the subject had a key. */
  readonly hadKey: boolean;
  /** Record versions that nobody can open any more, of records of several subjects too. */
  readonly records: number;
}

/** The end of what is sealed for a subject. */
export interface KeyDestruction {
  /**
   * Destroys a subject's key, and what is kept of the keys of all records about them; durable when it returns. The subject never gets
   * another. Called again, it destroys what came back meanwhile out of a backup.
   */
  destroy(subject: string): Destroyed;
  /** Ciphertexts that nobody can open any more and that are still to be dropped; base64url SHA-256. */
  doomed(): readonly string[];
  /** A doomed ciphertext was dropped. */
  gone(ciphertext: string): void;
}

/**
 * Keys of records: each version has its own, in shares that are sealed under the keys of its subjects, which are sealed under
 * the custodian's. When one subject's key is destroyed, nothing that was about them can be opened any more.
 */
export interface KeyVault {
  /**
   * Makes a key; nothing is kept but the subjects' keys, where they are new. Throws a Refusal: `subject-erased`,
   * `store-unavailable`.
   */
  create(record: Omit<KeyedRecord, 'ciphertext'>): Promise<FreshKey>;
  /**
   * Keeps a fresh key for a ciphertext that is not registered on the ledger yet; durable when it returns. Throws a Refusal
   * `subject-erased`.
   */
  keep(keyed: KeyedRecord, shares: FreshKey['shares']): void;
  /** The ciphertext is registered. */
  confirm(ciphertext: string): void;
  unconfirmed(): readonly KeyedRecord[];
  /** Throws a Refusal: `record-damaged` where there is no such key, or none that opens; `store-unavailable`. */
  open(ciphertext: string): Promise<Buffer>;
  forget(ciphertext: string): void;
}
