import type { MspIdentity } from '../msp/identity.js';

/** A rule over the identities whose signatures have already been verified, in the order of the signatures. */
export interface Policy {
  /** Why the identities do not satisfy the policy; undefined when they do. */
  refusal(identities: readonly MspIdentity[]): string | undefined;
}
