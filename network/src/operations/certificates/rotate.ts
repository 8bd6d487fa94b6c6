import { organisationLayout } from '../../identities/index.js';
import { organisationNamed, portsOf } from '../../topology/index.js';
import { channelClient } from '../../fabric/channel-client.js';
import { endorsers } from '../ledger/endorsers.js';
import { isEmbedded, restartToServeStep } from '../embedded-steps.js';
import { serves } from '../ledger/served-certificate.js';
import { restartPeer } from '../processes.js';
import { adminOf, nodeOf, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { chaincodeSteps } from './rotate-chaincode.js';
import { adminSteps, gatewaySteps, keysSteps, type RotatedGateway } from './rotate-gateway.js';
import { ordererSteps } from './rotate-orderer.js';
import { installStep, type Rotation } from './rotation.js';
import { stagedCertificates, type Rotatable } from './staged.js';
import { tlsCaOf } from './tls-ca.js';

export interface RotateOptions {
  readonly organisation: string;
  readonly part: Rotatable;
  readonly gateway: RotatedGateway;
  readonly now?: Date;
}

/**
 * New keys and certificates for one part of an organisation, from the same CA. The old ones stay valid until they
 * expire or are revoked.
 */
export function rotationSteps(site: Site, options: RotateOptions): Step[] {
  const organisation = organisationNamed(site.topology, options.organisation);
  const staged = stagedCertificates(site.dataDir, organisation, options.part);
  const layout = organisationLayout(site.dataDir, organisation.name);
  const rotation: Rotation = { site, organisation, part: options.part, layout, staged };
  return [
    {
      title:
        options.part === 'keys'
          ? `make new keys for ${organisation.name} to sign requests with and to receive records by`
          : `issue new keys and certificates for the ${options.part} of ${organisation.name}`,
      isDone: () => staged.exist(),
      run: () => staged.issue(options.now ?? new Date()),
    },
    ...partSteps(rotation, options),
    {
      title: 'close the rotation',
      isDone: async () => !(await staged.exist()),
      run: () => staged.discard(),
    },
  ];
}

function partSteps(rotation: Rotation, options: RotateOptions): Step[] {
  switch (options.part) {
    case 'peer':
      return peerSteps(rotation);
    case 'orderer':
      return ordererSteps(rotation);
    case 'chaincode':
      return chaincodeSteps(rotation);
    case 'gateway':
      return gatewaySteps(rotation, options.gateway);
    case 'keys':
      return keysSteps(rotation, options.gateway);
    case 'admin':
      return adminSteps(rotation, options.gateway);
  }
}

/** Nothing in the channel's configuration names a peer's certificate, so files and a restart are all of it. */
function peerSteps(rotation: Rotation): Step[] {
  const { site, organisation, layout, staged } = rotation;
  const { peer } = portsOf(site.plan, organisation.name);
  const certificatePem = (): Promise<string> => staged.read(layout.peer.tls.certificate);
  return [
    installStep(rotation),
    isEmbedded(site)
      ? restartToServeStep(site, organisation, { caPem: () => tlsCaOf(rotation), certificatePem })
      : {
          title: `restart the peer of ${organisation.name}`,
          isDone: async () =>
            serves(organisation.host, peer, await tlsCaOf(rotation), await certificatePem()),
          run: async () => restartPeer(await nodeOf(site, organisation.name), site.signal),
        },
    {
      title: `see the peer of ${organisation.name} endorse with its new certificate`,
      isDone: async () => {
        const client = channelClient(await adminOf(site, organisation.name), site.topology.channel);
        try {
          const by = await endorsers(client, site.readiness, [organisation.mspId]);
          return by.get(organisation.mspId) === (await staged.read(layout.peer.identity.certificate));
        } finally {
          client.close();
        }
      },
      run: () => Promise.resolve(),
    },
  ];
}
