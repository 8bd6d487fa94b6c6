import type { OrganisationMaterial, ServicesMaterial } from '../identities/index.js';
import { organisationNamed, portsOf, SHARED_HOST, type PortPlan, type Topology } from '../topology/index.js';
import {
  chaincodePackage,
  ownConnection,
  sharedConnection,
  type ChaincodeConnection,
  type ChaincodePackage,
} from './chaincode-package.js';

/** What a chaincode server is started with. Paths, never secrets. */
export interface ChaincodeEnvironment {
  readonly CHAINCODE_ID: string;
  /** host:port to listen on */
  readonly CHAINCODE_SERVER_ADDRESS: string;
  readonly CHAINCODE_TLS_CERT_FILE: string;
  readonly CHAINCODE_TLS_KEY_FILE: string;
  /** Only peers with a certificate of one of these CAs may connect. */
  readonly CHAINCODE_TLS_CLIENT_CACERT_FILE: string;
  /** The organisation whose peer it serves; absent where it serves all. */
  readonly CORE_PEER_LOCALMSPID?: string;
}

/** One chaincode server with everything that it and its peers need to find each other. */
export interface ChaincodeServer {
  /** Name of the organisation, or `shared`. */
  readonly name: string;
  readonly package: ChaincodePackage;
  readonly connection: ChaincodeConnection;
  readonly environment: ChaincodeEnvironment;
}

/** The one server of the embedded ledger. */
export function sharedChaincodeServer(
  topology: Topology,
  plan: PortPlan,
  services: ServicesMaterial,
): ChaincodeServer {
  const connection = sharedConnection(plan, services);
  const built = chaincodePackage(topology, connection);
  const { tls, clientCas } = services.paths.chaincode;
  return {
    name: 'shared',
    package: built,
    connection,
    environment: {
      CHAINCODE_ID: built.id,
      CHAINCODE_SERVER_ADDRESS: `${SHARED_HOST}:${plan.sharedChaincode}`,
      CHAINCODE_TLS_CERT_FILE: tls.certificate,
      CHAINCODE_TLS_KEY_FILE: tls.key,
      CHAINCODE_TLS_CLIENT_CACERT_FILE: clientCas,
    },
  };
}

/** The server of one organisation on Fabric. */
export function ownChaincodeServer(
  topology: Topology,
  plan: PortPlan,
  material: OrganisationMaterial,
): ChaincodeServer {
  const { name, mspId, paths } = material;
  const connection = ownConnection(topology, plan, material);
  const built = chaincodePackage(topology, connection);
  const { tls } = paths.chaincode;
  return {
    name,
    package: built,
    connection,
    environment: {
      CHAINCODE_ID: built.id,
      CHAINCODE_SERVER_ADDRESS: `${organisationNamed(topology, name).listen}:${portsOf(plan, name).chaincode}`,
      CHAINCODE_TLS_CERT_FILE: tls.certificate,
      CHAINCODE_TLS_KEY_FILE: tls.key,
      CHAINCODE_TLS_CLIENT_CACERT_FILE: paths.tlsCa.certificate,
      CORE_PEER_LOCALMSPID: mspId,
    },
  };
}
