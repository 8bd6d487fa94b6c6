import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  decodeBase64Url,
  privateKey,
  privateValues,
  STUDIES_KEY,
  studies,
  study,
  studyCollection,
  studyKey,
  STUDY_PREFIX,
  type PrivateKind,
  type PrivateValue,
  type RegisteredStudy,
  type Study,
} from '@consent-ledger/chaincode/wire';
import type { Projection } from '../ports/projection.js';

type StudyKind = Extract<PrivateKind, 'terms' | 'participation' | 'stopping'>;

/** The studies as the projection has them: what is public, and of the study collections what this member reads. */
export class StudyView {
  readonly #peppers = new Map<string, KeyObject>();

  constructor(
    private readonly projection: Pick<Projection, 'publicValue' | 'publicValues' | 'privateValue'>,
  ) {}

  study(id: string): Study | undefined {
    const value = this.projection.publicValue(studyKey(id));
    return value === undefined ? undefined : study.parse(parse(value));
  }

  all(): readonly Study[] {
    return this.projection.publicValues(STUDY_PREFIX).map(({ value }) => study.parse(parse(value)));
  }

  /** Whether site and sponsor share anything yet. */
  isOpen(site: string, sponsor: string): boolean {
    return this.#pepper(site, sponsor) !== undefined;
  }

  /** Throws a Refusal `event-pending` where the own peer lacks the value. */
  get<Kind extends StudyKind>(
    { site, sponsor }: { readonly site: string; readonly sponsor: string },
    kind: Kind,
    ...id: readonly [string, ...string[]]
  ): PrivateValue<Kind> | undefined {
    const pepper = this.#pepper(site, sponsor);
    if (pepper === undefined) return undefined;
    const held = this.projection.privateValue(
      studyCollection(site, sponsor),
      privateKey(kind, pepper, ...id),
    );
    return held === undefined
      ? undefined
      : (privateValues[kind].parse(parse(held.value)) as PrivateValue<Kind>);
  }

  /** A study at one site, as a decision there reads it. */
  registered(id: string, site: string): RegisteredStudy | undefined {
    const found = this.study(id);
    if (found?.sites.includes(site) !== true) return undefined;
    const terms = this.get({ site, sponsor: found.sponsor }, 'terms', id);
    return terms === undefined ? undefined : { study: found, terms };
  }

  /** Written once and never changed, so it is kept. */
  #pepper(site: string, sponsor: string): KeyObject | undefined {
    const collection = studyCollection(site, sponsor);
    const known = this.#peppers.get(collection);
    if (known !== undefined) return known;
    const held = this.projection.privateValue(collection, STUDIES_KEY);
    if (held === undefined) return undefined;
    const bytes = decodeBase64Url(studies.parse(parse(held.value)).pepper);
    if (bytes === undefined) throw new Error('the pepper of a study collection is not base64url');
    const pepper = createSecretKey(bytes);
    this.#peppers.set(collection, pepper);
    return pepper;
  }
}

function parse(bytes: Buffer): unknown {
  return JSON.parse(bytes.toString('utf8'));
}
