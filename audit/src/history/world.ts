import {
  CUSTODY_KEY,
  LEDGER_KEY,
  MEMBER_PREFIX,
  STUDIES_KEY,
  studyCollection,
  studyKey,
  custodyCollection,
  privateKey,
  studyPerson,
  withdrawalCollection,
  type Custody,
  type Ledger,
  type Member,
  type PrivateKind,
  type PrivateValue as ValueOf,
  type RegisteredStudy,
  type Studies,
  type Study,
} from '@consent-ledger/chaincode/wire';
import type { PrivateWrite } from './believe.js';
import { hashKey, type DeliveredTransaction } from './delivered-block.js';

/** What somebody needs to know is not there: this peer never had it, or it was purged. */
export class MissingValue extends Error {
  override readonly name = 'MissingValue';

  constructor(
    readonly why: 'not-delivered' | 'purged',
    /** Block in which it was written, or purged. */
    readonly block: number,
    readonly collection: string,
    /** SHA-256 of its key, latin1. */
    readonly keyHash: string,
  ) {
    super(`a private value is missing (${why}, block ${block})`);
  }
}

interface Entry {
  readonly key?: string;
  readonly value?: Buffer;
  readonly block: number;
  /** Where there is no value. */
  readonly why?: 'not-delivered' | 'purged';
}

/**
 * The state as the valid transactions make it, at one position of the history: public values, and of the private
 * collections what was delivered.
 */
export class World {
  readonly #public = new Map<string, Buffer>();
  readonly #private = new Map<string, Map<string, Entry>>();

  /** @param chaincode name of the chaincode whose namespace is followed */
  constructor(readonly chaincode: string) {}

  /**
   * Makes one valid transaction's writes part of the state.
   * @param secrets its private writes, as `believe` gives them
   */
  apply(block: number, { writes }: DeliveredTransaction, secrets: readonly PrivateWrite[]): void {
    for (const { namespace, collection, key, isDelete, value } of writes) {
      if (namespace !== this.chaincode || collection !== '') continue;
      const name = Buffer.from(key, 'latin1').toString('utf8');
      if (isDelete) this.#public.delete(name);
      else this.#public.set(name, Buffer.from(value));
    }
    for (const { collection, keyHash, isDelete, known } of secrets) {
      if (known !== undefined && isKeptElsewhere(known.key)) continue;
      const entry: Entry =
        known === undefined ? { block, why: isDelete ? 'purged' : 'not-delivered' } : { block, ...known };
      this.#collection(collection).set(keyHash, entry);
    }
  }

  get ledger(): Ledger | undefined {
    return this.#publicJson(LEDGER_KEY) as Ledger | undefined;
  }

  member(mspId: string): Member | undefined {
    return this.#publicJson(MEMBER_PREFIX + mspId) as Member | undefined;
  }

  study(id: string): Study | undefined {
    return this.#publicJson(studyKey(id)) as Study | undefined;
  }

  /**
   * What one site and one sponsor share; undefined where they share nothing.
   * @throws MissingValue
   */
  studies(site: string, sponsor: string): StudyWorld | undefined {
    const bytes = this.privateBytes(studyCollection(site, sponsor), hashKey(STUDIES_KEY));
    return bytes === undefined
      ? undefined
      : new StudyWorld(this, JSON.parse(bytes.toString('utf8')) as Studies);
  }

  /** @throws MissingValue */
  custody(custodian: string): CustodyWorld | undefined {
    const bytes = this.privateBytes(custodyCollection(custodian), hashKey(CUSTODY_KEY));
    if (bytes === undefined) return undefined;
    return new CustodyWorld(this, custodian, JSON.parse(bytes.toString('utf8')) as Custody);
  }

  /**
   * @param keyHash as {@link hashKey} makes it
   * @returns undefined where the ledger never had a value under that key
   * @throws MissingValue
   */
  privateBytes(collection: string, keyHash: string): Buffer | undefined {
    const entry = this.#private.get(collection)?.get(keyHash);
    if (entry === undefined) return undefined;
    if (entry.value === undefined)
      throw new MissingValue(entry.why ?? 'not-delivered', entry.block, collection, keyHash);
    return entry.value;
  }

  /** The value that is there now; undefined where there is none, or none that was delivered. */
  valueBefore(collection: string, keyHash: string): Buffer | undefined {
    return this.#private.get(collection)?.get(keyHash)?.value;
  }

