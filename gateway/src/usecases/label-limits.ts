import { confidentialityCodes, sensitivityCodes } from '@consent-ledger/chaincode/domain';

/** Which labels what is permitted may carry. */
export interface LabelLimits {
  /** What carries none of these is not permitted; what carries no label is among it. */
  readonly only: readonly string[];
  /** What carries one of these is not permitted. */
  readonly never: readonly string[];
}

/**
 * Limits that let nothing through that the rules would deny; undefined where nothing is permitted. `permits` decides with
 * those labels, and everything else as it is.
 *
 * Any part of what is let through is permitted because the whole of it is, at each level: a deny that matches some of the
 * sensitivities matches all of them, and a permit that covers all covers any of them (docs/consent.md, "Security labels").
 * Some of what the rules would permit may be held back: the limits are plain lists of codes.
 */
export function labelLimits(permits: (labels: readonly string[]) => boolean): LabelLimits | undefined {
  const levels = confidentialityCodes.filter((level) => permits([level]));
  const sensitivities = grown(levels, permits);
  if (levels.length > 0) return limits(levels, levels, sensitivities);
  // No record is permitted without one of these; one without a level counts as R.
  const narrow = sensitivityCodes.flatMap((first) => {
    const at = confidentialityCodes.filter((level) => permits([level, first]));
    return at.includes('R') ? [at] : [];
  })[0];
  if (narrow === undefined) return undefined;
  const carried = grown(narrow, permits);
  return limits(carried, narrow, carried);
}

/** As many sensitivities as are permitted all together, at each of the levels. */
function grown(
  levels: readonly string[],
  permits: (labels: readonly string[]) => boolean,
): readonly string[] {
  const found: string[] = [];
  for (const sensitivity of levels.length === 0 ? [] : sensitivityCodes) {
    if (levels.every((level) => permits([level, ...found, sensitivity]))) found.push(sensitivity);
  }
  return found;
}

function limits(
  only: readonly string[],
  levels: readonly string[],
  sensitivities: readonly string[],
): LabelLimits {
  return {
    only,
    never: [
      ...confidentialityCodes.filter((level) => !levels.includes(level)),
      ...sensitivityCodes.filter((sensitivity) => !sensitivities.includes(sensitivity)),
    ],
  };
}
