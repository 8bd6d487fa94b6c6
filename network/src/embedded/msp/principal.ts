import { msp, type common } from '@hyperledger/fabric-protos';
import type { MspIdentity } from './identity.js';
import type { Role } from './node-ous.js';

/** A principal of a signature policy, read once. */
export type Principal =
  | { readonly kind: 'role'; readonly mspId: string; readonly role: 'member' | Role }
  | {
      readonly kind: 'unit';
      readonly mspId: string;
      readonly unit: string;
      readonly certifiersIdentifier: Buffer;
    }
  | { readonly kind: 'identity'; readonly serialized: Buffer }
  | { readonly kind: 'nominal' }
  | { readonly kind: 'all'; readonly of: readonly Principal[] }
  | { readonly kind: 'none' };

const ROLES: Readonly<Record<number, 'member' | Role>> = {
  [msp.MSPRole.MSPRoleType.MEMBER]: 'member',
  [msp.MSPRole.MSPRoleType.ADMIN]: 'admin',
  [msp.MSPRole.MSPRoleType.CLIENT]: 'client',
  [msp.MSPRole.MSPRoleType.PEER]: 'peer',
  [msp.MSPRole.MSPRoleType.ORDERER]: 'orderer',
};

/** Reads a common.MSPPrincipal; what cannot be read is satisfied by nobody. */
export function readPrincipal(message: msp.MSPPrincipal): Principal {
  try {
    return read(message);
  } catch {
    return { kind: 'none' };
  }
}

function read(message: msp.MSPPrincipal): Principal {
  const bytes = message.getPrincipal_asU8();
  switch (message.getPrincipalClassification()) {
    case msp.MSPPrincipal.Classification.ROLE: {
      const role = msp.MSPRole.deserializeBinary(bytes);
      const name = ROLES[role.getRole()];
      return name === undefined
        ? { kind: 'none' }
        : { kind: 'role', mspId: role.getMspIdentifier(), role: name };
    }
    case msp.MSPPrincipal.Classification.ORGANIZATION_UNIT: {
      const unit = msp.OrganizationUnit.deserializeBinary(bytes);
      return {
        kind: 'unit',
        mspId: unit.getMspIdentifier(),
        unit: unit.getOrganizationalUnitIdentifier(),
        certifiersIdentifier: Buffer.from(unit.getCertifiersIdentifier_asU8()),
      };
    }
    case msp.MSPPrincipal.Classification.IDENTITY:
      return { kind: 'identity', serialized: Buffer.from(bytes) };
    case msp.MSPPrincipal.Classification.ANONYMITY: {
      const type = msp.MSPIdentityAnonymity.deserializeBinary(bytes).getAnonymityType();
      return {
        kind: type === msp.MSPIdentityAnonymity.MSPIdentityAnonymityType.NOMINAL ? 'nominal' : 'none',
      };
    }
    case msp.MSPPrincipal.Classification.COMBINED: {
      const parts = msp.CombinedPrincipal.deserializeBinary(bytes).getPrincipalsList().map(read);
      return parts.length === 0 ? { kind: 'none' } : { kind: 'all', of: parts };
    }
    default:
      return { kind: 'none' };
  }
}

/** [msp/mspimpl.go: satisfiesPrincipalInternal...] */
export function satisfies(identity: MspIdentity, principal: Principal): boolean {
  switch (principal.kind) {
    case 'none':
      return false;
    case 'nominal':
      return true;
    case 'all':
      return principal.of.every((part) => satisfies(identity, part));
    case 'identity':
      return identity.isSameAs(principal.serialized) && identity.isValid;
    case 'unit':
      return (
        principal.mspId === identity.mspId &&
        identity.isValid &&
        identity.units.some(
          (unit) =>
            unit.identifier === principal.unit &&
            unit.certifiersIdentifier.equals(principal.certifiersIdentifier),
        )
      );
    case 'role':
      if (principal.mspId !== identity.mspId) return false;
      if (principal.role === 'admin' && identity.isListedAdmin) return true;
      return identity.isValid && (principal.role === 'member' || identity.hasRole(principal.role));
  }
}

/** The principals of a policy, in the order of its identities. */
export function readPrincipals(envelope: common.SignaturePolicyEnvelope): readonly Principal[] {
  return envelope.getIdentitiesList().map(readPrincipal);
}
