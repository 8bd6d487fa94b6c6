import { Context } from 'fabric-contract-api';
import type { Stub } from '../state/index.js';
import { PublicState } from '../state/public-state.js';
import type { Caller } from '../wire/index.js';

/** What the chaincode needs of the process that it runs in; the only place where a clock comes in. */
export interface Environment {
  /** The endorser's own clock, epoch milliseconds. Decides nothing but whether a timestamp is too far away. */
  now(): number;
  /** How far a transaction's timestamp may be from that clock, in milliseconds. */
  readonly maxSkew: number;
  /** How long an epoch lasts at the least, by the timestamps of the transactions that begin and end it, in milliseconds. */
  readonly minEpoch: number;
  /** Takes failures that no caller may see the text of. */
  reportFailure(failure: { readonly transaction: string; readonly error: unknown }): void;
}

/** Its stub is typed as Fabric's whole interface; contracts get the part that they use, see {@link Stub}. */
const BareContext = Context as unknown as new () => object;

/** One invocation: the context that a contract's functions take. */
export class Call extends BareContext {
  /** The transaction's timestamp, epoch milliseconds. */
  readonly at: number;
  readonly publicState: PublicState;

  constructor(
    readonly stub: Stub,
    readonly caller: Caller,
    readonly minEpoch: number,
  ) {
    super();
    const { seconds, nanos } = stub.getTxTimestamp();
    this.at = seconds.toNumber() * 1_000 + Math.floor(nanos / 1_000_000);
    this.publicState = new PublicState(stub);
  }
}
