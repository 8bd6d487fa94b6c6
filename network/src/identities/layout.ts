import { join } from 'node:path';

/*
 * Where everything lies below the data folder. The folders of an organisation have the names that Fabric's own
 * tools give them, so that `peer`, `orderer` and `osnadmin` can be pointed at them.
 */

/** Paths that belong to the consortium as a whole. */
export interface DataLayout {
  readonly root: string;
  /** What the data folder was made for: topology, port base. */
  readonly record: string;
  readonly organisations: string;
  /** TLS of the demo's issuer and of the embedded ledger's chaincode server. */
  readonly services: string;
  readonly channel: string;
  readonly genesisBlock: string;
  /** Collections in the form that `peer lifecycle chaincode` takes. */
  readonly collections: string;
  /** Chaincode packages, as they are installed on peers. */
  readonly packages: string;
  /** Store of the embedded ledger. */
  readonly ledger: string;
  /** One folder per member: its gateway's configuration and data. */
  readonly members: string;
  /** Process ids, sockets and locks. */
  readonly run: string;
  readonly logs: string;
}

export function dataLayout(dataDir: string): DataLayout {
  return {
    root: dataDir,
    record: join(dataDir, 'consortium.json'),
    organisations: join(dataDir, 'organizations'),
    services: join(dataDir, 'services'),
    channel: join(dataDir, 'channel'),
    genesisBlock: join(dataDir, 'channel', 'genesis.block'),
    collections: join(dataDir, 'channel', 'collections.json'),
    packages: join(dataDir, 'channel', 'packages'),
    ledger: join(dataDir, 'ledger'),
    members: join(dataDir, 'members'),
    run: join(dataDir, 'run'),
    logs: join(dataDir, 'logs'),
  };
}

/** An identity that signs: certificate and key in an MSP folder. */
export interface IdentityPaths {
  /** For `CORE_PEER_MSPCONFIGPATH` and the like. */
  readonly mspDir: string;
  readonly certificate: string;
  readonly key: string;
}

export interface TlsPaths {
  readonly directory: string;
  readonly certificate: string;
  readonly key: string;
  /** The CA that issued the certificate, and that the other side is verified with inside one organisation. */
  readonly ca: string;
}

export interface AuthorityPaths {
  readonly directory: string;
  readonly certificate: string;
  readonly key: string;
}

export interface ApplicationKeyPaths {
  readonly privateJwk: string;
  readonly publicJwk: string;
}

export interface OrganisationLayout {
  readonly directory: string;
  readonly ca: AuthorityPaths;
  readonly tlsCa: AuthorityPaths;
  /** The MSP as others verify it: no private key. */
  readonly mspDir: string;
  readonly peer: { readonly directory: string; readonly identity: IdentityPaths; readonly tls: TlsPaths };
  readonly orderer: { readonly directory: string; readonly identity: IdentityPaths; readonly tls: TlsPaths };
  readonly admin: { readonly directory: string; readonly identity: IdentityPaths; readonly tls: TlsPaths };
  /** The gateway as a client of its peer. */
  readonly gatewayClient: { readonly directory: string; readonly identity: IdentityPaths };
  /** The chaincode server, and the peer as its client. */
  readonly chaincode: {
    readonly directory: string;
    readonly tls: TlsPaths;
    readonly peerClientTls: TlsPaths;
  };
  /** The gateway towards its users and other gateways. */
  readonly gateway: {
    readonly directory: string;
    readonly tls: TlsPaths;
    readonly signing: ApplicationKeyPaths;
    readonly encryption: ApplicationKeyPaths;
  };
}

export function organisationLayout(dataDir: string, name: string): OrganisationLayout {
  const directory = join(dataLayout(dataDir).organisations, name);
  const peer = join(directory, 'peers', 'peer0');
  const orderer = join(directory, 'orderers', 'orderer0');
  const admin = join(directory, 'users', 'admin');
  const client = join(directory, 'users', 'gateway');
  const chaincode = join(directory, 'chaincode');
  const gateway = join(directory, 'gateway');
  return {
    directory,
    ca: authorityPaths(join(directory, 'ca')),
    tlsCa: authorityPaths(join(directory, 'tlsca')),
    mspDir: join(directory, 'msp'),
    peer: { directory: peer, identity: identityPaths(peer), tls: tlsPaths(join(peer, 'tls'), 'server') },
    orderer: {
      directory: orderer,
      identity: identityPaths(orderer),
      tls: tlsPaths(join(orderer, 'tls'), 'server'),
    },
    admin: { directory: admin, identity: identityPaths(admin), tls: tlsPaths(join(admin, 'tls'), 'client') },
    gatewayClient: { directory: client, identity: identityPaths(client) },
    chaincode: {
      directory: chaincode,
      tls: tlsPaths(join(chaincode, 'tls'), 'server'),
      peerClientTls: tlsPaths(join(chaincode, 'peer-client'), 'client'),
    },
    gateway: {
      directory: gateway,
      tls: tlsPaths(join(gateway, 'tls'), 'server'),
      signing: applicationKeyPaths(join(gateway, 'keys'), 'signing'),
      encryption: applicationKeyPaths(join(gateway, 'keys'), 'encryption'),
    },
  };
}

/** What belongs to no organisation: a CA of its own, so that no organisation's CA vouches for it. */
export interface ServicesLayout {
  readonly ca: AuthorityPaths;
  readonly issuer: { readonly directory: string; readonly tls: TlsPaths };
  readonly chaincode: {
    readonly directory: string;
    readonly tls: TlsPaths;
    /** The TLS CAs of all organisations, whose peers may connect. */
    readonly clientCas: string;
  };
}

export function servicesLayout(dataDir: string): ServicesLayout {
  const directory = dataLayout(dataDir).services;
  const issuer = join(directory, 'issuer');
  const chaincode = join(directory, 'chaincode');
  return {
    ca: authorityPaths(join(directory, 'ca')),
    issuer: { directory: issuer, tls: tlsPaths(join(issuer, 'tls'), 'server') },
    chaincode: {
      directory: chaincode,
      tls: tlsPaths(join(chaincode, 'tls'), 'server'),
      clientCas: join(chaincode, 'tls', 'client-cas.crt'),
    },
  };
}

/** Where one member's gateway keeps what is its own. */
export interface MemberLayout {
  readonly directory: string;
  readonly configuration: string;
  /** Records, keys and read model: the gateway's own business. */
  readonly data: string;
}

export function memberLayout(dataDir: string, name: string): MemberLayout {
  const directory = join(dataLayout(dataDir).members, name);
  return {
    directory,
    configuration: join(directory, 'gateway.json'),
    data: join(directory, 'data'),
  };
}

function authorityPaths(directory: string): AuthorityPaths {
  return { directory, certificate: join(directory, 'ca.crt'), key: join(directory, 'ca.key') };
}

function identityPaths(directory: string): IdentityPaths {
  const mspDir = join(directory, 'msp');
  return {
    mspDir,
    certificate: join(mspDir, 'signcerts', 'cert.pem'),
    key: join(mspDir, 'keystore', 'key.pem'),
  };
}

function tlsPaths(directory: string, side: 'server' | 'client'): TlsPaths {
  return {
    directory,
    certificate: join(directory, `${side}.crt`),
    key: join(directory, `${side}.key`),
    ca: join(directory, 'ca.crt'),
  };
}

function applicationKeyPaths(directory: string, name: string): ApplicationKeyPaths {
  return {
    privateJwk: join(directory, `${name}.private.json`),
    publicJwk: join(directory, `${name}.public.json`),
  };
}
