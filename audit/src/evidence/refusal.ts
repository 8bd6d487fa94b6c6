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
  | 'decision'
  /** Of a compact bundle: a configuration is not authorised by the one before it, or one is missing. */
  | 'configuration'
  /** That member did not sign that checkpoint. */
  | 'checkpoint-signature'
  /** Too few members signed it, or no oversight organisation, or not those who were asked for. */
  | 'cosigners'
  /** What is said to be in the history is not in it in that place. */
  | 'inclusion'
  /** One history is not the beginning of the other: there are two. */
  | 'consistency'
  /** A request or a receipt is not signed by a key that its requester had on the ledger before. */
  | 'request-signature'
  /** The parts of a value do not belong together, or are not about what the bundle says it is about. */
  | 'event-inconsistent';

export interface EvidencePlace {
  readonly block?: number;
  /** Place in the block. */
  readonly transaction?: number;
  /** Of a compact bundle: number of the line, from 0. */
  readonly line?: number;
}

/** A bundle does not prove what it claims, with the place. */
export class EvidenceRefused extends Error {
  override readonly name = 'EvidenceRefused';

  constructor(
    readonly rule: EvidenceRule,
    readonly place: EvidencePlace,
    message: string,
  ) {
    super(message);
  }
}
