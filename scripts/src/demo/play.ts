import type { ExpectedDecision } from './audit.js';
import type { Cast } from './cast.js';
import type { Example } from './examples.js';
import type { Narrate } from './narration.js';

/** One run of the demo. */
export interface Play {
  readonly cast: Cast;
  /** Ends every record's and consent's id, so that the demo can be run again on the same ledger. */
  readonly run: string;
  readonly narrate: Narrate;
  /** What was asked so far: what the auditor must find in the end. */
  readonly decisions: ExpectedDecision[];
}

/** A published example as a record of the custodian. */
export interface KeptRecord {
  readonly id: string;
  readonly example: Example;
}

export interface Patient {
  /** Pseudonym at the custodian. */
  readonly subject: string;
  /** By the example's reference, such as `Observation/f202`. */
  readonly records: ReadonlyMap<string, KeptRecord>;
}

export function recordOf({ records }: Patient, reference: string): KeptRecord {
  const record = records.get(reference);
  if (!record) throw new RangeError(`the demo keeps no ${reference}`);
  return record;
}
