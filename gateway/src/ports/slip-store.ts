/** A slip that a custodian handed over. */
export interface KeptSlip {
  /** The hex part of its key. */
  readonly id: string;
  /** MSP id. */
  readonly custodian: string;
  /** Of the consent. */
  readonly version: number;
  /** The bytes whose SHA-256 the own peer has. */
  readonly value: Buffer;
  /** Whether the custodian noted that the consent is withdrawn. */
  readonly isNoted: boolean;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
}

export interface KeptSlipAt extends KeptSlip {
  /** Where it stands in lists; stays when a newer version comes. */
  readonly position: number;
  /** Whether the own peer ever had something under its key. */
  readonly wasSeen: boolean;
}

/** What is left of a slip that was purged: enough to say so. */
export interface PurgedSlip {
  readonly version: number;
  readonly names: 'current' | 'ended';
}

/** The slips that this member was handed, the newest version of each. */
export interface SlipStore {
  /** Keeps it unless what is there is newer, or the same; gives whether anything changed. */
  keep(slip: KeptSlip): boolean;
  get(id: string): KeptSlipAt | undefined;
  /** In the order in which they came first. */
  list(filter: {
    readonly custodian?: string;
    readonly after: number;
    readonly limit: number;
  }): readonly KeptSlipAt[];
  /** Undefined where none of a custodian's has a key of that hash (hex SHA-256). */
  byKeyHash(custodian: string, keyHash: string): KeptSlipAt | undefined;
  /** Forgets what is in it, for good. */
  purge(id: string, left: PurgedSlip): void;
  purged(id: string): PurgedSlip | undefined;
  seen(id: string): void;
  /** Those of which the own peer never had anything. */
  unseen(): readonly Pick<KeptSlip, 'id' | 'custodian'>[];
}
