/** A subject that is erased, as the ledger's tombstone says. */
export interface ErasedSubject {
  readonly subject: string;
  /** Of the tombstone. */
  readonly block: number;
}

/** Keys of private values, by collection. */
export interface RemainingValues {
  readonly values: readonly string[];
  readonly withdrawals: readonly string[];
}

/** Who is erased, and what is left of whom: derived from the values, in the transaction that folds them. */
export interface Erasures {
  /** @param custodian MSP id */
  since(custodian: string, block: number): readonly ErasedSubject[];
  /**
   * What a custodian's collections still hold that is somebody's and may be erased, some of it at a time.
   * @param names the subject's id, and what stands for it in the slips of each member
   */
  remaining(custodian: string, names: readonly string[], limit: number): RemainingValues;
}
