/** What a replay can find wrong with one event or delivery; codes are stable. */
export type FindingRule =
  /** Decided again, it comes out otherwise. */
  | 'decision-differs'
  /** It cites a consent, in a version, that its subject did not have on file then. */
  | 'consent-missing'
  /** The request object in it is not authentic: signature, key, audience or ledger. */
  | 'request-not-authentic'
  /** Parts of the event do not belong together: digests, key, requester, time. */
  | 'event-inconsistent'
  /** What was let out while the ledger was out of reach is not what both members signed, or not what the custodian's policy allows. */
  | 'journal-not-authentic'
  /** A member's emergency journal is not whole, not all on the ledger, or was hidden by one side: see the explanation. */
  | 'journal-incomplete'
  /** The same request made another event before. */
  | 'event-repeated'
  /** A delivery without an event that permits it. */
  | 'delivered-without-event'
  /** The requester did not sign that receipt. */
  | 'receipt-not-authentic'
  /** Nobody who may signed what was done in a subject's name, or not this. */
  | 'evidence-not-authentic'
  /** A withdrawal that was on the ledger is not there any more. */
  | 'withdrawal-undone'
  /** What a sponsor was told of a participation is not what the site's custody said. */
  | 'participation-differs'
  /** The sponsor did not sign that it stopped. */
  | 'stop-not-authentic'
  /** Decided under rules that this version does not have. */
  | 'rules-unknown'
  /** What the decision rested on was purged, or this peer never had it. No fault by itself. */
  | 'not-re-decidable'
  /** A subject has a tombstone, and not all is purged that was theirs. Purging takes a while: no fault of the history. */
  | 'erasure-incomplete';

export interface Finding {
  readonly rule: FindingRule;
  readonly block: number;
  /** Transaction id, and its place in the block. */
  readonly transaction: string;
  readonly index: number;
  /** MSP id. */
  readonly custodian: string;
  /** Key of the event; absent where it is about no access. */
  readonly event?: string;
  readonly record?: string;
  /** For a person; names no subject. */
  readonly explanation: string;
}

/** Whether the history is at fault, and not merely incomplete. */
export function isFault({ rule }: Finding): boolean {
  return rule !== 'not-re-decidable' && rule !== 'erasure-incomplete';
}
