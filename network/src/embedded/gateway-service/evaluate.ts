import { status as Code } from '@grpc/grpc-js';
import { encodeMessage } from '../../wire-format/index.js';
import { describeError } from '../chaincode-stream/errors.js';
import { parseProposal } from '../endorser/parsed-proposal.js';
import type { ParsedProposal } from '../endorser/parsed-proposal.js';
import type { ProposalResponse } from '../endorser/outcome.js';
import type { GatewayContext } from './context.js';
import { askPeer, classify, errorDetail, peersWithChaincode } from './peers.js';
import type { Peer } from './peers.js';
import { decodeProposalRequest } from './requests.js';
import { StatusError } from './status-error.js';
import type { ErrorDetail } from './status-error.js';

/** Runs a proposal on one peer, the next one if that fails by no fault of the proposal [gateway/evaluate.go]. */
export async function evaluate(context: GatewayContext, request: Buffer): Promise<Buffer> {
  const { signedProposal, organizations } = decodeProposalRequest(request);
  const proposal = unpack(signedProposal);
  const { channelId } = proposal.channelHeader;
  if (channelId !== context.ledger.channel.channelId) {
    throw new StatusError(Code.UNAVAILABLE, `failed to get config for channel [${channelId}]`);
  }
  const details: ErrorDetail[] = [];
  let code: Code = Code.UNAVAILABLE;
  for (const peer of candidates(context, proposal, organizations)) {
    const local = peer.mspId === context.mspId;
    const result = classify(await askPeer(peer, proposal, local, context.endorsementTimeoutMs), local);
    if (result.ok) {
      return encodeResult(result.response);
    }
    details.push(errorDetail(peer, result.message));
    ({ code } = result);
    if (!result.retry) {
      throw new StatusError(code, `evaluate call to endorser returned error: ${result.message}`, details);
    }
  }
  throw new StatusError(code, 'failed to evaluate transaction, see attached details for more info', details);
}

/**
 * Peers in the order in which they are tried: this gateway's own first, then those that have most of the ledger.
 * Transient data stays at home unless told.
 */
function candidates(
  { peers, mspId }: GatewayContext,
  proposal: ParsedProposal,
  organizations: readonly string[],
): Peer[] {
  const { specChaincode, channelHeader } = proposal;
  const protect = proposal.hasTransientData && organizations.length === 0;
  const targets = protect ? [mspId] : organizations;
  const able = peersWithChaincode(peers, specChaincode).filter(
    (peer) => targets.length === 0 || targets.includes(peer.mspId),
  );
  if (able.length === 0) {
    const none = `no peers available to evaluate chaincode ${specChaincode} in channel ${channelHeader.channelId}`;
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      protect
        ? "no endorsers found in the gateway's organization; " +
            `retry specifying target organization(s) to protect transient data: ${none}`
        : none,
    );
  }
  const others = able.filter((peer) => peer.mspId !== mspId).sort((one, other) => other.height - one.height);
  return [...able.filter((peer) => peer.mspId === mspId), ...others];
}

function unpack(signedProposal: Buffer): ParsedProposal {
  try {
    const proposal = parseProposal(signedProposal);
    const { channelHeader, proposalBytes, missing, specChaincode } = proposal;
    if (proposalBytes.length === 0) {
      throw new Error('a signed proposal is required');
    }
    if (channelHeader.channelId === '') {
      throw new Error('no channel id provided');
    }
    const where = `channel id [${channelHeader.channelId}]`;
    if (missing === 'spec') {
      throw new Error(`no chaincode spec is provided, ${where}`);
    }
    if (missing === 'chaincode id') {
      throw new Error(`no chaincode id is provided, ${where}`);
    }
    if (specChaincode === '') {
      throw new Error(`no chaincode name is provided, ${where}`);
    }
    return proposal;
  } catch (error) {
    throw new StatusError(
      Code.INVALID_ARGUMENT,
      `failed to unpack transaction proposal: ${describeError(error)}`,
    );
  }
}

/** gateway.EvaluateResponse */
function encodeResult({ status, message, result }: ProposalResponse): Buffer {
  return encodeMessage((writer) => {
    writer.message(1, (response) => {
      response.int32(1, status);
      response.bytes(2, message);
      response.bytes(3, result);
    });
  });
}
