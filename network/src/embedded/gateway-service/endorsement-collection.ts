import { status as Code } from '@grpc/grpc-js';
import type { Endorsement, ProposalResponse } from '../endorser/outcome.js';
import type { ParsedProposal } from '../endorser/parsed-proposal.js';
import type { Layout } from './endorsement-plan.js';
import { askPeer, classify, errorDetail } from './peers.js';
import type { Peer } from './peers.js';
import { StatusError } from './status-error.js';
import type { ErrorDetail } from './status-error.js';

/** Gathers endorsements until one layout is complete; all must be over the same bytes [gateway/endorsement.go]. */
export class EndorsementCollection {
  private baseline: Buffer | undefined;
  private readonly endorsements = new Map<Peer, Endorsement>();
  private readonly abandoned = new Set<Peer>();
  private readonly details: ErrorDetail[] = [];

  constructor(
    private readonly proposal: ParsedProposal,
    private readonly localMspId: string,
    private readonly timeoutMs: number,
  ) {}

  /** Serialised protos.ProposalResponsePayload that all endorsements are over. */
  get payload(): Buffer {
    return this.baseline ?? Buffer.alloc(0);
  }

  /** Returns whether the endorser computed the same as those before it. */
  add(peer: Peer, response: ProposalResponse): boolean {
    const { payload, endorsement } = response;
    this.baseline ??= payload;
    if (payload === undefined || endorsement === undefined || this.baseline?.equals(payload) !== true) {
      this.details.push(errorDetail(peer, 'ProposalResponsePayloads do not match'));
      return false;
    }
    this.endorsements.set(peer, endorsement);
    return true;
  }

  /** Asks the peers of one layout after the other, those of one in parallel. Throws ABORTED when none completes. */
  async satisfy(layouts: readonly Layout[]): Promise<Endorsement[]> {
    for (const layout of layouts) {
      if (!layout.some((peer) => this.abandoned.has(peer))) {
        await Promise.all(
          layout.filter((peer) => !this.endorsements.has(peer)).map((peer) => this.ask(peer)),
        );
        if (layout.every((peer) => this.endorsements.has(peer))) {
          return [...this.endorsements]
            .filter(([peer]) => layout.includes(peer))
            .map(([, endorsement]) => endorsement);
        }
      }
    }
    throw new StatusError(
      Code.ABORTED,
      'failed to collect enough transaction endorsements, see attached details for more info',
      this.details,
    );
  }

  private async ask(peer: Peer): Promise<void> {
    const local = peer.mspId === this.localMspId;
    const result = classify(await askPeer(peer, this.proposal, local, this.timeoutMs), local);
    if (!result.ok) {
      this.details.push(errorDetail(peer, result.message));
      this.abandoned.add(peer);
    } else if (!this.add(peer, result.response)) {
      this.abandoned.add(peer);
    }
  }
}
