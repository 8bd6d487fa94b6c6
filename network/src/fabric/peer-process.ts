import path from 'node:path';
import { OPERATIONS_HOST, type NodeFiles } from './fabric-node.js';
import type { ProcessSpec } from './managed-process.js';

/**
 * An organisation's peer: gateway, endorser and committer. What departs from the release's core.yaml was measured,
 * and says why.
 */
export function peerProcess(node: NodeFiles): ProcessSpec {
  const { organisation, ports, material, home, layout } = node;
  const { identity, tls } = material.paths.peer;
  const address = `${organisation.host}:${ports.peer}`;
  const builder = { name: 'ccaas_builder', path: home.ccaasBuilder };
  return {
    name: `peer-${organisation.name}`,
    command: home.peer,
    args: ['node', 'start'],
    workingFolder: layout.peerData,
    runFolder: layout.runFolder,
    logFolder: layout.logFolder,
    outlivesUs: node.outlivesUs,
    env: {
      FABRIC_CFG_PATH: home.config,
      FABRIC_LOGGING_SPEC: node.logging,
      CORE_PEER_ID: `peer0.${organisation.name}`,
      CORE_PEER_LISTENADDRESS: `${organisation.listen}:${ports.peer}`,
      CORE_PEER_ADDRESS: address,
      CORE_PEER_CHAINCODELISTENADDRESS: `${OPERATIONS_HOST}:${ports.peerChaincode}`,
      CORE_PEER_CHAINCODEADDRESS: `${OPERATIONS_HOST}:${ports.peerChaincode}`,
      CORE_PEER_LOCALMSPID: material.mspId,
      CORE_PEER_MSPCONFIGPATH: identity.mspDir,
      CORE_PEER_TLS_ENABLED: 'true',
      CORE_PEER_TLS_CERT_FILE: tls.certificate,
      CORE_PEER_TLS_KEY_FILE: tls.key,
      // A peer that joins dials the others before it has read their CAs from the channel, and tries again after 5 s.
      CORE_PEER_TLS_ROOTCERT_FILE: node.tlsCas,
      CORE_PEER_FILESYSTEMPATH: layout.peerData,
      CORE_LEDGER_SNAPSHOTS_ROOTDIR: path.join(layout.peerData, 'snapshots'),
      CORE_OPERATIONS_LISTENADDRESS: `${OPERATIONS_HOST}:${ports.peerOperations}`,
      CORE_METRICS_PROVIDER: 'prometheus',
      // No Docker: chaincode is a service, found by the release's own builder.
      CORE_VM_ENDPOINT: '',
      CORE_CHAINCODE_EXTERNALBUILDERS: JSON.stringify([builder]),
      ...gossip(address),
      ...privateData(),
      // Gateway clients ping every 10 s; the stock minimum of 60 s answers with too_many_pings and hangs up.
      CORE_PEER_KEEPALIVE_MININTERVAL: '5s',
      CORE_PEER_DELIVERYCLIENT_RECONNECTBACKOFFTHRESHOLD: '3s',
      // One whose orderer is frozen, or gone with its machine, takes blocks from another after this, not after 30 s (BFT: it
      // sees the others' headers) or 80 s (Raft).
      CORE_PEER_DELIVERYCLIENT_BLOCKCENSORSHIPTIMEOUTKEY: '2s',
      CORE_PEER_KEEPALIVE_DELIVERYCLIENT_INTERVAL: '10s',
      CORE_PEER_KEEPALIVE_DELIVERYCLIENT_TIMEOUT: '3s',
      // And tries another orderer when one does not answer: the stock 30 s are as long as a gateway waits for a commit.
      CORE_PEER_GATEWAY_BROADCASTTIMEOUT: '5s',
    },
  };
}

/**
 * A block is not held up for private data: by default for 60 s, and even for that of a transaction which is invalid because
 * a gateway had to send it twice, whose data nobody has any more. What is missing is fetched afterwards.
 */
function privateData(): Record<string, string> {
  return {
    CORE_PEER_GOSSIP_PVTDATA_SKIPPULLINGINVALIDTRANSACTIONSDURINGCOMMIT: 'true',
    CORE_PEER_GOSSIP_PVTDATA_PULLRETRYTHRESHOLD: '2s',
    CORE_PEER_GOSSIP_PVTDATA_RECONCILESLEEPINTERVAL: '5s',
    // Each endorsement hands private data to another member and waits for its word. Under load the stock buffers overflow and
    // the stock 3 s pass, and the endorsement fails.
    CORE_PEER_GOSSIP_SENDBUFFSIZE: '2000',
    CORE_PEER_GOSSIP_RECVBUFFSIZE: '500',
    CORE_PEER_GOSSIP_PVTDATA_PUSHACKTIMEOUT: '5s',
  };
}

/** Peers find each other through the channel's anchor peers; the stock intervals would take 26 s over it. */
function gossip(address: string): Record<string, string> {
  return {
    CORE_PEER_GOSSIP_BOOTSTRAP: address,
    CORE_PEER_GOSSIP_ENDPOINT: address,
    CORE_PEER_GOSSIP_EXTERNALENDPOINT: address,
    CORE_PEER_GOSSIP_RECONNECTINTERVAL: '500ms',
    CORE_PEER_GOSSIP_ALIVETIMEINTERVAL: '1s',
    CORE_PEER_GOSSIP_PUBLISHSTATEINFOINTERVAL: '1s',
    CORE_PEER_GOSSIP_REQUESTSTATEINFOINTERVAL: '1s',
    CORE_PEER_GOSSIP_PULLINTERVAL: '1s',
    // A peer that takes everything and answers nothing holds up whoever hands private data to it, at each endorsement, until it is
    // given up: by default after 25 s, longer than a gateway waits.
    CORE_PEER_GOSSIP_ALIVEEXPIRATIONTIMEOUT: '10s',
  };
}
