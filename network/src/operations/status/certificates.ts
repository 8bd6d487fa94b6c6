import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { organisationLayout, type OrganisationLayout } from '../../identities/index.js';
import type { Rotatable } from '../certificates/staged.js';

const DAY_MS = 24 * 3_600_000;

/** One certificate of an organisation, and how long it is good for. */
export interface CertificateStatus {
  /** What it belongs to: a part that can be rotated, or one of the two CAs, which cannot. */
  readonly part: Exclude<Rotatable, 'keys'> | 'ca' | 'tlsca';
  readonly use: 'signing' | 'TLS';
  /** ISO instant. */
  readonly expires: string;
  /** Whole days that are left; negative when it has expired. */
  readonly days: number;
}

/** All certificates of an organisation that are in the data folder, those that expire first in front. */
export async function certificatesOf(
  dataDir: string,
  name: string,
  now = new Date(),
): Promise<CertificateStatus[]> {
  const found = await Promise.all(
    certificateFiles(organisationLayout(dataDir, name)).map(async ({ file, ...about }) => {
      const validTo = await expiryOf(file);
      if (validTo === undefined) return [];
      const days = Math.floor((validTo.getTime() - now.getTime()) / DAY_MS);
      return [{ ...about, expires: validTo.toISOString(), days }];
    }),
  );
  return found.flat().sort((one, other) => one.days - other.days);
}

interface CertificateFile extends Pick<CertificateStatus, 'part' | 'use'> {
  readonly file: string;
}

function certificateFiles(layout: OrganisationLayout): CertificateFile[] {
  const { ca, tlsCa, peer, orderer, admin, gatewayClient, chaincode, gateway } = layout;
  return [
    { part: 'ca', use: 'signing', file: ca.certificate },
    { part: 'tlsca', use: 'TLS', file: tlsCa.certificate },
    { part: 'peer', use: 'signing', file: peer.identity.certificate },
    { part: 'peer', use: 'TLS', file: peer.tls.certificate },
    { part: 'orderer', use: 'signing', file: orderer.identity.certificate },
    { part: 'orderer', use: 'TLS', file: orderer.tls.certificate },
    { part: 'admin', use: 'signing', file: admin.identity.certificate },
    { part: 'admin', use: 'TLS', file: admin.tls.certificate },
    { part: 'gateway', use: 'signing', file: gatewayClient.identity.certificate },
    { part: 'gateway', use: 'TLS', file: gateway.tls.certificate },
    { part: 'chaincode', use: 'TLS', file: chaincode.tls.certificate },
    { part: 'chaincode', use: 'TLS', file: chaincode.peerClientTls.certificate },
  ];
}

/** Undefined for one that is kept elsewhere. */
async function expiryOf(file: string): Promise<Date | undefined> {
  try {
    return new X509Certificate(await readFile(file)).validToDate;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
