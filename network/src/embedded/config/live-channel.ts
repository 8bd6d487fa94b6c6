import { MspIdentity, type KnownSignature } from '../msp/identity.js';
import { encodeSerializedIdentity } from '../msp/serialized-identity.js';
import { compileApplicationPolicy } from '../policy/application-policy.js';
import { minimalLayouts } from '../policy/layouts.js';
import type { Policy } from '../policy/policy.js';
import { SignaturePolicy } from '../policy/signature-policy.js';
import { validIdentities } from '../policy/valid-identities.js';
import type { Channel, EndorsementPolicy, Identity, SignedData } from '../ports.js';
import { TwoGenerationCache } from '../store/two-generation-cache.js';
import type { ChannelConfig } from './channel-config.js';

const CACHED_POLICIES = 1024;

const rejecting = (reason: string): Policy => ({ refusal: () => reason });

/** The channel under its current configuration; policies are compiled once per configuration. */
export class LiveChannel implements Channel {
  #peers: readonly Uint8Array[];
  #config: ChannelConfig;
  #compiled = new TwoGenerationCache<Policy>(CACHED_POLICIES);
  #layouts = new TwoGenerationCache<readonly (readonly string[])[]>(CACHED_POLICIES);

  /** @param peers The serialised identities of the peers that may endorse, one per organisation. */
  constructor(config: ChannelConfig, peers: readonly Uint8Array[]) {
    this.#config = config;
    this.#peers = peers;
  }

  get config(): ChannelConfig {
    return this.#config;
  }

  /** Replaces the configuration, once the block that carries it is committed. */
  update(config: ChannelConfig): void {
    this.#config = config;
    this.#compiled = new TwoGenerationCache(CACHED_POLICIES);
    this.#layouts = new TwoGenerationCache(CACHED_POLICIES);
  }

  get peers(): readonly Uint8Array[] {
    return this.#peers;
  }

  /** The peers that may endorse from now on. */
  setPeers(peers: readonly Uint8Array[]): void {
    this.#peers = peers;
    this.#layouts = new TwoGenerationCache(CACHED_POLICIES);
  }

  get channelId(): string {
    return this.#config.channelId;
  }

  get applicationMspIds(): readonly string[] {
    return [...this.#config.applicationOrganizations.keys()].sort((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    );
  }

  organizationName(mspId: string): string | undefined {
    return this.#config.applicationOrganizations.get(mspId);
  }

  hasMsp(mspId: string): boolean {
    return this.#config.applicationOrganizations.has(mspId) || this.#config.ordererMspIds.has(mspId);
  }

  deserializeIdentity(serialized: Uint8Array): MspIdentity {
    return this.#config.msps.deserialize(serialized);
  }

  /** The identities behind a set of signatures: known, each once, signature verified. */
  validIdentities(signed: readonly SignedData[], isKnown?: KnownSignature): readonly MspIdentity[] {
    return validIdentities(this.#config.msps, signed, isKnown);
  }

  /** As `policyRefusal`, with 'missing' for a policy that the configuration does not have. */
  judge(path: string, signed: readonly SignedData[]): { readonly refusal: string } | 'missing' | undefined {
    const policy = this.#config.policies.get(path);
    if (policy === undefined) return 'missing';
    const refusal = policy.refusal(this.validIdentities(signed));
    return refusal === undefined ? undefined : { refusal };
  }

  policyFor(resource: string, byDefault: string): string {
    return this.#config.acls.get(resource) ?? byDefault;
  }

  evaluatePolicy(path: string, signed: readonly SignedData[]): boolean {
    return this.policyRefusal(path, signed) === undefined;
  }

  /** Why a policy of the configuration is not satisfied; undefined when it is. */
  policyRefusal(path: string, signed: readonly SignedData[]): string | undefined {
    const policy = this.#config.policies.get(path);
    return policy === undefined
      ? `could not find policy ${path}`
      : policy.refusal(this.validIdentities(signed));
  }

  evaluateSignaturePolicy(envelope: Uint8Array, signed: readonly SignedData[]): boolean {
    return this.signaturePolicy(envelope).refusal(this.validIdentities(signed)) === undefined;
  }

  evaluateApplicationPolicy(policy: Uint8Array, signed: readonly SignedData[]): boolean {
    return this.applicationPolicy(policy).refusal(this.validIdentities(signed)) === undefined;
  }

  satisfies(envelope: Uint8Array, identity: Identity): boolean {
    const known =
      identity instanceof MspIdentity
        ? identity
        : this.deserializeIdentity(encodeSerializedIdentity(identity.mspId, identity.idBytes));
    return this.signaturePolicy(envelope).refusal([known]) === undefined;
  }

  endorsingLayouts(policies: readonly EndorsementPolicy[]): readonly (readonly string[])[] {
    const key = policies
      .map(({ kind, bytes }) => `${kind}:${latin1(bytes)}`)
      .sort()
      .join('|');
    const known = this.#layouts.get(key);
    if (known !== undefined) return known;
    const compiled = policies.map(({ kind, bytes }) =>
      kind === 'signature' ? this.signaturePolicy(bytes) : this.applicationPolicy(bytes),
    );
    const layouts = minimalLayouts(compiled, this.#endorsers());
    this.#layouts.set(key, layouts);
    return layouts;
  }

  /** A serialised common.SignaturePolicyEnvelope, compiled; what cannot be compiled rejects. */
  signaturePolicy(envelope: Uint8Array): Policy {
    return this.#compile('signature', envelope, () => {
      try {
        return new SignaturePolicy(envelope);
      } catch (error) {
        return rejecting(error instanceof Error ? error.message : String(error));
      }
    });
  }

  /** A serialised protos.ApplicationPolicy, compiled; what cannot be understood rejects. */
  applicationPolicy(bytes: Uint8Array): Policy {
    return this.#compile('application', bytes, () =>
      compileApplicationPolicy(bytes, (path) => this.#config.policies.get(path)),
    );
  }

  #compile(kind: string, bytes: Uint8Array, compile: () => Policy): Policy {
    const key = `${kind}:${latin1(bytes)}`;
    let policy = this.#compiled.get(key);
    if (policy === undefined) {
      policy = compile();
      this.#compiled.set(key, policy);
    }
    return policy;
  }

  #endorsers(): ReadonlyMap<string, MspIdentity> {
    const endorsers = new Map<string, MspIdentity>();
    for (const serialized of this.#peers) {
      const peer = this.#knownPeer(serialized);
      if (peer !== undefined) endorsers.set(peer.mspId, peer);
    }
    return endorsers;
  }

  /** A peer of an organisation that has left the channel, or has not come yet, endorses nothing. */
  #knownPeer(serialized: Uint8Array): MspIdentity | undefined {
    try {
      const peer = this.deserializeIdentity(serialized);
      return this.#config.applicationOrganizations.has(peer.mspId) ? peer : undefined;
    } catch {
      return undefined;
    }
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
