import { confidentialityRank, isKnownLabel, type Coding } from '@consent-ledger/chaincode/domain';
import type { Labelling } from '@consent-ledger/chaincode/wire';
import type { LabelTable } from './label-table.js';

/** What is known of a record when it is labelled. */
export interface ToLabel {
  /** Labels that it carries itself, and those that whoever brought it stated; undefined where nothing was said. */
  readonly own: readonly string[] | undefined;
  readonly stated: readonly string[] | undefined;
  readonly codings: readonly Coding[];
  /** Whether everything that it is about is coded, so that it is the rules' silence, and not its own, that says nothing. */
  readonly isCoded: boolean;
}

export interface Labelled {
  /** Undefined: not assessed. */
  readonly labels: readonly string[] | undefined;
  readonly labelling: Labelling;
}

const MAX_FOUND = 64;
/** What a sensitivity makes of a record that says less of itself, or nothing: IHE PCF 1.1; docs/consent.md, "Security labels". */
const LEAST_LEVEL = 'R';

/**
 * The labels of a record: those that came with it, every one, and what the rules find in its codes. With a sensitivity that a
 * rule found a record is at R or above.
 */
export function labelRecord({ own, stated, codings, isCoded }: ToLabel, table: LabelTable): Labelled {
  const found = findings(codings, table);
  const labels = new Set([...(own ?? []), ...(stated ?? []), ...found.flatMap((one) => one.labels)]);
  if (found.length > 0 && !isRestricted(labels)) labels.add(LEAST_LEVEL);
  const labelling: Labelling = {
    table: table.digest,
    ...(own === undefined ? {} : { own: [...own] }),
    ...(stated === undefined ? {} : { stated: [...stated] }),
    found,
  };
  const isAssessed = own !== undefined || stated !== undefined || found.length > 0;
  if (isAssessed) return { labels: [...labels], labelling };
  return { labels: table.otherwise === 'normal' && isCoded ? ['N'] : undefined, labelling };
}

/**
 * The labels that a custodian's staff decides on instead: exactly these. What the rules found and is not among them is kept as
 * overruled; what the record says of itself cannot be left out (`left`).
 */
export function overruleLabels(
  decided: readonly string[],
  { labelling }: Labelled,
): { readonly labelling: Labelling; readonly left: readonly string[] } {
  const kept = new Set(decided);
  const found = labelling.found.filter(({ labels }) => labels.every((label) => kept.has(label)));
  const overruled = labelling.found.filter(({ labels }) => !labels.every((label) => kept.has(label)));
  return {
    left: (labelling.own ?? []).filter((label) => !kept.has(label)),
    labelling: {
      ...labelling,
      found,
      decided: [...decided],
      ...(overruled.length === 0 ? {} : { overruled: overruled.map(({ rule }) => rule) }),
    },
  };
}

/** Each rule once, with the first code that it matched. */
function findings(codings: readonly Coding[], { rules }: LabelTable): Labelling['found'] {
  const found: Labelling['found'] = [];
  for (const { id, labels, matches } of rules) {
    const coding = codings.find(matches);
    if (coding !== undefined) found.push({ rule: id, labels: [...labels], coding });
  }
  return found.slice(0, MAX_FOUND);
}

function isRestricted(labels: ReadonlySet<string>): boolean {
  const least = confidentialityRank(LEAST_LEVEL) ?? 0;
  return [...labels].some((label) => isKnownLabel(label) && (confidentialityRank(label) ?? -1) >= least);
}
