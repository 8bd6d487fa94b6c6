import { CONFIDENTIALITY } from './tables/confidentiality.js';
import { SENSITIVITY } from './tables/sensitivity.js';

/** The handling label of 42 CFR Part 2 records in v3 ActCode; it counts as a sensitivity. */
export const PART_2 = '42CFRPart2';

/** The codes of v3 Confidentiality, lowest first; the code system itself gives them no order. */
const ORDER = ['U', 'L', 'M', 'N', 'R', 'V'] as const;

export const NORMAL = 3;
export const RESTRICTED = 4;

const ranks = new Map<string, number>(ORDER.map((code, rank) => [code, rank]));
const parents = new Map<string, string>(SENSITIVITY.parents);

/** Each sensitivity with itself and all that descends from it. */
const within = new Map<string, Set<string>>([[PART_2, new Set([PART_2])]]);
for (const [code] of SENSITIVITY.parents) within.set(code, new Set());
for (const [code] of SENSITIVITY.parents) {
  for (let at: string | undefined = code; at !== undefined; at = parents.get(at)) within.get(at)?.add(code);
}

const descending = (code: string): string[] => [...(within.get(code) ?? [])];

/** Substance use: codes that the code system keeps apart though they mean the same data. */
const SUBSTANCE_USE: ReadonlySet<string> = new Set(['ETH', ...descending('SUD'), PART_2]);
const MENTAL_HEALTH: ReadonlySet<string> = new Set(['MH', 'PSY', ...descending('BH'), 'PSYTHPN']);

/** What a deny of the code reaches: what is within it, and what is related to any of that. */
const denied = new Map<string, ReadonlySet<string>>();
/** What is never outside the code for a permit: what is within it, and Part 2 where that holds SUD codes. */
const tolerated = new Map<string, ReadonlySet<string>>();
for (const [code, own] of within) {
  const reached = new Set(own);
  for (const group of [SUBSTANCE_USE, MENTAL_HEALTH]) {
    if (intersect(own, group)) for (const related of group) reached.add(related);
  }
  denied.set(code, reached);
  tolerated.set(code, intersect(own, new Set(descending('SUD'))) ? new Set([...own, PART_2]) : own);
}

export const confidentialityCodes: readonly string[] = ORDER;
export const sensitivityCodes: readonly string[] = [...within.keys()];

/** 0 (U) to 5 (V), or undefined if it is no code of v3 Confidentiality. */
export function confidentialityRank(label: string): number | undefined {
  return ranks.get(label);
}

/** What descends from the information sensitivity policies of v3 ActCode, and 42CFRPart2. */
export function isSensitivity(label: string): boolean {
  return within.has(label);
}

export function isKnownLabel(label: string): boolean {
  return ranks.has(label) || within.has(label);
}

export function isSubstanceUse(label: string): boolean {
  return SUBSTANCE_USE.has(label);
}

/** Is the record's sensitivity one of the named or within one? */
export function sensitivityWithin(named: readonly string[], label: string): boolean {
  return named.some((code) => within.get(code)?.has(label) === true);
}

/** As `sensitivityWithin`, with 42CFRPart2 where the named hold SUD or what descends from it. */
export function sensitivityTolerated(named: readonly string[], label: string): boolean {
  return named.some((code) => tolerated.get(code)?.has(label) === true);
}

/** Is the record's sensitivity within, or related to, one of the named? */
export function sensitivityDenied(named: readonly string[], label: string): boolean {
  return named.some((code) => denied.get(code)?.has(label) === true);
}

/** What the labels of a record say, once they are known. */
export interface Labelling {
  /** Rank of confidentiality, 0 (U) to 5 (V). */
  readonly level: number;
  readonly sensitivities: readonly string[];
}

/** Highest confidentiality code; without one R where there is a sensitivity, N where there is none. */
export function readLabels(labels: readonly string[]): Labelling {
  const sensitivities = labels.filter(isSensitivity);
  let level = -1;
  for (const label of labels) level = Math.max(level, ranks.get(label) ?? -1);
  if (level === -1) level = sensitivities.length > 0 ? RESTRICTED : NORMAL;
  return { level, sensitivities };
}

function intersect(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const member of a) if (b.has(member)) return true;
  return false;
}

if (CONFIDENTIALITY.parents.some(([code]) => !ranks.has(code))) {
  throw new Error('the order of confidentiality codes does not know all of them');
}
