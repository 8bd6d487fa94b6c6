import type { ChaincodeInterest } from './interest.js';

/** protos.Endorsement */
export interface Endorsement {
  /** Serialised msp.SerializedIdentity. */
  readonly endorser: Buffer;
  readonly signature: Buffer;
}

/** protos.ProposalResponse */
export interface ProposalResponse {
  readonly status: number;
  readonly message: string;
  /** What the chaincode returned. */
  readonly result: Buffer;
  /** Serialised protos.ProposalResponsePayload; absent when the peer itself failed, or on a status of 400 to 499. */
  readonly payload?: Buffer;
  readonly endorsement?: Endorsement;
  readonly interest?: ChaincodeInterest;
}

/** How an endorser answers: with a response, or with an error, which it sends with or without one. */
export type EndorserOutcome =
  | { readonly kind: 'response'; readonly response: ProposalResponse }
  /** The proposal itself is refused; `responded` = after the auth filters, where a response goes along. */
  | {
      readonly kind: 'error';
      readonly text: string;
      readonly responded: boolean;
      /** Name of the gRPC status that another peer's gateway sees; Unknown by default. */
      readonly status?: 'Unavailable' | 'DeadlineExceeded';
    };

export function failed(message: string): EndorserOutcome {
  return { kind: 'response', response: { status: 500, message, result: Buffer.alloc(0) } };
}
