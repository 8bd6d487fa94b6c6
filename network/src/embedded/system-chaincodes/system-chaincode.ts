import type { ChaincodeResponse } from '../chaincode-stream/chaincode-response.js';
import type { ParsedProposal } from '../endorser/parsed-proposal.js';
import type { TxSimulator } from '../simulator/tx-simulator.js';

/** A call of one of the chaincodes that every peer has in itself. */
export interface SystemInvocation {
  /** Empty for a call outside any channel. */
  readonly channelId: string;
  readonly args: readonly Buffer[];
  /** The client's own, even when a chaincode calls. */
  readonly proposal: ParsedProposal;
  /** Absent outside a channel, and for what only looks at blocks. */
  readonly simulator: TxSimulator | undefined;
}

/** Answers; what it throws is an answer of status 500 with that text. */
export type SystemChaincode = (invocation: SystemInvocation) => ChaincodeResponse;

const EMPTY = Buffer.alloc(0);

export function success(payload: Uint8Array = EMPTY): ChaincodeResponse {
  return { status: 200, message: '', payload: Buffer.from(payload) };
}

export function failure(message: string, status = 500): ChaincodeResponse {
  return { status, message, payload: EMPTY };
}
