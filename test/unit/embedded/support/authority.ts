import 'reflect-metadata'; // needed by @peculiar/x509, before it is loaded
import { Msp } from '@consent-ledger/network/internal/embedded/msp/msp';
import { createSigner } from '@consent-ledger/network/internal/embedded/msp/signer';
import type { PeerSigner } from '@consent-ledger/network/internal/embedded/ports';
import { msp } from '@hyperledger/fabric-protos';
import * as x509 from '@peculiar/x509';
import { randomBytes, webcrypto } from 'node:crypto';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY = 24 * 3_600_000;
const NOW = Math.floor(Date.now() / 1000) * 1000;

/** A certification authority of a test, and what it issues. */
export interface TestAuthority {
  readonly certificate: x509.X509Certificate;
  readonly pem: Buffer;
  issue(options: LeafOptions): Promise<TestIdentity>;
  /** An authority below this one. */
  subordinate(name: string): Promise<TestAuthority>;
  /** DER of a revocation list. */
  revoke(...identities: readonly TestIdentity[]): Promise<Buffer>;
}

export interface TestIdentity {
  readonly pem: Buffer;
  readonly serialNumber: string;
  readonly signer: (mspId: string) => PeerSigner;
}

export interface LeafOptions {
  readonly units?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly isCa?: boolean;
  readonly extendedKeyUsage?: readonly string[];
}

export async function makeAuthority(name: string): Promise<TestAuthority> {
  const keys = await generate();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial(),
      name: `CN=${name}`,
      notBefore: new Date(NOW - 30 * DAY),
      notAfter: new Date(NOW + 30 * DAY),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: await authorityExtensions(keys),
    },
    webcrypto,
  );
  return authority(certificate, keys);
}

function authority(certificate: x509.X509Certificate, keys: webcrypto.CryptoKeyPair): TestAuthority {
  return {
    certificate,
    pem: pemOf(certificate),
    issue: (options) => issue(certificate, keys, options),
    subordinate: async (name) => {
      const own = await generate();
      const below = await x509.X509CertificateGenerator.create(
        {
          serialNumber: serial(),
          subject: `CN=${name}`,
          issuer: certificate.subject,
          notBefore: certificate.notBefore,
          notAfter: certificate.notAfter,
          publicKey: own.publicKey,
          signingKey: keys.privateKey,
          signingAlgorithm: ALGORITHM,
          extensions: await authorityExtensions(own),
        },
        webcrypto,
      );
      return authority(below, own);
    },
    revoke: async (...identities) => {
      const crl = await x509.X509CrlGenerator.create(
        {
          issuer: certificate.subject,
          thisUpdate: new Date(NOW),
          entries: identities.map(({ serialNumber }) => ({ serialNumber, revocationDate: new Date(NOW) })),
          extensions: [await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey)],
          signingAlgorithm: ALGORITHM,
          signingKey: keys.privateKey,
        },
        webcrypto,
      );
      return Buffer.from(crl.rawData);
    },
  };
}

async function issue(
  issuer: x509.X509Certificate,
  issuerKeys: webcrypto.CryptoKeyPair,
  { units = ['client'], notBefore, notAfter, isCa = false, extendedKeyUsage }: LeafOptions,
): Promise<TestIdentity> {
  const keys = await generate();
  const certificate = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serial(),
      subject: new x509.Name([{ CN: ['someone'] }, ...units.map((unit) => ({ OU: [unit] }))]).toString(),
      issuer: issuer.subject,
      notBefore: notBefore ?? new Date(NOW - DAY),
      notAfter: notAfter ?? new Date(NOW + DAY),
      publicKey: keys.publicKey,
      signingKey: issuerKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new x509.BasicConstraintsExtension(isCa, undefined, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        ...(extendedKeyUsage === undefined
          ? []
          : [new x509.ExtendedKeyUsageExtension([...extendedKeyUsage])]),
      ],
    },
    webcrypto,
  );
  const pem = pemOf(certificate);
  const key = x509.PemConverter.encode(
    await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
    'PRIVATE KEY',
  );
  return { pem, serialNumber: certificate.serialNumber, signer: (mspId) => createSigner(mspId, pem, key) };
}

export interface MspOptions {
  readonly roots: readonly TestAuthority[];
  readonly intermediates?: readonly TestAuthority[];
  readonly revocations?: readonly Buffer[];
  readonly admins?: readonly TestIdentity[];
  /** False = the organisation does not tell roles apart by organisational unit. */
  readonly nodeOus?: boolean;
  /** Pins the client unit to one authority. */
  readonly clientAuthority?: TestAuthority;
}

export function makeMsp(mspId: string, options: MspOptions): Msp {
  const config = new msp.FabricMSPConfig();
  config.setName(mspId);
  config.setRootCertsList(options.roots.map(({ pem }) => pem));
  config.setIntermediateCertsList((options.intermediates ?? []).map(({ pem }) => pem));
  config.setRevocationListList([...(options.revocations ?? [])]);
  config.setAdminsList((options.admins ?? []).map(({ pem }) => pem));
  if (options.nodeOus !== false) {
    const ous = new msp.FabricNodeOUs();
    ous.setEnable(true);
    ous.setClientOuIdentifier(unit('client', options.clientAuthority));
    ous.setPeerOuIdentifier(unit('peer'));
    ous.setAdminOuIdentifier(unit('admin'));
    ous.setOrdererOuIdentifier(unit('orderer'));
    config.setFabricNodeOus(ous);
  }
  return new Msp(config.serializeBinary());
}

function unit(name: string, pinned?: TestAuthority): msp.FabricOUIdentifier {
  const identifier = new msp.FabricOUIdentifier();
  identifier.setOrganizationalUnitIdentifier(name);
  if (pinned !== undefined) identifier.setCertificate(pinned.pem);
  return identifier;
}

function generate(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function authorityExtensions(keys: webcrypto.CryptoKeyPair): Promise<x509.Extension[]> {
  return [
    new x509.BasicConstraintsExtension(true, undefined, true),
    await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
}

function pemOf(certificate: x509.X509Certificate): Buffer {
  return Buffer.from(`${certificate.toString('pem')}\n`);
}

/** Positive, 16 bytes. */
function serial(): string {
  return `01${randomBytes(15).toString('hex')}`;
}
