import type { MspIdentity } from '../../embedded/msp/identity.js';
import { changedElements } from './applied-update.js';
import type { ChannelConfiguration } from './channel-configuration.js';
import { signatoryOf, signedData, type PendingUpdate } from './update-file.js';

/** What the signatures of an update are worth under the configuration in force. */
export interface SignatureVerdict {
  /** MSP ids whose signature counts, each once. */
  readonly signed: readonly string[];
  /** MSP ids of signatures that do not count: of another update, of nobody known, or revoked. */
  readonly void: readonly string[];
  /** By policy: why it is not satisfied yet. Empty when the update may be submitted. */
  readonly missing: readonly { readonly policy: string; readonly reason: string }[];
}

/** Judges as an orderer will: every changed element's policy, over the signatures that are right. */
export function judgeSignatures(
  { group, judged }: ChannelConfiguration,
  pending: PendingUpdate,
): SignatureVerdict {
  const identities: MspIdentity[] = [];
  const worthless: string[] = [];
  for (const each of pending.signatures) {
    const { identity, data, signature } = signedData(pending, each);
    const known = tryDeserialize(() => judged.msps.deserialize(identity));
    if (known?.isValid === true && known.verify(data, signature)) identities.push(known);
    else worthless.push(signatoryOf(each));
  }
  const policies = new Set(changedElements(group, pending.update).flatMap(({ policy }) => policy ?? []));
  const missing = [...policies].sort().flatMap((policy) => {
    const compiled = judged.policies.get(policy);
    const reason = compiled === undefined ? 'there is no such policy' : compiled.refusal(identities);
    return reason === undefined ? [] : [{ policy, reason }];
  });
  return {
    signed: [...new Set(identities.map(({ mspId }) => mspId))].sort(),
    void: worthless.sort(),
    missing,
  };
}

function tryDeserialize(deserialize: () => MspIdentity): MspIdentity | undefined {
  try {
    return deserialize();
  } catch {
    return undefined; // nobody whom this channel knows
  }
}
