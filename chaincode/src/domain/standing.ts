import type { PolicyInForce } from './policy.js';
import { contains } from './time.js';

/** How a consent stands at an instant. */
export interface Standing {
  readonly held: PolicyInForce;
  readonly inForce: boolean;
  /** Superseded by another, whether that one is in force or not. */
  readonly superseded: boolean;
  /** How it has ended, where it was in force once and is not any more. */
  readonly ended: 'withdrawn' | 'expired' | undefined;
}

/** Statuses of consents that were active once; all others never were, and supersede nothing. */
const WAS_ACTIVE: ReadonlySet<string> = new Set(['active', 'inactive']);

/**
 * Which of one subject's consents are in force at the instant, in the order of their ids.
 *
 * A superseded permit has ended for good, whatever becomes of the consent that superseded it; a superseded
 * deny is out of force only while a consent that supersedes it is in force.
 */
export function standings(consents: readonly PolicyInForce[], at: number): readonly Standing[] {
  const ordered = inOrder(consents);
  const superseders = findSuperseders(ordered);
  if (superseders === undefined) {
    return ordered.map((held) => ({
      held,
      inForce: runs(held, at),
      superseded: false,
      ended: howEnded(held, at),
    }));
  }
  const cache = new Map<PolicyInForce, boolean>();
  const inForce = (held: PolicyInForce): boolean => {
    const cached = cache.get(held);
    if (cached !== undefined) return cached;
    const by = superseders.get(held) ?? [];
    const stands = runs(held, at) && (held.policy.base === 'permit' ? by.length === 0 : !by.some(inForce));
    cache.set(held, stands);
    return stands;
  };
  return ordered.map((held) => ({
    held,
    inForce: inForce(held),
    superseded: superseders.has(held),
    ended: howEnded(held, at),
  }));
}

/** Sorted by id and version; mostly they are already. */
function inOrder(consents: readonly PolicyInForce[]): readonly PolicyInForce[] {
  let before: PolicyInForce | undefined;
  for (const held of consents) {
    if (before !== undefined && byId(before, held) > 0) return [...consents].sort(byId);
    before = held;
  }
  return consents;
}

/** Active, within its period and not withdrawn. */
function runs({ policy, withdrawnAt }: PolicyInForce, at: number): boolean {
  return (
    policy.status === 'active' &&
    (policy.period === undefined || contains(policy.period, at)) &&
    (withdrawnAt === undefined || at < withdrawnAt)
  );
}

/** `inactive` is how a FHIR consent says that it was revoked. */
function howEnded({ policy, withdrawnAt }: PolicyInForce, at: number): Standing['ended'] {
  if (!WAS_ACTIVE.has(policy.status)) return undefined;
  if (policy.status === 'inactive' || (withdrawnAt !== undefined && at >= withdrawnAt)) {
    return 'withdrawn';
  }
  return policy.period?.until !== undefined && at >= policy.period.until ? 'expired' : undefined;
}

/**
 * For each superseded consent those that supersede it: what a consent supersedes, it supersedes with all that
 * that one superseded. A consent that would come to supersede itself supersedes nothing: no order of filing
 * can bring that about, and so no reading is safer. Undefined where none supersedes any.
 */
function findSuperseders(
  consents: readonly PolicyInForce[],
): ReadonlyMap<PolicyInForce, readonly PolicyInForce[]> | undefined {
  if (consents.every(({ policy }) => policy.supersedes.length === 0)) return undefined;
  const named = new Map(consents.map((held) => [held.policy.id, held]));
  const superseders = new Map<PolicyInForce, PolicyInForce[]>();
  for (const held of consents) {
    const reached = reachedFrom(held, named);
    if (reached.has(held)) continue;
    for (const one of reached) {
      const by = superseders.get(one) ?? [];
      by.push(held);
      superseders.set(one, by);
    }
  }
  return superseders;
}

function reachedFrom(
  from: PolicyInForce,
  named: ReadonlyMap<string, PolicyInForce>,
): ReadonlySet<PolicyInForce> {
  const reached = new Set<PolicyInForce>();
  const open = [from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (!WAS_ACTIVE.has(next.policy.status)) continue;
    for (const id of next.policy.supersedes) {
      const one = named.get(id);
      if (one === undefined || reached.has(one)) continue;
      reached.add(one);
      open.push(one);
    }
  }
  return reached;
}

function byId(a: PolicyInForce, b: PolicyInForce): number {
  if (a.policy.id !== b.policy.id) return a.policy.id < b.policy.id ? -1 : 1;
  return a.version - b.version;
}
