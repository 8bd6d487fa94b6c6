/** Why a bundle is refused; codes are stable. */
export type EvidenceRule =
  /** It is not a bundle, or not in its one encoding. */
  | 'format'
  /** Its genesis block is not the one whose fingerprint was given. */
  | 'genesis'
  /** The orderers did not sign that block: it is altered, missing, added or in another place. */
  | 'orderer-signature'
  /** Its creator did not sign that transaction. */
  | 'creator-signature'
  /** The peers' rules give that transaction another validation code. */
  | 'validation-code'
  /** A private value is not the one whose hash is on the ledger. */
  | 'private-value'
  /** A private value is not there, and was never purged. */
  | 'private-missing'
  /** A finding of the replay. */
  | 'decision';

/** A bundle does not prove what it claims, with the place. */
export class EvidenceRefused extends Error {
  override readonly name = 'EvidenceRefused';

  constructor(
    readonly rule: EvidenceRule,
    readonly place: { readonly block?: number; /** Place in the block. */ readonly transaction?: number },
    message: string,
  ) {
    super(message);
  }
}
