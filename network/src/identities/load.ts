import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Organisation, Topology } from '../topology/index.js';
import { isHybridPair, thumbprint, type ApplicationJwk, type PublicJwk } from './application-keys.js';
import { isKeptElsewhere } from './elsewhere.js';
import { IdentityError } from './error.js';
import {
  organisationLayout,
  servicesLayout,
  type ApplicationKeyPaths,
  type IdentityPaths,
  type OrganisationLayout,
  type ServicesLayout,
  type TlsPaths,
} from './layout.js';

/** A certificate with its private key, PEM. */
export interface Pems {
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly keyPem: string;
}

export interface OrganisationMaterial {
  readonly name: string;
  readonly mspId: string;
  readonly paths: OrganisationLayout;
  readonly caPem: string;
  readonly tlsCaPem: string;
  readonly peer: { readonly identity: Pems; readonly tls: Pems };
  readonly orderer: { readonly identity: Pems; readonly tls: Pems };
  readonly admin: { readonly identity: Pems; readonly tls: Pems };
  readonly gatewayClient: { readonly identity: Pems };
  readonly chaincode: { readonly tls: Pems; readonly peerClientTls: Pems };
  readonly gateway: { readonly tls: Pems; readonly signing: PublicJwk; readonly encryption: ApplicationJwk };
}

/** TLS of what belongs to no organisation. */
export interface ServicesMaterial {
  readonly paths: ServicesLayout;
  readonly caPem: string;
  readonly issuer: { readonly tls: Pems };
  readonly chaincode: { readonly tls: Pems; readonly clientCasPem: string };
}

export interface Identities {
  /** Those whose keys are here, in the topology's order. */
  readonly organisations: readonly OrganisationMaterial[];
  readonly services: ServicesMaterial;
}

/** Everything that `makeIdentities` made. Throws an IdentityError. */
export async function loadIdentities(topology: Topology, dataDir: string): Promise<Identities> {
  const organisations = await Promise.all(
    topology.organisations.map(async (organisation) => {
      if (await isKeptElsewhere(dataDir, organisation.name)) return [];
      return [await loadOrganisation(dataDir, organisation)];
    }),
  );
  return { organisations: organisations.flat(), services: await loadServices(dataDir) };
}

/** One organisation's material, checked to belong together and to be in date. Throws an IdentityError. */
export async function loadOrganisation(
  dataDir: string,
  { name, mspId }: Pick<Organisation, 'name' | 'mspId'>,
): Promise<OrganisationMaterial> {
  const paths = organisationLayout(dataDir, name);
  const [caPem, tlsCaPem] = await Promise.all([text(paths.ca.certificate), text(paths.tlsCa.certificate)]);
  const identity = (at: IdentityPaths): Promise<Pems> => pems(at, caPem);
  const tls = (at: TlsPaths): Promise<Pems> => pems(at, tlsCaPem);
  return {
    name,
    mspId,
    paths,
    caPem,
    tlsCaPem,
    peer: { identity: await identity(paths.peer.identity), tls: await tls(paths.peer.tls) },
    orderer: { identity: await identity(paths.orderer.identity), tls: await tls(paths.orderer.tls) },
    admin: { identity: await identity(paths.admin.identity), tls: await tls(paths.admin.tls) },
    gatewayClient: { identity: await identity(paths.gatewayClient.identity) },
    chaincode: {
      tls: await tls(paths.chaincode.tls),
      peerClientTls: await tls(paths.chaincode.peerClientTls),
    },
    gateway: {
      tls: await tls(paths.gateway.tls),
      signing: await signingJwk(paths.gateway.signing),
      encryption: await applicationJwk(paths.gateway.encryption, 'enc'),
    },
  };
}

/** What an organisation's admin needs: to sign, and to know its own processes by their TLS. */
export interface AdminMaterial {
  readonly mspId: string;
  readonly tlsCaPem: string;
  readonly admin: { readonly identity: Pems; readonly tls: Pems };
}

/** The admin's part alone, for who has no other keys of the organisation. Throws an IdentityError. */
export async function loadAdmin(
  dataDir: string,
  { name, mspId }: Pick<Organisation, 'name' | 'mspId'>,
): Promise<AdminMaterial> {
  const { admin, ca, tlsCa } = organisationLayout(dataDir, name);
  const [caPem, tlsCaPem] = await Promise.all([text(ca.certificate), text(tlsCa.certificate)]);
  return {
    mspId,
    tlsCaPem,
    admin: { identity: await pems(admin.identity, caPem), tls: await pems(admin.tls, tlsCaPem) },
  };
}

