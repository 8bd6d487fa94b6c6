import type { Amendments, StandingDenial } from '../../ports/amendments.js';
import type { CustodyView } from '../custody-view.js';

/** Denied requests to amend a record that go with whatever is disclosed of it. */
export type DenialsOf = (record: string) => readonly StandingDenial[];

/** Of one record, so many are named. */
const MAX_NAMED = 16;

/**
 * What goes along (45 CFR 164.526(d)(5)): a denial that the subject has disagreed with, or has asked to go along. It is no part of the
 * decision, and changes nothing of what leaves: it says that there is more to be read at the custodian.
 */
export function denialsIn(custody: CustodyView, amendments: Amendments): DenialsOf {
  return (record) => amendments.denialsOf(custody.collection, record).slice(0, MAX_NAMED);
}
