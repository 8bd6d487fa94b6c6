import { z } from 'zod';

const milliseconds = z.number().int().min(0).max(86_400_000);

/**
 * What is not at its best with one organisation's peer: what real networks do to their peers now and then, at will.
 * All of it can change while the ledger runs.
 */
export const peerConditions = z.strictObject({
  /** Milliseconds after which a block reaches the peer; `stopped`: none does until that changes. */
  lagMs: z.union([milliseconds, z.literal('stopped')]).default(0),
  /**
   * Milliseconds after the commit until the peer has private data that it did not endorse itself, as if what it was given
   * before had been lost; `never`: it stays without. It holds up the block for as long as its patience lasts, then goes on
   * without the data and gets it later.
   */
  privateDataDelayMs: z.union([milliseconds, z.literal('never')]).default(0),
  /**
   * Whether the peer endorses: `refused` answers every proposal as a peer that cannot be reached, `withheld` does not
   * answer at all.
   */
  endorsements: z.enum(['given', 'refused', 'withheld']).default('given'),
});

export type PeerConditions = z.infer<typeof peerConditions>;

export const IDEAL: PeerConditions = peerConditions.parse({});

/** peer.gossip.pvtData.pullRetryThreshold of this project's peers, in ms; core.yaml has 60 s. */
export const DEFAULT_PATIENCE_MS = 2_000;