  /** MSP ids of the custodians whose collections were delivered. */
  custodians(): string[] {
    const prefix = custodyCollection('');
    return [...this.#private.keys()]
      .filter((name) => name.startsWith(prefix) && this.#private.get(name)?.get(hashKey(CUSTODY_KEY))?.value)
      .map((name) => name.slice(prefix.length))
      .sort();
  }

  /** All values of one kind that are there. */
  *privateValues<Kind extends PrivateKind>(collection: string, kind: Kind): Generator<ValueOf<Kind>> {
    for (const { key, value } of this.#private.get(collection)?.values() ?? []) {
      if (value === undefined || key?.startsWith(`${kind}/`) !== true) continue;
      yield JSON.parse(value.toString('utf8')) as ValueOf<Kind>;
    }
  }

  #collection(name: string): Map<string, Entry> {
    let entries = this.#private.get(name);
    if (entries === undefined) {
      entries = new Map();
      this.#private.set(name, entries);
    }
    return entries;
  }

  #publicJson(key: string): unknown {
    const bytes = this.#public.get(key);
    return bytes === undefined ? undefined : JSON.parse(bytes.toString('utf8'));
  }
}

/** No decision reads them, and there are as many as decisions. */
function isKeptElsewhere(key: string): boolean {
  return key.startsWith('event/') || key.startsWith('details/') || key.startsWith('delivery/');
}

function isWithdrawal(kind: PrivateKind): boolean {
  return kind === 'withdrawal' || kind === 'withdrawn';
}

/** One custodian's part of the state, read as a decision reads it. */
export class CustodyWorld {
  readonly #pepper: Buffer;

  constructor(
    private readonly world: World,
    private readonly custodian: string,
    readonly custody: Custody,
  ) {
    this.#pepper = Buffer.from(custody.pepper, 'base64url');
  }

  readonly values = {
    get: <Kind extends PrivateKind>(
      kind: Kind,
      ...id: [string, ...string[]]
    ): Promise<ValueOf<Kind> | undefined> => this.#get(custodyCollection(this.custodian), kind, id),
  };

  readonly withdrawals = {
    get: <Kind extends PrivateKind>(
      kind: Kind,
      ...id: [string, ...string[]]
    ): Promise<ValueOf<Kind> | undefined> => this.#get(withdrawalCollection(this.custodian), kind, id),
  };

  /** The studies that are run here, as a decision reads them. */
  readonly studies = {
    get: (id: string): Promise<RegisteredStudy | undefined> => {
      try {
        return Promise.resolve(this.#study(id));
      } catch (error) {
        return Promise.reject(error instanceof Error ? error : new Error(String(error)));
      }
    },
  };

  #study(id: string): RegisteredStudy | undefined {
    const study = this.world.study(id);
    if (study?.sites.includes(this.custodian) !== true) return undefined;
    const terms = this.world.studies(this.custodian, study.sponsor)?.get('terms', id);
    return terms === undefined ? undefined : { study, terms };
  }

  key(kind: PrivateKind, ...id: [string, ...string[]]): string {
    return privateKey(kind, this.#pepper, ...id);
  }

  /** Pseudonym in a study of one of this custodian's subjects. */
  person(study: string, subject: string): string {
    return studyPerson(this.#pepper, study, subject);
  }

  #get<Kind extends PrivateKind>(
    collection: string,
    kind: Kind,
    id: [string, ...string[]],
  ): Promise<ValueOf<Kind> | undefined> {
    try {
      const bytes = this.world.privateBytes(collection, hashKey(this.key(kind, ...id)));
      return Promise.resolve(
        bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as ValueOf<Kind>),
      );
    } catch (error) {
      // After an erasure there is nothing under the key, and that is what endorsers read. A withdrawal is never merely gone.
      if (error instanceof MissingValue && error.why === 'purged' && !isWithdrawal(kind))
        return Promise.resolve(undefined);
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

/** One study collection, read by its keys. */
export class StudyWorld {
  readonly #pepper: Buffer;

  constructor(
    private readonly world: World,
    readonly studies: Studies,
  ) {
    this.#pepper = Buffer.from(studies.pepper, 'base64url');
  }

  key(kind: PrivateKind, ...id: [string, ...string[]]): string {
    return privateKey(kind, this.#pepper, ...id);
  }

  /** @throws MissingValue */
  get<Kind extends PrivateKind>(kind: Kind, ...id: [string, ...string[]]): ValueOf<Kind> | undefined {
    const { site, sponsor } = this.studies;
    const bytes = this.world.privateBytes(studyCollection(site, sponsor), hashKey(this.key(kind, ...id)));
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as ValueOf<Kind>);
  }
}
