import { msp, type common } from '@hyperledger/fabric-protos';

/** The organisations that a member policy names, in byte order. */
export function memberMspIds(policy: common.SignaturePolicyEnvelope): string[] {
  const { ROLE, ORGANIZATION_UNIT, IDENTITY } = msp.MSPPrincipal.Classification;
  const mspIds = policy.getIdentitiesList().flatMap((principal) => {
    const bytes = principal.getPrincipal_asU8();
    const kind = principal.getPrincipalClassification();
    if (kind === ROLE) return [msp.MSPRole.deserializeBinary(bytes).getMspIdentifier()];
    if (kind === ORGANIZATION_UNIT) return [msp.OrganizationUnit.deserializeBinary(bytes).getMspIdentifier()];
    return kind === IDENTITY ? [msp.SerializedIdentity.deserializeBinary(bytes).getMspid()] : [];
  });
  return [...new Set(mspIds)].sort();
}
