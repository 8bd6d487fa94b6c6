import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { OrganisationMaterial, Pems } from '@consent-ledger/network';
import type { Authority } from './authority.js';
import type { LedgerIdentity } from './identity.js';
import type { LedgerOrganisation } from './target.js';

/** What a test knows of an organisation, from what was made for it. */
export function organisationOf(
  material: OrganisationMaterial,
  endpoint: string,
  controls: Pick<LedgerOrganisation, 'probePackage' | 'killChaincode' | 'startChaincode' | 'revoked'>,
): LedgerOrganisation {
  const identity = (pems: Pems): LedgerIdentity => ({
    mspId: material.mspId,
    certificate: pems.certificatePem,
    privateKey: createPrivateKey(pems.keyPem),
  });
  return {
    mspId: material.mspId,
    endpoint,
    tlsCa: Buffer.from(material.tlsCaPem),
    client: identity(material.gatewayClient.identity),
    admin: identity(material.admin.identity),
    peer: identity(material.peer.identity),
    authority: authorityOf(material),
    ...controls,
  };
}

/** The organisation's signing CA. */
export function authorityOf({ paths }: OrganisationMaterial): Authority {
  return {
    certificate: readFileSync(paths.ca.certificate, 'utf8'),
    privateKey: readFileSync(paths.ca.key, 'utf8'),
  };
}
