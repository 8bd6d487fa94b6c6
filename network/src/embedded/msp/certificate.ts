import { X509Certificate, type KeyObject } from 'node:crypto';
import 'reflect-metadata'; // needed by @peculiar/x509, before it is loaded
import * as x509 from '@peculiar/x509';
import { derChildren, encodeDer, readDer, sha256, toLowS } from '../../wire-format/index.js';
import { pemBlock } from './pem.js';

/** OID prefix of ECDSA signature algorithms (ecdsa-with-SHA...), in DER. */
const ECDSA_WITH = Buffer.from('2a8648ce3d04', 'hex');

/** What the rules of an MSP need to know of a certificate, read once. */
export interface Certificate {
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  /** OpenSSL name of the curve, or undefined when the key is not ECDSA. */
  readonly curve: string | undefined;
  readonly isCa: boolean;
  readonly pathLength: number | undefined;
  /** Key identifiers as lower-case hex, without separators. */
  readonly subjectKeyId: string | undefined;
  readonly serialNumber: bigint;
  /** Extended key usages as OIDs; undefined without the extension. */
  readonly extendedKeyUsages: readonly string[] | undefined;
  readonly organizationalUnits: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Parses the first PEM block, whatever its label says, as Fabric does [msp/mspimpl.go: getCertFromPem]. */
export function parseCertificate(pem: Uint8Array): Certificate {
  const der = pemBlock(pem);
  if (der === undefined) throw new Error('could not decode the PEM structure');
  const certificate = new X509Certificate(der);
  const details = new x509.X509Certificate(certificate.raw);
  const constraints = details.getExtension(x509.BasicConstraintsExtension);
  const { publicKey } = certificate;
  return {
    x509: certificate,
    publicKey,
    curve: publicKey.asymmetricKeyType === 'ec' ? publicKey.asymmetricKeyDetails?.namedCurve : undefined,
    isCa: constraints?.ca ?? false,
    pathLength: constraints?.pathLength,
    subjectKeyId: details.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId.toLowerCase(),
    serialNumber: BigInt(`0x${certificate.serialNumber}`),
    extendedKeyUsages: details.getExtension(x509.ExtendedKeyUsageExtension)?.usages.map(String),
    organizationalUnits: details.subjectName.getField('OU'),
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
  };
}

/**
 * The certificate's DER with the issuer's ECDSA signature in its low-S form: what Fabric compares and hashes,
 * so that nobody can turn one certificate into two [msp/cert.go: sanitizeECDSASignedCert].
 */
export function sanitizedDer(certificate: Certificate, issuer: Certificate): Buffer {
  const raw = certificate.x509.raw;
  const [tbs, algorithm, signature] = derChildren(readDer(raw).content);
  if (tbs === undefined || algorithm === undefined || signature === undefined || issuer.curve === undefined)
    return raw;
  const oid = readDer(algorithm.content).content;
  if (!oid.subarray(0, ECDSA_WITH.length).equals(ECDSA_WITH)) return raw;
  const low = toLowS(signature.content.subarray(1), issuer.curve);
  const bits = encodeDer(0x03, Buffer.concat([Buffer.from([0]), low]));
  return encodeDer(0x30, Buffer.concat([tbs.whole, algorithm.whole, bits]));
}

/** Identifier of a certification path: SHA-256 over its certificates, leaf side first. */
export function chainIdentifier(sanitized: readonly Buffer[]): Buffer {
  return sha256(Buffer.concat(sanitized));
}
