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
 * Asks a peer for its endorsement. Another organisation's is given up after a while; this gateway's own is not, unless it
 * means never to answer: its chaincode has a timeout.
 * @param local Whether it is this gateway's own.
 * @param timeoutMs peer.gateway.endorsementTimeout
 */
export async function askPeer(
  peer: Peer,
  proposal: ParsedProposal,
  local: boolean,
  timeoutMs: number,
): Promise<EndorserOutcome> {
  if (local && !peer.endorser.withholds) return peer.endorser.process(proposal);
  const late = Promise.withResolvers<EndorserOutcome>();
  const timer = setTimeout(() => {
    late.resolve({
      kind: 'error',
      text: 'context deadline exceeded',
      responded: false,
      status: 'DeadlineExceeded',
    });
  }, timeoutMs);
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
