import {
  CUSTODY_KEY,
  LEDGER_KEY,
  agreementKey,
  legalBasisKey,
  MEMBER_PREFIX,
  STUDIES_KEY,
  studyCollection,
  studyKey,
  custodyCollection,
  privateKey,
  studyPerson,
  withdrawalCollection,
  type AgreementVersion,
  type Custody,
  type Ledger,
  type LegalBasisVersion,
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

interface Entry extends Parsed {
  readonly key?: string;
  readonly value?: Buffer;
  readonly block: number;
  /** Where there is no value. */
  readonly why?: 'not-delivered' | 'purged';
}

/** What was read of some bytes once: decisions read the same again and again. */
interface Parsed {
  json?: unknown;
}

interface PublicEntry extends Parsed {
  readonly value: Buffer;
}

function jsonOf(entry: PublicEntry): unknown {
  return (entry.json ??= JSON.parse(entry.value.toString('utf8')));
}

/**
 * The state as the valid transactions make it, at one position of the history: public values, and of the private
 * collections what was delivered.
 */
export class World {
  readonly #public = new Map<string, PublicEntry>();
  readonly #private = new Map<string, Map<string, Entry>>();
  readonly #custodies = new Map<string, CustodyWorld>();

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
      else this.#public.set(name, { value: Buffer.from(value) });
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

  /** The newest version of what two members have agreed on. */
  agreement(one: string, other: string): AgreementVersion | undefined {
    return this.#publicJson(agreementKey(one, other)) as AgreementVersion | undefined;
  }

  /** The newest version of a legal basis. */
  legalBasis(basis: string): LegalBasisVersion | undefined {
    return this.#publicJson(legalBasisKey(basis)) as LegalBasisVersion | undefined;
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
    const custody = this.privateJson(custodyCollection(custodian), CUSTODY_HASH) as Custody | undefined;
    if (custody === undefined) return undefined;
    const known = this.#custodies.get(custodian);
    if (known?.custody === custody) return known;
    const made = new CustodyWorld(this, custodian, custody);
    this.#custodies.set(custodian, made);
    return made;
  }

  /**
   * @param keyHash as {@link hashKey} makes it
   * @returns undefined where the ledger never had a value under that key
   * @throws MissingValue
   */
  privateBytes(collection: string, keyHash: string): Buffer | undefined {
    return this.#presentEntry(collection, keyHash)?.value;
  }

  /**
   * The same, read: of one value the same object each time, which nobody changes.
   * @throws MissingValue
   */
  privateJson(collection: string, keyHash: string): unknown {
    const entry = this.#presentEntry(collection, keyHash);
    return entry === undefined ? undefined : jsonOf(entry);
  }

  #presentEntry(collection: string, keyHash: string): (Entry & PublicEntry) | undefined {
    const entry = this.#private.get(collection)?.get(keyHash);
    if (entry === undefined) return undefined;
    if (hasValue(entry)) return entry;
    throw new MissingValue(entry.why ?? 'not-delivered', entry.block, collection, keyHash);
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

  /** All public values whose keys start so, in the order of their keys. */
  publicValues(prefix: string): unknown[] {
    const keys = [...this.#public.keys()].filter((key) => key.startsWith(prefix)).sort();
    return keys.map((key) => this.#publicJson(key));
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
    const entry = this.#public.get(key);
    return entry === undefined ? undefined : jsonOf(entry);
  }
}

function hasValue(entry: Entry): entry is Entry & PublicEntry {
  return entry.value !== undefined;
}

const CUSTODY_HASH = hashKey(CUSTODY_KEY);

/** No decision reads them, and there are as many as decisions. */
function isKeptElsewhere(key: string): boolean {
  return key.startsWith('event/') || key.startsWith('details/') || key.startsWith('delivery/');
}

function isWithdrawal(kind: PrivateKind): boolean {
  return kind === 'withdrawal' || kind === 'withdrawn';
}

const MOST_KEY_HASHES = 200_000;

/** One custodian's part of the state, read as a decision reads it. */
export class CustodyWorld {
  readonly #pepper: Buffer;
  readonly #keyHashes = new Map<PrivateKind, Map<string, string>>();

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

  readonly agreements = {
    get: (one: string, other: string): Promise<AgreementVersion | undefined> =>
      Promise.resolve(this.world.agreement(one, other)),
  };

  readonly legalBases = {
    get: (basis: string): Promise<LegalBasisVersion | undefined> =>
      Promise.resolve(this.world.legalBasis(basis)),
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

  /** Subjects and records come again and again. */
  #keyHash(kind: PrivateKind, id: [string, ...string[]]): string {
    let hashes = this.#keyHashes.get(kind);
    if (hashes === undefined) this.#keyHashes.set(kind, (hashes = new Map<string, string>()));
    const name = id.length === 1 ? id[0] : id.join(' ');
    const known = hashes.get(name);
    if (known !== undefined) return known;
    const made = hashKey(this.key(kind, ...id));
    if (hashes.size >= MOST_KEY_HASHES) hashes.clear();
    hashes.set(name, made);
    return made;
  }

  #get<Kind extends PrivateKind>(
    collection: string,
    kind: Kind,
    id: [string, ...string[]],
  ): Promise<ValueOf<Kind> | undefined> {
    try {
      const keyHash = this.#keyHash(kind, id);
      return Promise.resolve(this.world.privateJson(collection, keyHash) as ValueOf<Kind> | undefined);
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
