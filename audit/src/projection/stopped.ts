/** Why a projection follows no further. Codes are stable. */
export type StopReason =
  /** A block came that is not the next one. */
  | 'gap'
  /** The next block names another one as the one before it. */
  | 'fork'
  /** A block is not the one that was folded, or not the one that its header states. */
  | 'changed-block'
  /** The peer is on another ledger than the projection. */
  | 'other-ledger'
  /** Values were passed over that the member is to hold by now. */
  | 'other-collections';

/** What the peer delivers does not go on from what was folded. Nothing of it was folded. */
export class ProjectionStopped extends Error {
  override readonly name = 'ProjectionStopped';

  constructor(
    readonly reason: StopReason,
    readonly block: number,
    detail: string,
  ) {
    super(`block ${block}: ${detail}`);
  }
}
