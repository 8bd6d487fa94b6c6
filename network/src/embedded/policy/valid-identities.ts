import type { KnownSignature, MspIdentity } from '../msp/identity.js';
import type { MspManager } from '../msp/msp-manager.js';
import type { SignedData } from '../ports.js';

/**
 * The identities behind a set of signatures, in order: those that the MSPs know, each once, whose signature is
 * right [common/policies/policy.go: SignatureSetToValidIdentities].
 */
export function validIdentities(
  manager: MspManager,
  signed: readonly SignedData[],
  isKnown?: KnownSignature,
): MspIdentity[] {
  const counted = new Set<string>();
  const identities: MspIdentity[] = [];
  for (const { data, identity: serialized, signature } of signed) {
    const identity = tryDeserialize(manager, serialized);
    if (identity === undefined || counted.has(identity.key) || !identity.verify(data, signature, isKnown))
      continue;
    counted.add(identity.key);
    identities.push(identity);
  }
  return identities;
}

function tryDeserialize(manager: MspManager, serialized: Uint8Array): MspIdentity | undefined {
  try {
    return manager.deserialize(serialized);
  } catch {
    return undefined; // Fabric counts an unknown identity as no signature.
  }
}
