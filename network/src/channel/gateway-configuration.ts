import { memberLayout, organisationLayout, servicesLayout } from '../identities/index.js';
import {
  custodyOf,
  notificationSettings,
  keyStoreSettings,
  organisationNamed,
  recordSettings,
  studyAlertSettings,
  portsOf,
  SHARED_HOST,
  type Custody,
  type Organisation,
  type OrganisationKind,
  type Passkeys,
  type PortPlan,
  type Topology,
} from '../topology/index.js';
import { collections, collectionsDigest } from './collections.js';

/** The file that a gateway reads, version 1. The gateway's own schema is the authority; a test holds the two together. */
export interface GatewayConfiguration {
  readonly version: 1;
  /** MSP id of the member whose gateway it is. */
  readonly member: string;
  readonly members: readonly GatewayMember[];
  readonly ledger: {
    /** Hex SHA-256 of the header of the genesis block. */
    readonly id: string;
    readonly channel: string;
    readonly chaincode: string;
    readonly peer: { readonly address: string; readonly tlsCa: string };
    /** Between two pings to the peer. */
    readonly keepaliveSeconds: number;
    readonly epochSeconds: number;
    readonly checkpointBlocks: number;
    readonly collectionsDigest: string;
    /** Of the collections that were agreed on before; they are in force until the new ones are committed. */
    readonly formerCollectionsDigest?: string;
    readonly certificate: string;
    readonly privateKey: string;
    readonly admin: { readonly certificate: string; readonly privateKey: string };
  };
  readonly custody?: Custody;
  /** File that says which codes make a record sensitive. */
  readonly labelTable?: string;
  /** File that says what is looked for in records that come in. */
  readonly qualityTable?: string;
  /** Files of profiles by which data are pseudonymised for studies. */
  readonly studyProfiles?: readonly string[];
  readonly passkeys?: Passkeys;
  readonly notifications?: object;
  readonly studyAlerts?: object;
  readonly records?: object;
  readonly keyStore?: object;
  readonly keys: { readonly signing: string; readonly encryption: string };
  readonly tokens: TokenSettings;
  readonly listen: {
    readonly host: string;
    readonly port: number;
    readonly certificate: string;
    readonly privateKey: string;
  };
  readonly dataDirectory: string;
}

export interface GatewayMember {
  readonly mspId: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly displayName: string;
  /** https address of its gateway. */
  readonly gateway: string;
  readonly tlsCa: string;
}

/** How a member's gateway verifies its users' tokens. */
export interface TokenSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUri: string;
  /** Absent: the CAs that Node trusts. */
  readonly tlsCa?: string;
}

/** Our own peers allow a ping every 5 s (peer-process.ts); so a peer that froze is noticed within 15 s. */
const KEEPALIVE_SECONDS = 10;

/** Address of a member's gateway for its users and for other gateways. */
export function gatewayUrl(organisation: Organisation, plan: PortPlan): string {
  return `https://${organisation.host}:${portsOf(plan, organisation.name).gateway}`;
}

/** The member's own issuer, or its part of the demo's. Tokens are meant for the member's gateway and no other. */
export function tokenSettings(organisation: Organisation, plan: PortPlan, dataDir: string): TokenSettings {
  const { issuer, jwksUri, caFile, audience = gatewayUrl(organisation, plan) } = organisation.tokens;
  if (issuer !== undefined && jwksUri !== undefined) {
    return { issuer, audience, jwksUri, ...(caFile === undefined ? {} : { tlsCa: caFile }) };
  }
  const demo = `https://${SHARED_HOST}:${plan.issuer}/${organisation.name}`;
  return { issuer: demo, audience, jwksUri: `${demo}/jwks`, tlsCa: servicesLayout(dataDir).ca.certificate };
}

/** What a gateway is told of the collections that were agreed on. */
export type AgreedCollections = Pick<
  GatewayConfiguration['ledger'],
  'collectionsDigest' | 'formerCollectionsDigest'
>;

/** The same gateway when a change of the collections is still to be committed: the ones before it are good until then. */
export function afterFormer(
  configuration: GatewayConfiguration,
  { collectionsDigest, formerCollectionsDigest }: AgreedCollections,
): GatewayConfiguration {
  const { ledger } = configuration;
  const former = collectionsDigest === ledger.collectionsDigest ? formerCollectionsDigest : collectionsDigest;
  if (former === undefined) return configuration;
  return { ...configuration, ledger: { ...ledger, formerCollectionsDigest: former } };
}

/** Everything that the gateway of one member needs to know. `dataDir` is absolute. */
export function gatewayConfiguration(
  topology: Topology,
  plan: PortPlan,
  dataDir: string,
  name: string,
  ledgerId: string,
): GatewayConfiguration {
  const organisation = organisationNamed(topology, name);
  const ports = portsOf(plan, name);
  const layout = organisationLayout(dataDir, name);
  const custody = custodyOf(organisation);
  return {
    version: 1,
    member: organisation.mspId,
    members: topology.organisations.map((member) => ({
      mspId: member.mspId,
      name: member.name,
      kind: member.kind,
      displayName: member.displayName,
      gateway: gatewayUrl(member, plan),
      tlsCa: organisationLayout(dataDir, member.name).tlsCa.certificate,
    })),
    ledger: {
      id: ledgerId,
      channel: topology.channel,
      chaincode: topology.chaincode.name,
      peer: { address: `${organisation.host}:${ports.peer}`, tlsCa: layout.tlsCa.certificate },
      keepaliveSeconds: KEEPALIVE_SECONDS,
      epochSeconds: Math.ceil(topology.epoch / 1_000),
      checkpointBlocks: topology.checkpointBlocks,
      collectionsDigest: collectionsDigest(collections(topology)),
      certificate: layout.gatewayClient.identity.certificate,
      privateKey: layout.gatewayClient.identity.key,
      admin: { certificate: layout.admin.identity.certificate, privateKey: layout.admin.identity.key },
    },
    ...(custody && { custody }),
    ...(organisation.labelTable === undefined ? {} : { labelTable: organisation.labelTable }),
    ...(organisation.qualityTable === undefined ? {} : { qualityTable: organisation.qualityTable }),
    ...(organisation.studyProfiles === undefined ? {} : { studyProfiles: organisation.studyProfiles }),
    ...(organisation.passkeys === undefined ? {} : { passkeys: organisation.passkeys }),
    ...(organisation.notifications === undefined
      ? {}
      : { notifications: notificationSettings(organisation.notifications) }),
    ...(organisation.studyAlerts === undefined
      ? {}
      : { studyAlerts: studyAlertSettings(organisation.studyAlerts) }),
    ...(organisation.records === undefined ? {} : { records: recordSettings(organisation.records) }),
    ...(organisation.keyStore === undefined ? {} : { keyStore: keyStoreSettings(organisation.keyStore) }),
    keys: { signing: layout.gateway.signing.privateJwk, encryption: layout.gateway.encryption.privateJwk },
    tokens: tokenSettings(organisation, plan, dataDir),
    listen: {
      host: organisation.listen,
      port: ports.gateway,
      certificate: layout.gateway.tls.certificate,
      privateKey: layout.gateway.tls.key,
    },
    dataDirectory: memberLayout(dataDir, name).data,
  };
}
