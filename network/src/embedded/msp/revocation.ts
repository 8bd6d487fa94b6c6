import { verify } from 'node:crypto';
import { derChildren, readDer, type DerElement } from '../../wire-format/index.js';
import type { Certificate } from './certificate.js';
import { pemBlock } from './pem.js';

interface RevocationList {
  /** Lower-case hex, or undefined without the extension. */
  readonly authorityKeyId: string | undefined;
  readonly serials: ReadonlySet<bigint>;
  isSignedBy(issuer: Certificate): boolean;
}

/** The revocation lists of one MSP; the time of a revocation is ignored, as in Fabric. */
export class Revocations {
  readonly #lists: readonly RevocationList[];

  /** @param lists DER or PEM (`X509 CRL`) each. @throws Error for a list that cannot be read. */
  constructor(lists: readonly Uint8Array[]) {
    this.#lists = lists.map(parseList);
  }

  isRevoked(certificate: Certificate, issuer: Certificate): boolean {
    return this.#lists.some(
      (list) =>
        list.authorityKeyId === issuer.subjectKeyId &&
        list.serials.has(certificate.serialNumber) &&
        list.isSignedBy(issuer),
    );
  }
}

/** Tags of DER: https://www.itu.int/rec/T-REC-X.690 */
const Tag = {
  INTEGER: 0x02,
  SEQUENCE: 0x30,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  EXPLICIT_0: 0xa0,
  IMPLICIT_0: 0x80,
};

/** Digest by the DER of the signature algorithm's OID: ecdsa-with-SHA256, -384, -512. */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]);

/** DER of the OID 2.5.29.35. */
const AUTHORITY_KEY_IDENTIFIER = '551d23';

/** A CertificateList of RFC 5280, section 5.1. */
function parseList(bytes: Uint8Array): RevocationList {
  const der = pemBlock(bytes) ?? Buffer.from(bytes);
  const [tbs, algorithm, signature] = derChildren(readDer(der).content);
  if (tbs === undefined || algorithm === undefined || signature === undefined) {
    throw new Error('could not parse RevocationList');
  }
  const digest = DIGESTS.get(readDer(algorithm.content).content.toString('hex'));
  const { revoked, extensions } = parseBody(derChildren(tbs.content));
  return {
    authorityKeyId: authorityKeyId(extensions),
    serials: new Set(revoked.map(serialNumber)),
    isSignedBy: (issuer) =>
      digest !== undefined && verify(digest, tbs.whole, issuer.publicKey, signature.content.subarray(1)),
  };
}

/** Version (optional), algorithm, issuer, this update, next update (optional), revoked (optional), extensions. */
function parseBody(fields: readonly DerElement[]): { revoked: DerElement[]; extensions: DerElement[] } {
  const rest = fields.slice(fields[0]?.tag === Tag.INTEGER ? 4 : 3);
  const isTime = ({ tag }: DerElement): boolean => tag === Tag.UTC_TIME || tag === Tag.GENERALIZED_TIME;
  const afterTimes = rest.filter((field) => !isTime(field));
  const list = afterTimes.find(({ tag }) => tag === Tag.SEQUENCE);
  const wrapped = afterTimes.find(({ tag }) => tag === Tag.EXPLICIT_0);
  return {
    revoked: list === undefined ? [] : derChildren(list.content),
    extensions: wrapped === undefined ? [] : derChildren(readDer(wrapped.content).content),
  };
}

function serialNumber(entry: DerElement): bigint {
  const { tag, content } = readDer(entry.content);
  if (tag !== Tag.INTEGER || content.length === 0) throw new Error('could not parse RevocationList');
  return BigInt(`0x${content.toString('hex')}`);
}

function authorityKeyId(extensions: readonly DerElement[]): string | undefined {
  for (const extension of extensions) {
    const parts = derChildren(extension.content);
    const value = parts.at(-1);
    if (parts[0]?.content.toString('hex') !== AUTHORITY_KEY_IDENTIFIER || value === undefined) continue;
    const identifier = derChildren(readDer(value.content).content).find(({ tag }) => tag === Tag.IMPLICIT_0);
    return identifier?.content.toString('hex');
  }
  return undefined;
}
