import { verify } from 'node:crypto';
import { DerError, isLowS, sha256 } from '../../wire-format/index.js';
import type { Identity } from '../ports.js';
import { chainIdentifier, sanitizedDer, type Certificate } from './certificate.js';
import type { OrganizationalUnit, Role } from './node-ous.js';
import { readSerializedIdentity } from './serialized-identity.js';

/** Whether the key of that certificate (PEM) is known to have made that signature. */
export type KnownSignature = (idBytes: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** What the MSP that owns an identity knows and decides. */
export interface IdentityRules {
  readonly mspId: string;
  deserialize(idBytes: Buffer): { readonly key: string };
  /** Throws when the certificate is not valid as an identity. */
  validate(
    certificate: Certificate,
    chain: readonly Certificate[],
    units: () => readonly OrganizationalUnit[],
  ): void;
  hasRole(units: readonly OrganizationalUnit[], role: Role): boolean;
  isListedAdmin(sanitized: Buffer): boolean;
}

/** An identity of one MSP with everything that never changes for it worked out at most once. */
export class MspIdentity implements Identity {
  readonly mspId: string;
  readonly idBytes: Buffer;
  readonly notAfter: number;
  /** What makes two identities the same one when signatures are counted: MSP and hash of the certificate. */
  readonly key: string;
  readonly #msp: IdentityRules;
  readonly #certificate: Certificate;
  readonly #sanitized: Buffer;
  readonly #chain: readonly Certificate[];
  #verdict: { readonly error?: Error } | undefined;
  #units: readonly OrganizationalUnit[] | undefined;

  /** @param chain The certification path, leaf first. */
  constructor(
    owner: IdentityRules,
    idBytes: Buffer,
    certificate: Certificate,
    chain: readonly Certificate[],
  ) {
    this.#msp = owner;
    this.#certificate = certificate;
    this.#chain = chain;
    this.#sanitized = sanitizedDer(certificate, chain[1] ?? certificate);
    this.mspId = owner.mspId;
    this.idBytes = idBytes;
    this.notAfter = certificate.notAfter;
    this.key = `${owner.mspId}:${sha256(this.#sanitized).toString('hex')}`;
  }

  validate(): void {
    this.#verdict ??= this.#judge();
    if (this.#verdict.error !== undefined) throw this.#verdict.error;
  }

  get isValid(): boolean {
    this.#verdict ??= this.#judge();
    return this.#verdict.error === undefined;
  }

  /** Organisational units with the identifier of the path that certified them. */
  get units(): readonly OrganizationalUnit[] {
    this.#units ??= this.#readUnits();
    return this.#units;
  }

  get isListedAdmin(): boolean {
    return this.#msp.isListedAdmin(this.#sanitized);
  }

  hasRole(role: Role): boolean {
    return this.#msp.hasRole(this.units, role);
  }

  /** Whether a serialised identity carries the same certificate. */
  isSameAs(serialized: Buffer): boolean {
    const other = readSerializedIdentity(serialized);
    if (other.mspId !== this.mspId) return false;
    try {
      return this.#msp.deserialize(other.idBytes).key === this.key;
    } catch {
      return false; // The principal names a certificate that this MSP does not know: nobody is it.
    }
  }

  /** @param isKnown what is known to be right is not verified again */
  verify(message: Uint8Array, signature: Uint8Array, isKnown?: KnownSignature): boolean {
    const { curve, publicKey } = this.#certificate;
    if (curve === undefined) return false;
    try {
      return (
        isLowS(signature, curve) &&
        (isKnown?.(this.idBytes, message, signature) === true ||
          verify('sha256', message, publicKey, signature))
      );
    } catch (error) {
      if (error instanceof DerError) return false;
      throw error;
    }
  }

  #judge(): { readonly error?: Error } {
    try {
      this.#msp.validate(this.#certificate, this.#chain, () => this.units);
      return {};
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  }

  #readUnits(): readonly OrganizationalUnit[] {
    const path = this.#chain.slice(1);
    const certifiersIdentifier = chainIdentifier(
      path.map((ca, index) => sanitizedDer(ca, path[index + 1] ?? ca)),
    );
    return this.#certificate.organizationalUnits.map((identifier) => ({ identifier, certifiersIdentifier }));
  }
}
