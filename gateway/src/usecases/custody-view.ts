import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  CUSTODY_KEY,
  custody,
  custodyCollection,
  decodeBase64Url,
  privateKey,
  privateValues,
  SCHEMA_VERSION,
  studyPerson,
  withdrawalCollection,
  type Custody,
  type PrivateKind,
  type PrivateValue,
} from '@consent-ledger/chaincode/wire';
import type { PrivateValueAt, Projection } from '../ports/projection.js';
import { Refusal } from './refusal.js';

/** A private value, with the transaction that wrote it. */
export interface Held<Value> {
  readonly value: Value;
  readonly transaction: string;
  readonly block: number;
}

interface OpenCustody {
  readonly custody: Custody;
  readonly pepper: KeyObject;
}

const MAX_PARSED = 500;

/** One custodian's collections as the projection has them, for the custodian itself and for oversight. */
export class CustodyView {
  readonly #projection: Projection;
  /** Parsed values, by their keys, each good for as long as the transaction that wrote it is the newest. */
  readonly #parsed = new Map<string, Held<unknown>>();
  #open: OpenCustody | undefined;

  constructor(
    projection: Projection,
    /** MSP id. */
    readonly custodian: string,
  ) {
    this.#projection = projection;
  }

  get collection(): string {
    return custodyCollection(this.custodian);
  }

  get isOpen(): boolean {
    return this.#find() !== undefined;
  }

  /** Throws a Refusal `custody-not-open`. */
  get custody(): Custody {
    return this.#required().custody;
  }

  /** What keys are made with. Throws a Refusal `custody-not-open`. */
  get pepper(): KeyObject {
    return this.#required().pepper;
  }

  /** Key of a private value. Throws a Refusal `custody-not-open`. */
  key(kind: PrivateKind, ...id: readonly [string, ...string[]]): string {
    return privateKey(kind, this.#required().pepper, ...id);
  }

  /** A subject's pseudonym in a study. Throws a Refusal `custody-not-open`. */
  personIn(study: string, subject: string): string {
    return studyPerson(this.#required().pepper, study, subject);
  }

  /** Throws a Refusal: `custody-not-open`, `event-pending` where the own peer lacks the value. */
  get<Kind extends PrivateKind>(
    kind: Kind,
    ...id: readonly [string, ...string[]]
  ): Held<PrivateValue<Kind>> | undefined {
    const key = this.key(kind, ...id);
    const held = this.#heldAt(kind, key);
    if (held === undefined) {
      this.#parsed.delete(key);
      return undefined;
    }
    const known = this.#parsed.get(key);
    if (known?.transaction === held.transaction) return known as Held<PrivateValue<Kind>>;
    const parsed = parsedAs(kind, held);
    if (this.#parsed.size >= MAX_PARSED) this.#parsed.clear();
    this.#parsed.set(key, parsed);
    return parsed;
  }

  /**
   * {@link get}, parsed afresh, for a caller that keeps what it reads. Only the chaincode writes these values, its input
   * checked and its outcome endorsed, and the projection takes none that is not what was hashed: so their shape is
   * not checked again, which for a subject with five consents would take longer than all the rest.
   */
  read<Kind extends PrivateKind>(
    kind: Kind,
    ...id: readonly [string, ...string[]]
  ): Held<PrivateValue<Kind>> | undefined {
    const held = this.#heldAt(kind, this.key(kind, ...id));
    if (held === undefined) return undefined;
    const value = parse(held.value) as PrivateValue<Kind>;
    if ((value.v as number) !== SCHEMA_VERSION) throw new Error(`a ${kind} of an unknown version`);
    return { value, transaction: held.transaction, block: held.block };
  }

  #heldAt(kind: PrivateKind, key: string): PrivateValueAt | undefined {
    const isWithdrawal = kind === 'withdrawal' || kind === 'withdrawn';
    const collection = isWithdrawal ? withdrawalCollection(this.custodian) : this.collection;
    return this.#projection.privateValue(collection, key);
  }

  #required(): OpenCustody {
    const open = this.#find();
    if (open === undefined) throw new Refusal('custody-not-open');
    return open;
  }

  /** Written once and never changed, so it is kept. */
  #find(): OpenCustody | undefined {
    if (this.#open !== undefined) return this.#open;
    const held = this.#projection.privateValue(this.collection, CUSTODY_KEY);
    if (held === undefined) return undefined;
    const value = custody.parse(parse(held.value));
    const pepper = decodeBase64Url(value.pepper);
    if (pepper === undefined) throw new Error('the pepper of a custody is not base64url');
    this.#open = { custody: value, pepper: createSecretKey(pepper) };
    return this.#open;
  }
}

function parsedAs<Kind extends PrivateKind>(
  kind: Kind,
  { value, transaction, block }: PrivateValueAt,
): Held<PrivateValue<Kind>> {
  return { value: privateValues[kind].parse(parse(value)) as PrivateValue<Kind>, transaction, block };
}

function parse(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8'));
}