/** TLS of the demo's issuer and of the shared chaincode server. Throws an IdentityError. */
export async function loadServices(dataDir: string): Promise<ServicesMaterial> {
  const paths = servicesLayout(dataDir);
  const caPem = await text(paths.ca.certificate);
  return {
    paths,
    caPem,
    issuer: { tls: await pems(paths.issuer.tls, caPem) },
    chaincode: {
      tls: await pems(paths.chaincode.tls, caPem),
      clientCasPem: await text(paths.chaincode.clientCas),
    },
  };
}

async function pems(
  paths: { readonly certificate: string; readonly key: string },
  caPem: string,
): Promise<Pems> {
  const [certificatePem, keyPem] = await Promise.all([text(paths.certificate), secret(paths.key)]);
  const certificate = parsed(paths.certificate, () => new X509Certificate(certificatePem));
  const ca = parsed('the CA certificate', () => new X509Certificate(caPem));
  const key = parsed(paths.key, () => createPrivateKey(keyPem));
  if (!certificate.checkPrivateKey(key)) {
    throw new IdentityError(`${paths.key} is not the key of ${paths.certificate}`);
  }
  if (!certificate.verify(ca.publicKey)) {
    throw new IdentityError(`${paths.certificate} was not issued by its organisation's CA`);
  }
  if (certificate.validToDate.getTime() <= Date.now()) {
    throw new IdentityError(
      `${paths.certificate} expired on ${certificate.validToDate.toISOString()}; issue a new one from the same CA`,
    );
  }
  return { certificatePem, keyPem };
}

const curveJwk = {
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.base64url().length(43),
  y: z.base64url().length(43),
  kid: z.base64url().length(43),
  use: z.enum(['sig', 'enc']),
  alg: z.enum(['ES256', 'ECDH-ES+A256KW']),
};
const hybridJwk = {
  kty: z.literal('AKP'),
  alg: z.literal('HPKE-10'),
  pub: z.base64url().length(1_622),
  kid: z.base64url().length(43),
  use: z.literal('enc'),
};
const publicJwkSchema = z.discriminatedUnion('kty', [z.strictObject(curveJwk), z.strictObject(hybridJwk)]);
const privateJwkSchema = z.discriminatedUnion('kty', [
  z.strictObject({ ...curveJwk, d: z.base64url().length(43) }),
  z.strictObject({ ...hybridJwk, priv: z.base64url().length(43) }),
]);

async function signingJwk(paths: ApplicationKeyPaths): Promise<PublicJwk> {
  const jwk = await applicationJwk(paths, 'sig');
  if (jwk.kty !== 'EC') throw new IdentityError(`${paths.publicJwk} is no key to sign with`);
  return jwk;
}

async function applicationJwk(paths: ApplicationKeyPaths, use: 'sig' | 'enc'): Promise<ApplicationJwk> {
  const content = await text(paths.publicJwk);
  const jwk = parsed(paths.publicJwk, () => publicJwkSchema.parse(JSON.parse(content)));
  const privateContent = await secret(paths.privateJwk);
  const privateJwk = parsed(paths.privateJwk, () => privateJwkSchema.parse(JSON.parse(privateContent)));
  const isPair =
    jwk.kty === 'EC'
      ? privateJwk.kty === 'EC' && parsed(paths.privateJwk, () => isCurvePair(jwk, privateJwk))
      : privateJwk.kty === 'AKP' && (await isHybridPair(jwk.pub, privateJwk.priv));
  if (!isPair || jwk.use !== use || jwk.kid !== thumbprint(jwk))
    throw new IdentityError(`${paths.publicJwk} does not belong to ${paths.privateJwk}`);
  return jwk;
}

function isCurvePair(jwk: PublicJwk, privateJwk: PublicJwk & { readonly d: string }): boolean {
  const key = createPrivateKey({ key: { ...privateJwk }, format: 'jwk' }).export({ format: 'jwk' });
  return key.x === jwk.x && key.y === jwk.y;
}

function parsed<Value>(path: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw new IdentityError(`${path} cannot be read as what it should be`, { cause: error });
  }
}

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new IdentityError(`${path} cannot be read; remove its folder to have it made anew`, {
      cause: error,
    });
  }
}

/** A private key that others on the machine can read is refused, as ssh does. */
async function secret(path: string): Promise<string> {
  const content = await text(path);
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new IdentityError(
      `${path} is a private key that others can read (mode ${(mode & 0o777).toString(8)}); set it to 600`,
    );
  }
  return content;
}
