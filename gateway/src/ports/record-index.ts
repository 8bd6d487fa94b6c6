/** Where a record stands among those of its subject: after what came later, before what came earlier. */
export interface RecordPlace {
  readonly block: number;
  /** Of the transaction that wrote its newest version, within the block. */
  readonly place: number;
  readonly record: string;
}

/** Which records there are about whom: derived from the descriptors, in the transaction that folds them. */
export interface RecordIndex {
  /** Records about a subject, newest first, those that stand after `after`. */
  about(collection: string, subject: string, after: RecordPlace | undefined): Iterable<RecordPlace>;
}
