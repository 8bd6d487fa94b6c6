import { X509Certificate } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from '../../identities/folders.js';
import { organisationLayout, type OrganisationLayout } from '../../identities/index.js';
import { organisationNamed, portsOf, type Organisation } from '../../topology/index.js';
import { changeConfiguration, openDesk } from '../change-configuration.js';
import type { ChannelConfiguration } from '../config/channel-configuration.js';
import { revocationLists, setRevocationLists } from '../config/revocations.js';
import { startedAt } from '../ledger/started-at.js';
import { OperationError, restartPeer } from '../processes.js';
import { isEmbedded, restartSinceStep } from '../embedded-steps.js';
import { isAdministered, nodeOf, signatoryOf, type Site } from '../site.js';
import type { Step } from '../steps.js';
import { revokedAt, revokedToo } from './revocation-list.js';

export interface RevokeOptions {
  readonly organisation: string;
  /** A signing certificate that the organisation's CA issued. */
  readonly certificatePem: string;
  readonly now?: Date;
}

/**
 * Revokes a signing certificate on the channel. Peers then refuse whatever it signs within a second; what it had opened
 * before, an event stream above all, goes on until the peer restarts, so all peers do, one after the other.
 *
 * @throws OperationError when the certificate is not the organisation's, or is one in use
 */
export async function revocationSteps(site: Site, options: RevokeOptions): Promise<Step[]> {
  const organisation = organisationNamed(site.topology, options.organisation);
  const layout = organisationLayout(site.dataDir, organisation.name);
  await refuseUnrevocable(options.certificatePem, layout, organisation.name);
  return [
    {
      title: `write the revocation into the channel's configuration, signed by the admin of ${organisation.name}`,
      isDone: async () => (await revokedSince(site, organisation, options.certificatePem)) !== undefined,
      run: () => writeRevocation(site, organisation, layout, options),
    },
    ...(isEmbedded(site)
      ? [restartSinceStep(site, () => revokedSince(site, organisation, options.certificatePem))]
      : fabricSteps(site, organisation, layout, options.certificatePem)),
  ];
}

async function revokedSince(
  site: Site,
  organisation: Organisation,
  certificatePem: string,
): Promise<Date | undefined> {
  return revokedAt(
    revocationLists((await current(site, organisation)).group, organisation.mspId),
    certificatePem,
  );
}

function fabricSteps(
  site: Site,
  organisation: Organisation,
  layout: OrganisationLayout,
  certificatePem: string,
): Step[] {
  const ours = site.topology.organisations
    .map(({ name }) => name)
    .filter((name) => isAdministered(site, name));
  return [
    {
      title: `let the peer and the orderer of ${organisation.name} know it for their own administration`,
      isDone: async () => {
        const wanted = await listsOnChannel(site, organisation);
        const found = await Promise.all(localLists(layout).map((file) => readFile(file)));
        return found.every((list) => list.equals(wanted));
      },
      run: async () => {
        const wanted = await listsOnChannel(site, organisation);
        for (const file of localLists(layout)) {
          await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
          await replaceFile(file, wanted);
        }
      },
    },
    ...ours.map((name) => ({
      title: `restart the peer of ${name}, so that connections opened before are cut`,
      isDone: async () => {
        const since = await revokedSince(site, organisation, certificatePem);
        const started = await startedAt(portsOf(site.plan, name).peerOperations);
        return since !== undefined && started > since;
      },
      run: async () => restartPeer(await nodeOf(site, name), site.signal),
    })),
  ];
}

async function writeRevocation(
  site: Site,
  organisation: Organisation,
  { ca }: OrganisationLayout,
  { certificatePem, now = new Date() }: RevokeOptions,
): Promise<void> {
  const [caPem, caKey] = await Promise.all([readFile(ca.certificate, 'utf8'), readFile(ca.key, 'utf8')]);
  const authority = { certificatePem: caPem, keyPem: caKey };
  const admin = await signatoryOf(site, organisation);
  const { group } = await current(site, organisation);
  const lists = await revokedToo(revocationLists(group, organisation.mspId), authority, certificatePem, now);
  await changeConfiguration(
    site,
    admin,
    (channel) => {
      setRevocationLists(channel, organisation.mspId, lists);
    },
    [admin],
  );
}

async function current(site: Site, organisation: Organisation): Promise<ChannelConfiguration> {
  const desk = await openDesk(site, await signatoryOf(site, organisation));
  try {
    return await desk.current();
  } finally {
    desk.close();
  }
}

/** An MSP folder may hold many lists; one file with all of them is what is easiest to keep right. */
async function listsOnChannel(site: Site, organisation: Organisation): Promise<Buffer> {
  return Buffer.concat(revocationLists((await current(site, organisation)).group, organisation.mspId));
}

function localLists({ peer, orderer }: OrganisationLayout): string[] {
  return [peer, orderer].map(({ identity }) => path.join(identity.mspDir, 'crls', 'crl.pem'));
}

async function refuseUnrevocable(pem: string, layout: OrganisationLayout, name: string): Promise<void> {
  const certificate = parse(pem);
  const [ca, tlsCa] = await Promise.all(
    [layout.ca, layout.tlsCa].map(async (authority) => parse(await readFile(authority.certificate, 'utf8'))),
  );
  if (tlsCa !== undefined && certificate.verify(tlsCa.publicKey)) {
    throw new OperationError(
      'this is a TLS certificate, whose revocation Fabric does not look at: rotate it, and it is no longer served',
    );
  }
  if (ca === undefined || !certificate.verify(ca.publicKey)) {
    throw new OperationError(`this certificate was not issued by the CA of ${name}`);
  }
  const parts = {
    peer: layout.peer,
    orderer: layout.orderer,
    admin: layout.admin,
    gateway: layout.gatewayClient,
  };
  for (const [part, { identity }] of Object.entries(parts)) {
    if (parse(await readFile(identity.certificate, 'utf8')).raw.equals(certificate.raw)) {
      throw new OperationError(
        `this certificate is in use by the ${part} of ${name}: give it a new one first (certificate rotate ${part})`,
      );
    }
  }
}

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new OperationError('this is not a certificate in PEM', { cause });
  }
}
