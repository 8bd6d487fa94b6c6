import { msp as protos } from '@hyperledger/fabric-protos';
import { chainIdentifier, parseCertificate, sanitizedDer, type Certificate } from './certificate.js';
import { uniqueChain, type TrustAnchors } from './chain.js';
import { MspIdentity, type IdentityRules } from './identity.js';
import { requireOneRole, type NodeOus, type OrganizationalUnit, type Role } from './node-ous.js';
import { Revocations } from './revocation.js';

/** One organisation's membership service provider, as its value in the channel configuration defines it. */
export class Msp implements IdentityRules {
  readonly mspId: string;
  readonly #anchors: TrustAnchors;
  /** Certificates that have issued a CA: they may not issue identities as well. */
  readonly #internalNodes: ReadonlySet<string>;
  readonly #revocations: Revocations;
  readonly #nodeOus: NodeOus | undefined;
  readonly #admins: readonly Buffer[];
  readonly #acceptedUnits: readonly OrganizationalUnit[];

  /**
   * @param config Serialised msp.FabricMSPConfig.
   * @throws Error when the configuration is one that Fabric would not set up.
   */
  constructor(config: Uint8Array) {
    const message = protos.FabricMSPConfig.deserializeBinary(config);
    this.mspId = message.getName();
    this.#anchors = {
      roots: message.getRootCertsList_asU8().map(parseCertificate),
      intermediates: message.getIntermediateCertsList_asU8().map(parseCertificate),
    };
    if (this.#anchors.roots.length === 0) throw new Error('expected at least one CA certificate');
    this.#internalNodes = this.#checkAuthorities();
    this.#revocations = new Revocations(message.getRevocationListList_asU8());
    const units = (identifier: protos.FabricOUIdentifier): OrganizationalUnit => ({
      identifier: identifier.getOrganizationalUnitIdentifier(),
      certifiersIdentifier: this.#certifiersIdentifier(identifier.getCertificate_asU8()),
    });
    this.#acceptedUnits = message.getOrganizationalUnitIdentifiersList().map(units);
    this.#nodeOus = this.#readNodeOus(message.getFabricNodeOus());
    this.#admins = message.getAdminsList_asU8().map((pem) => {
      const certificate = parseCertificate(pem);
      return sanitizedDer(certificate, uniqueChain(certificate, this.#anchors)[1] ?? certificate);
    });
    if (this.#admins.length === 0 && this.#nodeOus?.admin === undefined) {
      throw new Error('administrators must be declared when no admin ou classification is set');
    }
  }

  /** @throws Error when the certificate cannot be parsed or no single path leads to one of the roots. */
  deserialize(idBytes: Buffer): MspIdentity {
    const certificate = parseCertificate(idBytes);
    return new MspIdentity(this, Buffer.from(idBytes), certificate, uniqueChain(certificate, this.#anchors));
  }

  /** [msp/mspimplvalidate.go: validateIdentity] */
  validate(
    certificate: Certificate,
    chain: readonly Certificate[],
    units: () => readonly OrganizationalUnit[],
  ): void {
    if (certificate.curve === undefined) {
      throw new Error("could not validate identity's public key algorithm: only ECDSA is supported");
    }
    const issuer = chain[1];
    if (certificate.isCa || issuer === undefined) {
      throw new Error(
        'could not obtain certification chain: An X509 certificate with Basic Constraint: Certificate Authority equals true cannot be used as an identity',
      );
    }
    if (this.#internalNodes.has(fingerprint(issuer))) {
      throw new Error(
        'could not obtain certification chain: invalid validation chain. Parent certificate should be a leaf of the certification tree',
      );
    }
    if (this.#revocations.isRevoked(certificate, issuer)) {
      throw new Error(
        'could not validate identity against certification chain: The certificate has been revoked',
      );
    }
    this.#requireAcceptedUnit(units);
    if (this.#nodeOus !== undefined) requireOneRole(units(), this.#nodeOus, this.mspId);
  }

  hasRole(units: readonly OrganizationalUnit[], role: Role): boolean {
    const expected = this.#nodeOus?.[role];
    if (expected === undefined) return false;
    return units.some(
      (unit) =>
        unit.identifier === expected.identifier &&
        (expected.certifiersIdentifier?.equals(unit.certifiersIdentifier) ?? true),
    );
  }

  isListedAdmin(sanitized: Buffer): boolean {
    return this.#admins.some((admin) => admin.equals(sanitized));
  }

  #requireAcceptedUnit(units: () => readonly OrganizationalUnit[]): void {
    if (this.#acceptedUnits.length === 0) return;
    const found = units().some((unit) =>
      this.#acceptedUnits.some(
        (accepted) =>
          accepted.identifier === unit.identifier &&
          accepted.certifiersIdentifier.equals(unit.certifiersIdentifier),
      ),
    );
    if (!found) throw new Error(`none of the identity's organizational units are in MSP ${this.mspId}`);
  }

  #checkAuthorities(): ReadonlySet<string> {
    const internal = new Set<string>();
    for (const ca of [...this.#anchors.roots, ...this.#anchors.intermediates]) {
      if (!ca.isCa) throw new Error(`CA Certificate of ${this.mspId} did not have the CA attribute`);
      if (ca.subjectKeyId === undefined) {
        throw new Error(`CA Certificate of ${this.mspId} problem with Subject Key Identifier extension`);
      }
      for (const parent of uniqueChain(ca, this.#anchors).slice(1)) internal.add(fingerprint(parent));
    }
    return internal;
  }

  #readNodeOus(message: protos.FabricNodeOUs | undefined): NodeOus | undefined {
    if (message?.getEnable() !== true) return undefined;
    const roles: [Role, protos.FabricOUIdentifier | undefined][] = [
      ['client', message.getClientOuIdentifier()],
      ['peer', message.getPeerOuIdentifier()],
      ['admin', message.getAdminOuIdentifier()],
      ['orderer', message.getOrdererOuIdentifier()],
    ];
    return Object.fromEntries(
      roles.flatMap(([role, identifier]) => {
        const name = identifier?.getOrganizationalUnitIdentifier();
        if (identifier === undefined || name === undefined || name === '') return [];
        const certificate = identifier.getCertificate_asU8();
        if (certificate.length === 0) return [[role, { identifier: name }]];
        return [[role, { identifier: name, certifiersIdentifier: this.#certifiersIdentifier(certificate) }]];
      }),
    );
  }

  /** Identifier of the path from a CA of this MSP to its root, both included. */
  #certifiersIdentifier(pem: Uint8Array): Buffer {
    const path = uniqueChain(parseCertificate(pem), this.#anchors);
    return chainIdentifier(path.map((ca, index) => sanitizedDer(ca, path[index + 1] ?? ca)));
  }
}

function fingerprint(certificate: Certificate): string {
  return certificate.x509.fingerprint256;
}
