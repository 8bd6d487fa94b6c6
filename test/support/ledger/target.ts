import type { LedgerIdentity } from './identity.js';
import type { Authority } from './authority.js';

/** Parts of Fabric's behaviour that a target may not have. A row that needs one says so, and is left out. */
export type Capability =
  | 'filtered-deliver'
  | 'event-positions'
  | 'history'
  | 'range-queries'
  | 'pagination'
  | 'key-policies'
  | 'purge'
  | 'chaincode-to-chaincode'
  | 'chaincode-upgrade';

/** A kind of ledger that the suite can be run against. */
export interface LedgerTarget {
  readonly name: string;
  start(): Promise<RunningLedger>;
}

/** A ledger that is up, with both probe chaincodes committed and endorsing on every peer. */
export interface RunningLedger {
  readonly channel: string;
  /** The probe: any majority of organisations endorses. */
  readonly chaincode: string;
  /** A second probe, in another process's reach: any one organisation endorses. */
  readonly otherChaincode: string;
  /** Four of them, in the order a, b, c, d. */
  readonly organisations: readonly LedgerOrganisation[];
  /** One of the embedded ledger, four of Fabric. */
  readonly orderers: readonly OrdererEndpoint[];
  readonly lacks: ReadonlySet<Capability>;
  /**
   * BFT: the gateway sends to every orderer and needs a quorum. A refusal is then UNAVAILABLE, with each orderer's
   * reason in the details, where Raft's is ABORTED; and what was ordered is refused the second time, where Raft's
   * orderers order it again, for the peers to mark invalid.
   */
  readonly ordersByQuorum: boolean;
  /** Commits the next sequence of the probe's definition, otherwise unchanged. */
  upgradeChaincode(): Promise<void>;
  stop(): Promise<void>;
}

export interface OrdererEndpoint {
  /** host:port */
  readonly endpoint: string;
  /** PEM of the CA that issued its TLS certificate. */
  readonly tlsCa: Buffer;
}

export interface LedgerOrganisation {
  readonly mspId: string;
  /** host:port of its peer. */
  readonly endpoint: string;
  /** What is installed on its peer for the probe. */
  readonly probePackage: string;
  /** PEM of the CA that issued its peer's TLS certificate. */
  readonly tlsCa: Buffer;
  readonly client: LedgerIdentity;
  readonly admin: LedgerIdentity;
  /** Its peer's own signing identity. */
  readonly peer: LedgerIdentity;
  /** Its signing CA, so that a test can issue what it needs. */
  readonly authority: Authority;
  /** An identity whose serial number is on the channel's revocation list. */
  readonly revoked?: LedgerIdentity;
  /** Kills the process that serves this organisation's chaincodes, and starts it again. */
  killChaincode(): Promise<void>;
  startChaincode(): Promise<void>;
}

/** Collections of the probe's definition. Members are always the peers of a and b, unless said otherwise. */
export const COLLECTIONS = {
  /** Any client may read and write through a member's peer. */
  open: 'open',
  /** Only members' clients may read and write. */
  closed: 'closed',
  /** Endorsed by a and b together, whatever the chaincode's policy. */
  both: 'both',
  /** Endorsed by a or b alone. */
  either: 'either',
  /** Only a is a member, yet one other peer must get the data: no write can succeed. */
  unreachable: 'unreachable',
  /** Nobody is given the data before the commit: members have to fetch it. Any one organisation endorses. */
  fetched: 'fetched',
  /** Gone two blocks after it was written. */
  brief: 'brief',
} as const;
