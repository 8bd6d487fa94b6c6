import type { Asked, Facts } from './facts.js';
import { matchCriteria, matchPurpose, NO, YES, type Match } from './match.js';
import type { CompiledPolicy, CompiledProvision } from './policy.js';
import { contains } from './time.js';

/** A provision (or the base) that speaks. */
export interface Voice {
  readonly outcome: 'permit' | 'deny';
  readonly path: string;
  /** When the first of the periods on the way to it has ended; absent if none ends. */
  readonly until: number | undefined;
  /** A deny that lists break-glass, or lies inside a deny that does. */
  readonly forbidsBreakGlass: boolean;
}

/** What one consent says: permit, deny, or (undefined) nothing. */
export type Saying = Voice | undefined;

interface Way {
  /** How well everything on the way matches. */
  readonly reach: Match;
  readonly until: number | undefined;
  /** Inside a deny that lists the asked purpose. */
  readonly inListingDeny: boolean;
  /** A permit has been passed that does not cover the asked purpose: only a deny that lists it may speak from here. */
  readonly onlyToListingDeny: boolean;
}

interface Voices {
  deny?: Voice;
  permit?: Voice;
}

/**
 * What the consent says to one purpose and one action, whether it is in force or not. Among the exceptions
 * that match one deny makes it deny, otherwise one permit makes it permit; if none matches, the base, where
 * the question lies within the coverage.
 */
export function say(policy: CompiledPolicy, asked: Asked, facts: Facts): Saying {
  if (policy.scope === 'research' && asked.scope !== 'research') return undefined;
  if (policy.study !== undefined && policy.study.study !== facts.study) return undefined;
  const { base, coverage } = policy;
  const baseLists = listsAsDeny(base, coverage.purposes, asked);
  const { deny, permit } = hear(policy.exceptions, asked, facts, {
    reach: YES,
    until: policy.period?.until,
    inListingDeny: baseLists,
    onlyToListingDeny: false,
  });
  if (deny !== undefined || permit !== undefined) return deny ?? permit;
  if (asked.breakGlass && base === 'permit') return undefined;
  if (!matchPurpose(coverage.purposes, base, asked)) return undefined;
  const match = matchCriteria(coverage, asked, facts);
  if (!speaks(base, match)) return undefined;
  return {
    outcome: base,
    path: policy.basePath,
    until: policy.period?.until,
    forbidsBreakGlass: asked.breakGlass && baseLists,
  };
}

/** The voices among these provisions, each with its own exceptions inside. */
function hear(provisions: readonly CompiledProvision[], asked: Asked, facts: Facts, way: Way): Voices {
  const voices: Voices = {};
  for (const provision of provisions) {
    const { kind, period, criteria, exceptions } = provision;
    if (period !== undefined && !contains(period, facts.at)) continue;
    const covers = matchPurpose(criteria.purposes, kind, asked);
    if (!covers && !(kind === 'permit' && matchPurpose(criteria.purposes, 'deny', asked))) continue;
    const reach = Math.min(way.reach, matchCriteria(criteria, asked, facts)) as Match;
    if (reach === NO) continue;
    const here = step(provision, asked, way, reach, covers);
    if (exceptions.length > 0) {
      const inside = hear(exceptions, asked, facts, here);
      if (inside.deny !== undefined) {
        voices.deny = louder(voices.deny, inside.deny);
        continue;
      }
      if (inside.permit !== undefined) {
        voices.permit ??= inside.permit;
        continue;
      }
    }
    if (here.onlyToListingDeny || !speaks(kind, reach)) continue;
    const voice: Voice = {
      outcome: kind,
      path: provision.path,
      until: here.until,
      forbidsBreakGlass: asked.breakGlass && kind === 'deny' && here.inListingDeny,
    };
    if (kind === 'deny') voices.deny = louder(voices.deny, voice);
    else voices.permit ??= voice;
  }
  return voices;
}

/**
 * What a permit does not cover it still lets through, to a deny inside it that lists the asked purpose: else that deny
 * could never speak. That is so for what a permit must name, and for break-glass, which no permit covers but inside a
 * deny that lists it.
 */
function step(provision: CompiledProvision, asked: Asked, way: Way, reach: Match, covers: boolean): Way {
  const { kind, period, criteria } = provision;
  const lists = listsAsDeny(kind, criteria.purposes, asked);
  const inListingDeny = way.inListingDeny || lists;
  return {
    reach,
    until: earlier(way.until, period?.until),
    inListingDeny,
    onlyToListingDeny: asked.breakGlass
      ? !inListingDeny && (way.onlyToListingDeny || kind === 'permit')
      : !lists && (way.onlyToListingDeny || !covers),
  };
}

function listsAsDeny(
  kind: 'permit' | 'deny',
  purposes: readonly string[] | undefined,
  { purpose }: Asked,
): boolean {
  return kind === 'deny' && purposes?.includes(purpose) === true;
}

/** The unknown counts as a match for a deny and as none for a permit. */
function speaks(kind: 'permit' | 'deny', match: Match): boolean {
  return kind === 'deny' ? match !== NO : match === YES;
}

/** The first deny speaks for the consent, unless a later one forbids break-glass and it does not. */
function louder(first: Voice | undefined, next: Voice): Voice {
  if (first === undefined) return next;
  return next.forbidsBreakGlass && !first.forbidsBreakGlass ? next : first;
}

export function earlier(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined || a < b ? a : b;
}
