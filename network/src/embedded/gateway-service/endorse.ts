import { status as Code } from '@grpc/grpc-js';
import { encodeMessage } from '../../wire-format/index.js';
import { describeError } from '../chaincode-stream/errors.js';
import type { ChaincodeInterest } from '../endorser/interest.js';
import { parseProposal } from '../endorser/parsed-proposal.js';
import type { ParsedProposal } from '../endorser/parsed-proposal.js';
import type { ProposalResponse } from '../endorser/outcome.js';
import { EndorsementCollection } from './endorsement-collection.js';
import { assembleTransaction, defaultInterest, endorsementLayouts } from './endorsement-plan.js';
import type { Layout } from './endorsement-plan.js';
import type { GatewayContext } from './context.js';
import { askPeer, classify, errorDetail, peersWithChaincode } from './peers.js';
import type { Peer } from './peers.js';
import { decodeProposalRequest } from './requests.js';
import { StatusError } from './status-error.js';

/** Collects endorsements and assembles the transaction for the client to sign [gateway/endorse.go]. */
export async function endorse(context: GatewayContext, request: Buffer): Promise<Buffer> {
  const { signedProposal, organizations } = decodeProposalRequest(request);
  const proposal = unpack(signedProposal);
  const collection = new EndorsementCollection(proposal, context.mspId, context.endorsementTimeoutMs);
  const layouts =
    organizations.length > 0
      ? [peersOf(context, proposal, organizations)]
      : await planFromFirstEndorser(context, proposal, collection);
  const endorsements = await collection.satisfy(layouts);
  return encodeMessage((writer) => {
    writer.bytes(
      1,
      assembleTransaction({
        header: proposal.header,
        signatureHeader: proposal.signatureHeaderBytes,
        chaincodeProposalPayload: proposal.payloadWithoutTransient,
        proposalResponsePayload: collection.payload,
        endorsements,
      }),
    );
  });
}

function unpack(signedProposal: Buffer): ParsedProposal {
  let proposal: ParsedProposal;
  try {
    proposal = parseProposal(signedProposal);
  } catch (error) {
    throw new StatusError(Code.INVALID_ARGUMENT, describeError(error));
  }
  if (proposal.proposalBytes.length === 0) {
    throw new StatusError(Code.INVALID_ARGUMENT, 'the proposed transaction must contain a signed proposal');
  }
  return proposal;
}

/** The client names the endorsers, and answers for their satisfying the policy. */
function peersOf(
  context: GatewayContext,
  proposal: ParsedProposal,
  organizations: readonly string[],
): Layout {
  const able = ablePeers(context, proposal);
  const missing = organizations.filter((mspId) => !able.some((peer) => peer.mspId === mspId));
  if (missing.length > 0) {
    throw new StatusError(
      Code.UNAVAILABLE,
      `failed to find any endorsing peers for org(s): ${missing.join(', ')}`,
    );
  }
  return able.filter((peer) => organizations.includes(peer.mspId));
}

/** Runs the proposal on one peer, and lets what it touched tell who else has to endorse. */
async function planFromFirstEndorser(
  context: GatewayContext,
  proposal: ParsedProposal,
  collection: EndorsementCollection,
): Promise<Layout[]> {
  const first = firstEndorser(context, proposal);
  const local = first.mspId === context.mspId;
  const result = classify(await askPeer(first, proposal, local, context.endorsementTimeoutMs), local);
  if (!result.ok) {
    throw new StatusError(Code.ABORTED, 'failed to endorse transaction, see attached details for more info', [
      errorDetail(first, result.message),
    ]);
  }
  const layouts = layoutsFor(context, proposal, result.response, first);
  collection.add(first, result.response);
  return layouts;
}

function firstEndorser(context: GatewayContext, proposal: ParsedProposal): Peer {
  const own = ablePeers(context, proposal).find((peer) => peer.mspId === context.mspId);
  if (own !== undefined) {
    return own;
  }
  if (proposal.hasTransientData) {
    throw new StatusError(
      Code.FAILED_PRECONDITION,
      "no endorsers found in the gateway's organization; " +
        'retry specifying endorsing organization(s) to protect transient data',
    );
  }
  const { channelId } = proposal.channelHeader;
  try {
    if (channelId !== context.ledger.channel.channelId) {
      throw new Error(`channel ${channelId} is unknown`);
    }
    const [[peer] = []] = endorsementLayouts(context, defaultInterest(proposal.specChaincode), undefined);
    if (peer !== undefined) {
      return peer;
    }
    throw new Error('required chaincodes are not installed on sufficient peers');
  } catch (error) {
    throw noCombination(error);
  }
}

function layoutsFor(
  context: GatewayContext,
  { hasTransientData, specChaincode }: ParsedProposal,
  { interest = [] }: ProposalResponse,
  first: Peer,
): Layout[] {
  const original = interest.length === 0 ? defaultInterest(specChaincode) : interest;
  // Transient data may be private: only members of the collections that were touched may see it.
  const careful: ChaincodeInterest = hasTransientData
    ? original.map((call) => ({ ...call, noPrivateReads: false }))
    : original;
  try {
    return endorsementLayouts(context, careful, first.mspId);
  } catch (error) {
    const guarded = hasTransientData ? original.filter((call) => call.noPrivateReads) : [];
    if (guarded.length > 0 && canEndorse(context, original, first)) {
      const names = guarded.map((call) => call.collection ?? '').join(' ');
      throw new StatusError(
        Code.FAILED_PRECONDITION,
        'requires endorsement from organisation(s) that are not in the distribution policy of the private data ' +
          `collection(s): [${names}]; retry specifying trusted endorsing organizations to protect transient data`,
      );
    }
    throw noCombination(error);
  }
}

function canEndorse(context: GatewayContext, interest: ChaincodeInterest, first: Peer): boolean {
  try {
    return endorsementLayouts(context, interest, first.mspId).length > 0;
  } catch {
    return false;
  }
}

function ablePeers({ peers, ledger }: GatewayContext, proposal: ParsedProposal): Peer[] {
  return proposal.channelHeader.channelId === ledger.channel.channelId
    ? peersWithChaincode(peers, proposal.specChaincode)
    : [];
}

function noCombination(error: unknown): StatusError {
  return new StatusError(
    Code.FAILED_PRECONDITION,
    `no combination of peers can be derived which satisfy the endorsement policy: ${describeError(error)}`,
  );
}
