import 'reflect-metadata'; // needed by @peculiar/x509, before it is loaded
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type Extension,
  type JsonName,
} from '@peculiar/x509';
import { randomBytes, type webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { isLowS } from '../wire-format/index.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
const CA_LIFETIME = 3_650 * DAY;
const LEAF_LIFETIME = 730 * DAY;

/** The role OUs of Fabric's NodeOUs. A certificate must carry exactly one (msp/mspimplsetup.go). */
export type NodeRole = 'client' | 'peer' | 'admin' | 'orderer';

export interface IssuedCertificate {
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly keyPem: string;
}

/** A CA that can issue. */
export interface Authority {
  readonly certificatePem: string;
  readonly certificate: X509Certificate;
  readonly signingKey: webcrypto.CryptoKey;
}

/** Makes a root CA. `organization` and `commonName` have at most 64 characters (RFC 5280, appendix A.1). */
export async function createAuthority(
  organization: string,
  commonName: string,
  now: Date,
): Promise<IssuedCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const name: JsonName = [{ CN: [commonName] }, { O: [organization] }];
  const extensions = [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    // Fabric refuses a CA without a subject key identifier (msp/mspimplvalidate.go).
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
  const notBefore = wholeSeconds(now.getTime() - 10 * MINUTE);
  const certificate = await untilLowS(() =>
    X509CertificateGenerator.createSelfSigned({
      serialNumber: serialNumber(),
      name,
      keys,
      notBefore,
      notAfter: new Date(notBefore.getTime() + CA_LIFETIME),
      signingAlgorithm: ALGORITHM,
      extensions,
    }),
  );
  return { certificatePem: pem(certificate), keyPem: await privateKeyPem(keys.privateKey) };
}

/** Opens a CA from what `createAuthority` returned. */
export async function openAuthority({ certificatePem, keyPem }: IssuedCertificate): Promise<Authority> {
  const der = Buffer.from(keyPem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  return {
    certificatePem,
    certificate: new X509Certificate(certificatePem),
    signingKey: await crypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']),
  };
}

/** Issues the certificate of an identity that signs on the channel. */
export function issueIdentity(
  authority: Authority,
  subject: { readonly commonName: string; readonly role: NodeRole },
  now: Date,
): Promise<IssuedCertificate> {
  return issue(authority, [{ CN: [subject.commonName] }, { OU: [subject.role] }], [], now);
}

/** Issues a TLS certificate for both ends of a connection. `hosts` are DNS names and IP addresses. */
export function issueTls(
  authority: Authority,
  subject: { readonly commonName: string; readonly hosts: readonly string[] },
  now: Date,
): Promise<IssuedCertificate> {
  const extensions: Extension[] = [
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
  ];
  if (subject.hosts.length > 0) {
    const names = subject.hosts.map((host) => ({ type: isIP(host) ? 'ip' : 'dns', value: host }) as const);
    extensions.push(new SubjectAlternativeNameExtension(names));
  }
  return issue(authority, [{ CN: [subject.commonName] }], extensions, now);
}

async function issue(
  authority: Authority,
  name: JsonName,
  more: readonly Extension[],
  now: Date,
): Promise<IssuedCertificate> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  // Fabric judges a chain at the leaf's notBefore + 1 s (msp/mspimpl.go), so the CA must be valid by then.
  const { notBefore: caStart, notAfter: caEnd } = authority.certificate;
  const notBefore = wholeSeconds(Math.max(now.getTime() - 5 * MINUTE, caStart.getTime()));
  const notAfter = new Date(Math.min(notBefore.getTime() + LEAF_LIFETIME, caEnd.getTime()));
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
    await AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ...more,
  ];
  const organization = authority.certificate.subjectName.getField('O').map((value) => ({ O: [value] }));
  const certificate = await untilLowS(() =>
    X509CertificateGenerator.create({
      serialNumber: serialNumber(),
      subject: [...name, ...organization],
      issuer: authority.certificate.subjectName,
      publicKey: keys.publicKey,
      signingKey: authority.signingKey,
      notBefore,
      notAfter,
      signingAlgorithm: ALGORITHM,
      extensions,
    }),
  );
  return { certificatePem: pem(certificate), keyPem: await privateKeyPem(keys.privateKey) };
}

/**
 * Fabric rewrites a certificate whose CA signature has a high S (msp/cert.go), and compares the rewritten one.
 * Half of all signatures have a low S: signing again until one does keeps a certificate the same everywhere.
 */
async function untilLowS(sign: () => Promise<X509Certificate>): Promise<X509Certificate> {
  for (;;) {
    const certificate = await sign();
    if (isLowS(new Uint8Array(certificate.signature), 'prime256v1')) return certificate;
  }
}

/** 127 random bits, positive, with no leading zero (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function wholeSeconds(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1_000) * 1_000);
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${base64.replace(/(.{64})(?!$)/g, '$1\n')}\n-----END PRIVATE KEY-----\n`;
}
