import type { NOTICE_KINDS } from '@consent-ledger/chaincode/wire/http';

export type NoticeKind = (typeof NOTICE_KINDS)[number];

/** Something that was done in a subject's name and stands on the ledger. */
export interface Notice {
  /** The same whenever the projection is made again. */
  readonly id: string;
  readonly subject: string;
  readonly kind: NoticeKind;
  /** Id of the consent, key, delegation or legal basis; of an access, what follows the kind in its event's key. */
  readonly about: string;
  /** Instant of the transaction. */
  readonly at: string;
  readonly transaction: string;
  readonly block: number;
}

/** What was done in subjects' names: derived from the values that say so, in the transaction that folds them. */
export interface Notices {
  /** All about one subject, oldest first. */
  about(custodian: string, subject: string): readonly Notice[];
  /** All about a custodian's subjects in `block` and after, oldest first. */
  since(custodian: string, block: number): Iterable<Notice>;
}
