import path from 'node:path';
import { OPERATIONS_HOST, type NodeFiles } from './fabric-node.js';
import type { ProcessSpec } from './managed-process.js';

/**
 * An organisation's orderer: it starts without a channel and is told through channel participation which to join.
 * What departs from the release's orderer.yaml was measured, and says why.
 */
export function ordererProcess(node: NodeFiles): ProcessSpec {
  const { organisation, ports, material, home, layout } = node;
  const { identity, tls } = material.paths.orderer;
  const tlsCa = material.paths.tlsCa.certificate;
  return {
    name: `orderer-${organisation.name}`,
    command: home.orderer,
    args: [],
    workingFolder: layout.ordererData,
    runFolder: layout.runFolder,
    logFolder: layout.logFolder,
    outlivesUs: node.outlivesUs,
    env: {
      FABRIC_CFG_PATH: home.config,
      FABRIC_LOGGING_SPEC: node.logging,
      ORDERER_GENERAL_LISTENADDRESS: organisation.listen,
      ORDERER_GENERAL_LISTENPORT: String(ports.orderer),
      ORDERER_GENERAL_LOCALMSPID: material.mspId,
      ORDERER_GENERAL_LOCALMSPDIR: identity.mspDir,
      ORDERER_GENERAL_TLS_ENABLED: 'true',
      ORDERER_GENERAL_TLS_CERTIFICATE: tls.certificate,
      ORDERER_GENERAL_TLS_PRIVATEKEY: tls.key,
      ORDERER_GENERAL_TLS_ROOTCAS: `[${tlsCa}]`,
      ORDERER_GENERAL_CLUSTER_CLIENTCERTIFICATE: tls.certificate,
      ORDERER_GENERAL_CLUSTER_CLIENTPRIVATEKEY: tls.key,
      ORDERER_GENERAL_CLUSTER_ROOTCAS: `[${tlsCa}]`,
      ORDERER_GENERAL_BOOTSTRAPMETHOD: 'none',
      ORDERER_CHANNELPARTICIPATION_ENABLED: 'true',
      ORDERER_ADMIN_LISTENADDRESS: `${organisation.listen}:${ports.ordererAdmin}`,
      ORDERER_ADMIN_TLS_ENABLED: 'true',
      ORDERER_ADMIN_TLS_CERTIFICATE: tls.certificate,
      ORDERER_ADMIN_TLS_PRIVATEKEY: tls.key,
      ORDERER_ADMIN_TLS_CLIENTAUTHREQUIRED: 'true',
      ORDERER_ADMIN_TLS_CLIENTROOTCAS: `[${tlsCa}]`,
      ORDERER_FILELEDGER_LOCATION: path.join(layout.ordererData, 'ledger'),
      ORDERER_CONSENSUS_WALDIR: path.join(layout.ordererData, 'wal'),
      ORDERER_CONSENSUS_SNAPDIR: path.join(layout.ordererData, 'snapshots'),
      ORDERER_OPERATIONS_LISTENADDRESS: `${OPERATIONS_HOST}:${ports.ordererOperations}`,
      ORDERER_METRICS_PROVIDER: 'prometheus',
      // Gateway clients ping every 10 s; the stock minimum of 60 s answers with too_many_pings and hangs up.
      ORDERER_GENERAL_KEEPALIVE_SERVERMININTERVAL: '5s',
      // What a follower forwards to a leader that is gone hangs for so long; the stock 7 s outlast the election by far.
      ORDERER_GENERAL_CLUSTER_RPCTIMEOUT: '3s',
      // The stock two minutes would keep orderers apart long after a majority has come back.
      ORDERER_GENERAL_BACKOFF_MAXDELAY: '2s',
    },
  };
}
