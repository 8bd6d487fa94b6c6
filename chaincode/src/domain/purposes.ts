import { PURPOSE_OF_USE } from './tables/purpose-of-use.js';

/** Breaking the glass: no consent permits it, docs/consent.md "Emergencies" decides it. */
export const BREAK_GLASS = 'BTG';

const CLINICAL_TRIAL = 'CLINTRL';
const POPULATION_HEALTH = 'POPHLTH';
const RESEARCH = 'HRESCH';

const parents = new Map<string, string>(PURPOSE_OF_USE.parents);

/** Each purpose with itself and all that it descends from, below PurposeOfUse. */
const lineage = new Map<string, ReadonlySet<string>>(
  PURPOSE_OF_USE.parents.map(([code]) => {
    const line = new Set<string>();
    for (let at: string | undefined = code; at !== undefined && parents.has(at); at = parents.get(at)) {
      line.add(at);
    }
    return [code, line];
  }),
);

const research: ReadonlySet<string> = new Set(
  [...lineage].filter(([code, line]) => code === CLINICAL_TRIAL || line.has(RESEARCH)).map(([code]) => code),
);

/** The purposes of v3 ActReason that descend from PurposeOfUse. */
export const purposes: readonly string[] = PURPOSE_OF_USE.parents.map(([code]) => code);

/** Is it such a purpose, or `system|code` of a registered system? */
export function isKnownPurpose(purpose: string, purposeSystems: readonly string[] = []): boolean {
  if (lineage.has(purpose)) return true;
  const bar = purpose.indexOf('|');
  return bar > 0 && bar < purpose.length - 1 && purposeSystems.includes(purpose.slice(0, bar));
}

/** Is the asked purpose one of the named, or does it descend from one? */
export function purposesCover(named: readonly string[], asked: string): boolean {
  const line = lineage.get(asked);
  for (const purpose of named) if (purpose === asked || line?.has(purpose) === true) return true;
  return false;
}

/** The purpose with all that it descends from; undefined for one of another system, which descends from nothing. */
export function lineageOf(purpose: string): ReadonlySet<string> | undefined {
  return lineage.get(purpose);
}

/** Purposes below treatment that a permit covers only where it names them. */
export function mustBeNamed(purpose: string): boolean {
  return purpose === CLINICAL_TRIAL || purpose === POPULATION_HEALTH;
}

/** Purposes that consents of scope `research` speak about. */
export function isResearch(purpose: string): boolean {
  return research.has(purpose);
}

/** Treatment, payment and operations with what descends from them, less what must be named and break-glass. */
export function isBasicPurpose(purpose: string): boolean {
  return (
    purposesCover(['TREAT', 'HPAYMT', 'HOPERAT'], purpose) && !mustBeNamed(purpose) && purpose !== BREAK_GLASS
  );
}
