import { verify, X509Certificate } from 'node:crypto';
import { common, msp } from '@hyperledger/fabric-protos';
import type { OrderingRule } from './channel-config.js';

/**
 * Whether the orderers that have to sign a block did.
 *
 * @param signatures metadata slot 0 of the block
 * @param headerBytes the block's header in DER
 */
export function isSignedByOrderers(
  signatures: common.Metadata,
  headerBytes: Uint8Array,
  rule: OrderingRule,
): boolean {
  return rule.kind === 'any'
    ? signatures.getSignaturesList().some((one) => signerByIssuer(one, signatures, headerBytes, rule.roots))
    : quorumSigners(signatures, headerBytes, rule.orderers).size >= rule.quorum;
}

/**
 * The same, and every signature that is there is one that counts: where somebody added or altered one, the others
 * still make a quorum.
 */
export function allSignedByOrderers(
  signatures: common.Metadata,
  headerBytes: Uint8Array,
  rule: OrderingRule,
): boolean {
  try {
    return allCount(signatures, headerBytes, rule);
  } catch {
    return false; // A header that cannot be read was not signed as it is.
  }
}

function allCount(signatures: common.Metadata, headerBytes: Uint8Array, rule: OrderingRule): boolean {
  const given = signatures.getSignaturesList();
  if (rule.kind === 'any') {
    return (
      given.length === 1 && given.every((one) => signerByIssuer(one, signatures, headerBytes, rule.roots))
    );
  }
  const signers = quorumSigners(signatures, headerBytes, rule.orderers);
  return signers.size >= rule.quorum && signers.size === given.length;
}

/** Signed are metadata value, signature header and block header (protoutil/signer.go). */
function signerByIssuer(
  signature: common.MetadataSignature,
  signatures: common.Metadata,
  headerBytes: Uint8Array,
  roots: readonly X509Certificate[],
): boolean {
  const signatureHeader = signature.getSignatureHeader_asU8();
  const certificate = certificateOf(
    common.SignatureHeader.deserializeBinary(signatureHeader).getCreator_asU8(),
  );
  return (
    certificate !== undefined &&
    isOrderer(certificate) &&
    roots.some((root) => certificate.checkIssued(root) && certificate.verify(root.publicKey)) &&
    verifies(certificate, [signatures.getValue_asU8(), signatureHeader, headerBytes], signature)
  );
}

/** As above, but an identifier header names the orderer by number (orderer/consensus/smartbft/signature.go). */
function quorumSigners(
  signatures: common.Metadata,
  headerBytes: Uint8Array,
  orderers: ReadonlyMap<number, X509Certificate>,
): ReadonlySet<number> {
  const signers = new Set<number>();
  for (const signature of signatures.getSignaturesList()) {
    const identifierHeader = signature.getIdentifierHeader_asU8();
    const identifier = common.IdentifierHeader.deserializeBinary(identifierHeader).getIdentifier();
    const certificate = orderers.get(identifier);
    if (
      certificate !== undefined &&
      verifies(certificate, [signatures.getValue_asU8(), identifierHeader, headerBytes], signature)
    ) {
      signers.add(identifier);
    }
  }
  return signers;
}

function verifies(
  { publicKey }: X509Certificate,
  signed: readonly Uint8Array[],
  signature: common.MetadataSignature,
): boolean {
  return verify('sha256', Buffer.concat(signed), publicKey, signature.getSignature_asU8());
}

function certificateOf(serializedIdentity: Uint8Array): X509Certificate | undefined {
  try {
    return new X509Certificate(
      msp.SerializedIdentity.deserializeBinary(serializedIdentity).getIdBytes_asU8(),
    );
  } catch {
    // Not an identity with a certificate, hence no signature that counts.
    return undefined;
  }
}

function isOrderer(certificate: X509Certificate): boolean {
  return certificate.subject.split('\n').includes('OU=orderer');
}
