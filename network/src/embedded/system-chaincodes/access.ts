import type { ParsedProposal } from '../endorser/parsed-proposal.js';
import { parseSignatureHeader } from '../endorser/parsed-proposal.js';
import type { Channel, Identity } from '../ports.js';
import { ROLE_ADMIN, ROLE_MEMBER, signedByRole } from '../simulator/lifecycle-reads.js';

const APPLICATION = '/Channel/Application';

/** Who may use what of a peer [core/aclmgmt, core/policy]. Each throws in Fabric's words. */
export class Access {
  readonly #mspId: string;
  readonly #channel: () => Channel;

  /** @param mspId The peer's organisation. */
  constructor(mspId: string, channel: () => Channel) {
    this.#mspId = mspId;
    this.#channel = channel;
  }

  /** The organisation's own people, judged by its MSP alone. */
  requireOwn(role: 'Admins' | 'Members', proposal: ParsedProposal): void {
    const during = `during channelless check policy with policy [${role}]`;
    const identity = this.ownIdentity(proposal, during);
    const needed = signedByRole(this.#mspId, role === 'Admins' ? ROLE_ADMIN : ROLE_MEMBER);
    if (!this.#channel().satisfies(needed, identity)) {
      throw new Error(
        `Failed verifying that proposal's creator satisfies local MSP principal ${during}: ` +
          `[The identity is not ${role === 'Admins' ? 'an admin' : 'valid'} under this MSP [${this.#mspId}]]`,
      );
    }
    if (!identity.verify(proposal.proposalBytes, proposal.signature)) {
      throw new Error('The signature is invalid');
    }
  }

  /** @param policy The default, below /Channel/Application; the channel may name another for the resource. */
  requireOnChannel(
    resource: string,
    channelId: string,
    policy: 'Readers' | 'Writers',
    proposal: ParsedProposal,
  ): void {
    const channel = this.#channel();
    if (channelId !== channel.channelId)
      throw new Error(`Failed to get policy manager for channel [${channelId}]`);
    const path = channel.policyFor(resource, `${APPLICATION}/${policy}`);
    const { creator } = parseSignatureHeader(proposal.signatureHeaderBytes);
    const signed = { data: proposal.proposalBytes, identity: creator, signature: proposal.signature };
    const refusal = channel.policyRefusal(path, [signed]);
    if (refusal === undefined) return;
    throw new Error(
      `Failed evaluating policy on signed data during check policy on channel [${channelId}] with policy [${path}]: [${refusal}]`,
    );
  }

  /** The creator as the peer's own MSP knows it. */
  ownIdentity(proposal: ParsedProposal, during: string): Identity {
    const { creator } = parseSignatureHeader(proposal.signatureHeaderBytes);
    const failed = `Failed deserializing proposal creator ${during}`;
    let identity: Identity;
    try {
      identity = this.#channel().deserializeIdentity(creator);
    } catch (error) {
      throw new Error(`${failed}: [${error instanceof Error ? error.message : String(error)}]`, {
        cause: error,
      });
    }
    if (identity.mspId !== this.#mspId) {
      throw new Error(`${failed}: [expected MSP ID ${this.#mspId}, received ${identity.mspId}]`);
    }
    return identity;
  }
}
