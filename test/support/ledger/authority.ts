import 'reflect-metadata'; // needed by @peculiar/x509, before it is loaded
import { createPrivateKey, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { LedgerIdentity } from './identity.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR = 3_600_000;

/** A certification authority that issues signing certificates. Both in PEM, the key in PKCS #8. */
export interface Authority {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface IssueRequest {
  readonly commonName: string;
  /** A valid identity has exactly one of client, peer, admin, orderer among its organisational units. */
  readonly units: readonly string[];
  readonly notAfter?: Date;
}

/** A new self-signed authority, known to no channel. */
export async function foreignAuthority(): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serialNumber(),
      name: 'CN=stranger-ca,O=stranger',
      notBefore: new Date(Date.now() - HOUR),
      notAfter: new Date(Date.now() + 24 * HOUR),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    webcrypto,
  );
  return { certificate: certificate.toString('pem'), privateKey: await privateKeyPem(keys.privateKey) };
}

/** Issues a signing identity; it starts with its CA's certificate, so that it is never older than that. */
export async function issue(
  authority: Authority,
  mspId: string,
  request: IssueRequest,
): Promise<LedgerIdentity> {
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(authority.privateKey).export({ type: 'pkcs8', format: 'der' }),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(),
      subject: new x509.Name([
        { CN: [request.commonName] },
        ...request.units.map((unit) => ({ OU: [unit] })),
      ]).toString(),
      issuer: issuer.subject,
      notBefore: issuer.notBefore,
      notAfter: request.notAfter ?? issuer.notAfter,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true)],
    },
    webcrypto,
  );
  return {
    mspId,
    certificate: certificate.toString('pem'),
    privateKey: createPrivateKey(await privateKeyPem(keys.privateKey)),
  };
}

/** Positive, 16 bytes. */
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
