import type { Ledger } from '../ports.js';
import type { BlockEvents } from './block-events.js';
import type { Peer } from './peers.js';

/** What the gateway of one organisation works with. */
export interface GatewayContext {
  /** This gateway's organisation. */
  readonly mspId: string;
  readonly ledger: Ledger;
  /** All peers of the channel, this gateway's own among them. */
  readonly peers: readonly Peer[];
  readonly blockEvents: BlockEvents;
  /** After which another peer's endorsement is no longer waited for; our own has the chaincode's timeout. */
  readonly endorsementTimeoutMs: number;
}
