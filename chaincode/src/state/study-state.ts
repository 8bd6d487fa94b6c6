import { createSecretKey } from 'node:crypto';
import type { RegisteredStudy, Studies } from '../wire/index.js';
import { canonicalBytes } from '../wire/canonical.js';
import { STUDIES_KEY, valueSaltFor } from '../wire/keys.js';
import { studyCollection } from '../wire/names.js';
import { bytesOf } from './custody-state.js';
import { PrivateCollection } from './private-collection.js';
import type { PublicState } from './public-state.js';
import { StoredValueCache } from './stored.js';
import type { Stub } from './stub.js';

const known = new StoredValueCache<Studies>(256);

/** The value that opens the others of a study collection; undefined where nothing was stated there yet. */
export async function readStudies(stub: Stub, site: string, sponsor: string): Promise<Studies | undefined> {
  return known.read(await stub.getPrivateData(studyCollection(site, sponsor), STUDIES_KEY));
}

/** Opens a study collection, once and for all, with its secret. */
export function putStudies(
  stub: Stub,
  value: Pick<Studies, 'site' | 'sponsor' | 'pepper'>,
  commandSalt: string,
): void {
  const salt = valueSaltFor(bytesOf(commandSalt), STUDIES_KEY);
  const stored: Studies = { v: 1, salt, ...value };
  stub.putPrivateData(studyCollection(value.site, value.sponsor), STUDIES_KEY, canonicalBytes(stored));
}

/**
 * What site, sponsor and oversight know of their studies.
 * @param commandSalt absent in a query, or where nothing is written
 */
export function studyValues(
  stub: Stub,
  { site, sponsor, pepper }: Pick<Studies, 'site' | 'sponsor' | 'pepper'>,
  commandSalt?: string,
): PrivateCollection {
  return new PrivateCollection(
    stub,
    studyCollection(site, sponsor),
    createSecretKey(bytesOf(pepper)),
    commandSalt === undefined ? undefined : createSecretKey(bytesOf(commandSalt)),
  );
}

/** Reads the studies that are run at one site, each once in a transaction, and none that nobody names. */
export class StudyReader {
  readonly #read = new Map<string, Promise<RegisteredStudy | undefined>>();

  constructor(
    private readonly stub: Stub,
    private readonly publicState: PublicState,
    private readonly site: string,
  ) {}

  /** Undefined where the study is not registered, is not run here, or has no terms here. */
  get(study: string): Promise<RegisteredStudy | undefined> {
    const read = this.#read.get(study) ?? this.#find(study);
    this.#read.set(study, read);
    return read;
  }

  /** A study is registered only once all its sites' collections are there, so none is asked for that does not exist. */
  async #find(id: string): Promise<RegisteredStudy | undefined> {
    const study = await this.publicState.study(id);
    if (study?.sites.includes(this.site) !== true) return undefined;
    const studies = await readStudies(this.stub, this.site, study.sponsor);
    if (studies === undefined) return undefined;
    const terms = await studyValues(this.stub, studies).get('terms', id);
    return terms === undefined ? undefined : { study, terms };
  }
}
