import type { Channel, Identity } from '../ports.js';
import type { TxSimulator } from '../simulator/tx-simulator.js';

/** What one call of a chaincode may do, and for whom. */
export interface CallParameters {
  readonly channel: Channel;
  /** Name of the chaincode: its namespace. */
  readonly namespace: string;
  readonly simulator: TxSimulator;
  /** The client that signed the proposal. */
  readonly creator: Identity;
  readonly isInit: boolean;
}
