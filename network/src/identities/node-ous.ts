import { stringify } from 'yaml';
import type { NodeRole } from './certificates.js';

/** The roles in the order in which Fabric's configuration names them. */
export const NODE_ROLES: readonly NodeRole[] = ['client', 'peer', 'admin', 'orderer'];

/**
 * `config.yaml` of an MSP folder (msp/configbuilder.go): roles are told by the certificate's OU. The OUs are not
 * pinned to a CA certificate, so that a second CA can be added to an organisation without a change here.
 */
export function nodeOusConfiguration(): string {
  const identifiers = NODE_ROLES.map((role) => [
    `${role.charAt(0).toUpperCase()}${role.slice(1)}OUIdentifier`,
    { OrganizationalUnitIdentifier: role },
  ]);
  return stringify({
    NodeOUs: { Enable: true, ...(Object.fromEntries(identifiers) as Record<string, unknown>) },
  });
}
