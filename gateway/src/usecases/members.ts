import {
  MEMBER_PREFIX,
  member,
  memberKey,
  organizationReference,
  type Member,
} from '@consent-ledger/chaincode/wire';
import type { Member as ConfiguredMember } from '../config/schema.js';
import type { Projection } from '../ports/projection.js';

/** The members: who they are by the topology, and what the ledger has of them. */
export class Members {
  readonly #projection: Projection;
  /** As of `#height`: public values change with a block that is folded, and with nothing else. */
  readonly #registered = new Map<string, Member>();
  #height = -1;
  readonly #configured: readonly ConfiguredMember[];

  constructor(
    projection: Projection,
    configured: readonly ConfiguredMember[],
    readonly own: ConfiguredMember,
  ) {
    this.#projection = projection;
    this.#configured = configured;
  }

  /** As the ledger has it. */
  registered(mspId: string): Member | undefined {
    const { height } = this.#projection;
    if (height !== this.#height) {
      this.#registered.clear();
      this.#height = height;
    }
    const known = this.#registered.get(mspId);
    if (known !== undefined) return known;
    const value = this.#projection.publicValue(memberKey(mspId));
    // Not remembered: anybody can ask for what is not there, under any name.
    if (value === undefined) return undefined;
    const found = member.parse(JSON.parse(value.toString('utf8')));
    this.#registered.set(mspId, found);
    return found;
  }

  allRegistered(): readonly Member[] {
    return this.#projection
      .publicValues(MEMBER_PREFIX)
      .map(({ value }) => member.parse(JSON.parse(value.toString('utf8'))));
  }

  /** The member that `Organization/<name>` refers to. */
  byReference(reference: string): ConfiguredMember | undefined {
    return this.#configured.find(({ name }) => organizationReference(name) === reference);
  }

  /** `Organization/<name>` of an MSP id. */
  referenceOf(mspId: string): string {
    const found = this.#configured.find((one) => one.mspId === mspId) ?? this.registered(mspId);
    if (found === undefined) throw new Error('an MSP id that neither topology nor ledger knows');
    return organizationReference(found.name);
  }

  get custodians(): readonly ConfiguredMember[] {
    return this.#configured.filter(({ kind }) => kind === 'hospital');
  }

  get oversight(): readonly ConfiguredMember[] {
    return this.#configured.filter(isOversight);
  }

  /** Custodians whose collections this member reads: all for oversight, itself for a custodian. */
  get readable(): readonly ConfiguredMember[] {
    if (isOversight(this.own)) return this.custodians;
    return this.custodians.filter(({ mspId }) => mspId === this.own.mspId);
  }
}

export function isOversight({ kind }: Pick<ConfiguredMember, 'kind'>): boolean {
  return kind === 'auditor' || kind === 'regulator';
}
