import 'reflect-metadata'; // needed by @peculiar/x509, before it is loaded
import {
  AuthorityKeyIdentifierExtension,
  PemConverter,
  X509Certificate,
  X509Crl,
  X509CrlGenerator,
} from '@peculiar/x509';
import { openAuthority, type IssuedCertificate } from '../../identities/certificates.js';

const ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** Fabric ignores it, other software does not: a list says until when it is good. */
const LIFETIME_MS = 3_650 * 24 * 3_600_000;

/**
 * Revokes a certificate: the organisation's lists with one more entry. Fabric wants the PEM type `X509 CRL` (or DER)
 * and an authority key identifier that is the CA's subject key identifier (msp/mspimplsetup.go). Entries of earlier
 * lists of the same CA are taken over; lists of other CAs stay as they are.
 */
export async function revokedToo(
  lists: readonly Uint8Array[],
  authority: IssuedCertificate,
  certificatePem: string,
  now: Date,
): Promise<Buffer[]> {
  const issuer = await openAuthority(authority);
  const ours: X509Crl[] = [];
  const foreign: Buffer[] = [];
  for (const list of lists) {
    const parsed = parseRevocationList(list);
    if (parsed.issuer === issuer.certificate.subject) ours.push(parsed);
    else foreign.push(Buffer.from(list));
  }
  const earlier = ours.flatMap(({ entries }) =>
    entries.map(({ serialNumber, revocationDate }) => ({ serialNumber, revocationDate })),
  );
  const { serialNumber } = new X509Certificate(certificatePem);
  const list = await X509CrlGenerator.create({
    issuer: issuer.certificate.subjectName,
    thisUpdate: now,
    nextUpdate: new Date(now.getTime() + LIFETIME_MS),
    signingAlgorithm: ALGORITHM,
    signingKey: issuer.signingKey,
    extensions: [await AuthorityKeyIdentifierExtension.create(issuer.certificate.publicKey)],
    entries: earlier.some((entry) => sameSerial(entry.serialNumber, serialNumber))
      ? earlier
      : [...earlier, { serialNumber, revocationDate: now }],
  });
  return [...foreign, Buffer.from(`${PemConverter.encode(list.rawData, 'X509 CRL')}\n`)];
}

/** Since when a certificate is on one of the lists, as one of its own issuer; undefined when it is not. */
export function revokedAt(lists: readonly Uint8Array[], certificatePem: string): Date | undefined {
  const certificate = new X509Certificate(certificatePem);
  return lists
    .map(parseRevocationList)
    .filter(({ issuer }) => issuer === certificate.issuer)
    .flatMap(({ entries }) => entries)
    .find(({ serialNumber }) => sameSerial(serialNumber, certificate.serialNumber))?.revocationDate;
}

export function parseRevocationList(bytes: Uint8Array): X509Crl {
  const text = Buffer.from(bytes).toString('latin1');
  return new X509Crl(text.includes('-----BEGIN') ? text : Buffer.from(bytes));
}

function sameSerial(one: string, other: string): boolean {
  return BigInt(`0x${one}`) === BigInt(`0x${other}`);
}
