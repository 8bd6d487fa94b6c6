/** Ports between which and the gateway a fault can happen. */
export type Port = 'journal' | 'ledger' | 'outbox' | 'peers' | 'records' | 'spool' | 'vault';

/**
 * What happens at a step. `kill` ends the process, as a power cut does; `fail` is what a full disk or a broken line does; `hold` waits
 * until the test says go on; `slow` takes its time; `twice` does it again; `lost` says that it was done and does nothing; `denied`
 * does it and says that it was not done.
 */
export type Action = 'kill' | 'fail' | 'hold' | 'slow' | 'twice' | 'lost' | 'denied';

/** A boundary between two steps of a release: before or after a call of a port, or an item of what it streams. */
export interface Boundary {
  readonly port: Port;
  readonly method: string;
  readonly when: 'before' | 'after';
}

/** One fault, at the `nth` time (from 1) that the boundary is passed. */
export interface Fault extends Boundary {
  readonly nth: number;
  readonly action: Action;
}

/** What another member's gateway may do to the answer that it gives. */
export type Cheat =
  | 'flipped-byte'
  | 'cut-short'
  | 'other-record'
  | 'other-digest'
  | 'keys-swapped'
  | 'made-up-event'
  | 'changed-event'
  | 'event-of-another-request'
  | 'other-block'
  | 'no-key'
  | 'never-settled'
  | 'settled-twice';

/** What the test tells a gateway process. */
export type Order =
  | { readonly order: 'faults'; readonly faults: readonly Fault[] }
  | { readonly order: 'go-on' }
  /** Taken when nothing has been sent to the orderers for a while. */
  | { readonly order: 'idle' }
  | { readonly order: 'cheat'; readonly cheat: Cheat | undefined }
  | { readonly order: 'clock'; readonly offsetMs: number }
  | { readonly order: 'lag'; readonly milliseconds: number }
  | { readonly order: 'withhold'; readonly isWithholding: boolean }
  | { readonly order: 'repeat'; readonly isRepeating: boolean };

/** What a gateway process tells the test. */
export type Report =
  | { readonly report: 'taken' }
  | { readonly report: 'reached'; readonly boundary: Boundary }
  /** A stream with keys has come; by then the event must be on the ledger. */
  | { readonly report: 'keys'; readonly event: string; readonly records: readonly string[] };

export function nameOf({ port, method, when }: Boundary): string {
  return `${when} ${port}.${method}`;
}
