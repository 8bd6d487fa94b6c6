import { verify } from 'node:crypto';
import 'reflect-metadata'; // needed by @peculiar/x509, before it is loaded
import * as x509 from '@peculiar/x509';
import { derChildren, readDer } from '../../wire-format/index.js';
import type { Certificate } from './certificate.js';

interface RevocationList {
  readonly authorityKeyId: string | undefined;
  readonly serials: ReadonlySet<bigint>;
  isSignedBy(issuer: Certificate): boolean;
}

/** The revocation lists of one MSP; the time of a revocation is ignored, as in Fabric. */
export class Revocations {
  readonly #lists: readonly RevocationList[];

  /** @param lists DER or PEM (`X509 CRL`) each. */
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

/** Digest by the DER of the signature algorithm's OID: ecdsa-with-SHA256, -384, -512. */
const DIGESTS: ReadonlyMap<string, string> = new Map([
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
]);

function parseList(bytes: Uint8Array): RevocationList {
  const pem = Buffer.from(bytes).toString('latin1');
  const crl = new x509.X509Crl(pem.includes('-----BEGIN') ? pem : Buffer.from(bytes));
  const [tbs, algorithm, signature] = derChildren(readDer(Buffer.from(crl.rawData)).content);
  if (tbs === undefined || algorithm === undefined || signature === undefined) {
    throw new Error('could not parse RevocationList');
  }
  const digest = DIGESTS.get(readDer(algorithm.content).content.toString('hex'));
  return {
    authorityKeyId: crl.getExtension(x509.AuthorityKeyIdentifierExtension)?.keyId?.toLowerCase(),
    serials: new Set(crl.entries.map((entry) => BigInt(`0x${entry.serialNumber}`))),
    isSignedBy: (issuer) =>
      digest !== undefined && verify(digest, tbs.whole, issuer.publicKey, signature.content.subarray(1)),
  };
}
