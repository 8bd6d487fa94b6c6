import { peer } from '@hyperledger/fabric-protos';
import type { Policy } from './policy.js';
import { SignaturePolicy } from './signature-policy.js';

/** A policy that nothing satisfies, with the reason. */
const rejecting = (reason: string): Policy => ({ refusal: () => reason });

/**
 * A serialised protos.ApplicationPolicy: a signature policy, or a reference into the channel configuration.
 * What cannot be understood rejects [core/policy/application.go].
 */
export function compileApplicationPolicy(
  bytes: Uint8Array,
  reference: (path: string) => Policy | undefined,
): Policy {
  try {
    const message = peer.ApplicationPolicy.deserializeBinary(bytes);
    switch (message.getTypeCase()) {
      case peer.ApplicationPolicy.TypeCase.SIGNATURE_POLICY: {
        const envelope = message.getSignaturePolicy();
        return envelope === undefined
          ? rejecting('empty signature policy')
          : new SignaturePolicy(envelope.serializeBinary());
      }
      case peer.ApplicationPolicy.TypeCase.CHANNEL_CONFIG_POLICY_REFERENCE: {
        const path = message.getChannelConfigPolicyReference();
        return reference(path) ?? rejecting(`failed to retrieve policy for reference ${path}`);
      }
      case peer.ApplicationPolicy.TypeCase.TYPE_NOT_SET:
        return rejecting('unsupported policy type');
    }
  } catch (error) {
    return rejecting(`could not evaluate policy: ${error instanceof Error ? error.message : String(error)}`);
  }
}
