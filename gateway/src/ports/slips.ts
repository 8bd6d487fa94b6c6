/** A slip of a custodian's, as the projection has it. */
export interface WrittenSlip {
  readonly key: string;
  /** MSP id of the member that it is for. */
  readonly member: string;
  /** Block of what there is to tell. */
  readonly block: number;
}

/** Which slips there are to hand over: derived from the values, in the transaction that folds them. */
export interface Slips {
  /** The slip under that key. */
  find(custodian: string, key: string): { readonly consent: string; readonly member: string } | undefined;
  /** Slips that were written, or whose consent was withdrawn, in `block` and after. */
  since(custodian: string, block: number): Iterable<WrittenSlip>;
}
