import { parseDateTime, type Coding } from '@consent-ledger/chaincode/domain';
import type { DescriptorFacts, SearchClaims } from '@consent-ledger/chaincode/wire';

/** Whether a record is one that is looked for. What is not known of it does not match. */
export function matchesSearch(
  facts: DescriptorFacts,
  { resourceType, codes, authored }: SearchClaims,
): boolean {
  if (resourceType !== undefined && facts.resourceType !== resourceType) return false;
  if (
    codes !== undefined &&
    !codes.some((code) => isAmong(code, [...(facts.codes ?? []), ...(facts.classes ?? [])]))
  )
    return false;
  return authored === undefined || overlaps(facts.authored, authored);
}

function isAmong({ system, code }: Coding, codings: readonly Coding[]): boolean {
  return codings.some((one) => one.system === system && one.code === code);
}

/** A record matches when some of it may be of that time: `end` includes its last instant. */
function overlaps(
  stated: DescriptorFacts['authored'],
  looked: NonNullable<SearchClaims['authored']>,
): boolean {
  if (stated === undefined) return false;
  const { start, end } = typeof stated === 'string' ? { start: stated, end: stated } : stated;
  return from(looked.start) < until(end) && from(start) < until(looked.end);
}

function from(date: string | undefined): number {
  return date === undefined ? -Infinity : (parseDateTime(date)?.from ?? -Infinity);
}

function until(date: string | undefined): number {
  return date === undefined ? Infinity : (parseDateTime(date)?.until ?? Infinity);
}
