import { status as Code } from '@grpc/grpc-js';
import type { Endorser } from '../endorser/endorser.js';
import type { ParsedProposal } from '../endorser/parsed-proposal.js';
import { isSystemChaincode } from '../endorser/interest.js';
import type { EndorserOutcome, ProposalResponse } from '../endorser/outcome.js';
import type { ErrorDetail } from './status-error.js';

/** An organisation's peer as the gateways of all organisations know it. */
export interface Peer {
  readonly mspId: string;
  /** External endpoint, `host:port`. */
  readonly address: string;
  readonly endorser: Endorser;
  /** Number of blocks that it has. */
  readonly height: number;
}

/**
 * The execution of a chaincode is given up after as long by default, and on Fabric it is that which the client hears
 * of, since a gateway's own endorser runs in its process. Here both clocks start within a moment.
 */
const AFTER_EXECUTION_MS = 1_000;

/**
 * Asks a peer for its endorsement. One that does not answer is given up after a while.
 * @param timeoutMs peer.gateway.endorsementTimeout
 */
export async function askPeer(
  peer: Peer,
  proposal: ParsedProposal,
  timeoutMs: number,
): Promise<EndorserOutcome> {
  const late = Promise.withResolvers<EndorserOutcome>();
  const timer = setTimeout(() => {
    late.resolve({
      kind: 'error',
      text: 'context deadline exceeded',
      responded: false,
      status: 'DeadlineExceeded',
    });
  }, timeoutMs + AFTER_EXECUTION_MS);
  try {
    return await Promise.race([peer.endorser.process(proposal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Peers of the channel that can run a chaincode. */
export function peersWithChaincode(peers: readonly Peer[], chaincode: string): Peer[] {
  return peers.filter(({ endorser }) => isSystemChaincode(chaincode) || endorser.hasChaincode(chaincode));
}

export function errorDetail({ address, mspId }: Peer, message: string): ErrorDetail {
  return { address, mspId, message };
}

/** How the gateway takes an endorser's answer [gateway/apiutils.go responseStatus]. */
export type Classified =
  | { readonly ok: true; readonly response: ProposalResponse }
  | { readonly ok: false; readonly code: Code; readonly message: string; readonly retry: boolean };

/** `local` = the endorser of this gateway's own peer; of another one gRPC delivers an error or a response, never both. */
export function classify(outcome: EndorserOutcome, local: boolean): Classified {
  if (outcome.kind === 'error') {
    if (local && outcome.responded) {
      return { ok: false, code: Code.FAILED_PRECONDITION, message: outcome.text, retry: false };
    }
    const { status = 'Unknown' } = outcome;
    const message = local ? outcome.text : `rpc error: code = ${status} desc = ${outcome.text}`;
    return { ok: false, code: Code.UNAVAILABLE, message, retry: true };
  }
  const { response } = outcome;
  if (response.status >= 200 && response.status < 400) {
    return { ok: true, response };
  }
  if (response.status === 500 && response.payload === undefined) {
    // The peer failed, not the chaincode.
    return { ok: false, code: Code.ABORTED, message: response.message, retry: true };
  }
  const message = `chaincode response ${response.status}, ${response.message}`;
  return { ok: false, code: Code.UNKNOWN, message, retry: false };
}
