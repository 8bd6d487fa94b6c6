import type { CompiledPolicy, CompiledProvision, Criteria, Interval, ProvisionKind } from './policy.js';

/** One thing on the way to a provision: what it constrains, and as what kind it reads purposes. */
export interface Step {
  readonly kind: ProvisionKind;
  readonly criteria: Criteria;
}

/** Everything that must match for a provision, or the base, to speak. */
export interface Way {
  /** FHIRPath of what speaks at the end of it. */
  readonly path: string;
  /** What speaks at the end of it: on the way to a deny the unknown counts as a match. */
  readonly to: ProvisionKind;
  readonly steps: readonly Step[];
  readonly periods: readonly Interval[];
}

/** The ways to everything in the policy that can speak as this kind. */
export function waysTo(kind: ProvisionKind, policy: CompiledPolicy): readonly Way[] {
  const periods = policy.period === undefined ? [] : [policy.period];
  const base: Way[] =
    policy.base === kind
      ? [{ path: policy.basePath, to: kind, steps: [{ kind, criteria: policy.coverage }], periods }]
      : [];
  const start: Way = { path: '', to: kind, steps: [], periods };
  return [...base, ...waysInside(kind, policy.exceptions, start)];
}

function waysInside(
  kind: ProvisionKind,
  provisions: readonly CompiledProvision[],
  above: Way,
): readonly Way[] {
  return provisions.flatMap((provision) => {
    const here: Way = {
      path: provision.path,
      to: kind,
      steps: [...above.steps, { kind: provision.kind, criteria: provision.criteria }],
      periods: provision.period === undefined ? above.periods : [...above.periods, provision.period],
    };
    const inside = waysInside(kind, provision.exceptions, here);
    return provision.kind === kind ? [here, ...inside] : inside;
  });
}

/** What every provision of the policy constrains, and its coverage. */
export function criteriaOf(policy: CompiledPolicy): readonly Criteria[] {
  const inside = (provisions: readonly CompiledProvision[]): Criteria[] =>
    provisions.flatMap(({ criteria, exceptions }) => [criteria, ...inside(exceptions)]);
  return [policy.coverage, ...inside(policy.exceptions)];
}
