import { chaincodeDefinition } from '../channel/definition.js';
import type { PreparedConsortium } from '../channel/prepare.js';
import { dataLayout, organisationLayout, servicesLayout } from '../identities/index.js';
import { orderingOrganisations, portsOf } from '../topology/index.js';
import type { Organisation, PortPlan, Topology } from '../topology/index.js';
import type { EmbeddedLedgerInput } from './configuration.js';
import { IDEAL, type PeerConditions } from './peers/conditions.js';

/** The embedded ledger of a prepared consortium. `dataDir` is absolute. Throws for a topology that orders otherwise. */
export function embeddedLedgerConfiguration(
  topology: Topology,
  plan: PortPlan,
  dataDir: string,
  prepared: Pick<PreparedConsortium, 'chaincodeServers'>,
): EmbeddedLedgerInput {
  const layout = dataLayout(dataDir);
  const [orderer] = orderingOrganisations(topology);
  const [server] = prepared.chaincodeServers;
  if (topology.ordering.type !== 'embedded' || orderer === undefined || server === undefined) {
    throw new RangeError('the topology has no embedded ledger');
  }
  const { identity: signing, tls } = organisationLayout(dataDir, orderer.name).orderer;
  const definition = chaincodeDefinition(topology);
  return {
    version: 1,
    dataDirectory: layout.ledger,
    genesisBlock: layout.genesisBlock,
    organisations: topology.organisations.map((organisation) => {
      const { peer, admin, chaincode } = organisationLayout(dataDir, organisation.name);
      return {
        mspId: organisation.mspId,
        listen: `${organisation.listen}:${portsOf(plan, organisation.name).peer}`,
        tls: files(peer.tls),
        peer: files(peer.identity),
        admin: files(admin.identity),
        chaincodeClient: files(chaincode.peerClientTls),
        ...(organisation.troubles && { conditions: conditionsOf(organisation.troubles) }),
      };
    }),
    orderer: {
      mspId: orderer.mspId,
      ...files(signing),
      listen: `${orderer.listen}:${portsOf(plan, orderer.name).orderer}`,
      tls: files(tls),
    },
    chaincodes: [
      {
        name: definition.name,
        version: definition.version,
        packageId: server.package.id,
        address: server.connection.address,
        rootCertificate: servicesLayout(dataDir).ca.certificate,
        validationParameter: definition.validationParameter.toString('base64'),
        collections: definition.collections.toString('base64'),
      },
    ],
  };
}

function conditionsOf({
  lag,
  privateDataDelay,
  endorsements,
}: NonNullable<Organisation['troubles']>): PeerConditions {
  return {
    lagMs: lag ?? IDEAL.lagMs,
    privateDataDelayMs: privateDataDelay ?? IDEAL.privateDataDelayMs,
    endorsements: endorsements ?? IDEAL.endorsements,
  };
}

function files(paths: { readonly certificate: string; readonly key: string }): {
  certificate: string;
  privateKey: string;
} {
  return { certificate: paths.certificate, privateKey: paths.key };
}
