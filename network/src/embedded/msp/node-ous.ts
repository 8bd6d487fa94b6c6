/** The organisational units that give a certificate its role, and the rule that there is exactly one. */

export type Role = 'client' | 'peer' | 'admin' | 'orderer';

export interface OrganizationalUnit {
  readonly identifier: string;
  /** Identifier of the certification path of the certificate that carries the unit. */
  readonly certifiersIdentifier: Buffer;
}

export interface NodeOu {
  readonly identifier: string;
  /** Set when the unit counts only below one CA. */
  readonly certifiersIdentifier?: Buffer;
}

export type NodeOus = Partial<Readonly<Record<Role, NodeOu>>>;

/** [msp/mspimplvalidate.go: validateIdentityOUsV142] */
export function requireOneRole(units: readonly OrganizationalUnit[], ous: NodeOus, mspId: string): void {
  const roles = Object.values(ous);
  let count = 0;
  for (const unit of units) {
    const role = roles.find(({ identifier }) => identifier === unit.identifier);
    if (role === undefined) continue;
    if (role.certifiersIdentifier?.equals(unit.certifiersIdentifier) === false) {
      throw new Error(`certifiersIdentifier does not match: ${list(units)}, MSP: [${mspId}]`);
    }
    count++;
  }
  if (count === 0) {
    throw new Error(
      `the identity does not have an OU that resolves to client, peer, orderer, or admin role. OUs: ${list(units)}, MSP: [${mspId}]`,
    );
  }
  if (count > 1) {
    throw new Error(
      `the identity must have a client, a peer, an orderer, or an admin OU role to be valid, not a combination of them. OUs: ${list(units)}, MSP: [${mspId}]`,
    );
  }
}

function list(units: readonly OrganizationalUnit[]): string {
  return `[${units.map(({ identifier }) => identifier).join(' ')}]`;
}
