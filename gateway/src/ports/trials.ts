import type { ParticipationStatus } from '@consent-ledger/chaincode/wire';

/** A subject of whom something was written that a study's sponsor may have to know. */
export interface TouchedParticipant {
  readonly study: string;
  readonly subject: string;
  /** Block of what there is to tell. */
  readonly block: number;
}

/** A participation as the own peer has it. */
export interface ParticipationRow {
  /** MSP id. */
  readonly site: string;
  readonly person: string;
  readonly status: ParticipationStatus;
  readonly protocol: string | null;
  readonly evidence: string | null;
  /** JSON. */
  readonly choices: string;
  /** JSON. */
  readonly collected: string;
  readonly at: string;
  readonly transaction: string;
  readonly block: number;
}

export interface ParticipationCount {
  readonly site: string;
  readonly protocol: string | null;
  readonly status: ParticipationStatus;
  readonly count: number;
}

export interface ParticipationChangeRow {
  readonly position: string;
  readonly site: string;
  readonly person: string;
  readonly status: ParticipationStatus;
  readonly protocol: string | null;
  readonly at: string;
  readonly block: number;
}

export interface ParticipationFilter {
  readonly site?: string | undefined;
  readonly status?: string | undefined;
  readonly protocol?: string | undefined;
  /** Pseudonym after which the list goes on. */
  readonly after: string;
  readonly limit: number;
}

/** Participations of studies: derived from the values, in the transaction that folds them. */
export interface Trials {
  /** At a site: subjects whose participations may have to be recorded again, of `block` and after. */
  touched(site: string, block: number): Iterable<TouchedParticipant>;
  /** Counted where they are folded, so that it takes as long for a million as for ten. */
  counts(study: string): readonly ParticipationCount[];
  find(study: string, person: string): ParticipationRow | undefined;
  /** In the order of their pseudonyms. */
  list(study: string, filter: ParticipationFilter): readonly ParticipationRow[];
  /** After a position, in the order of the history, of blocks before `before`. */
  changes(study: string, after: string, before: number, limit: number): readonly ParticipationChangeRow[];
  /** Withdrawals that stand in `block` or after, of any study, and that the sponsor has not acknowledged. */
  withdrawn(block: number): Iterable<ParticipationRow & { readonly study: string }>;
  /** Withdrawn and not acknowledged by the sponsor, longest ago first. */
  unacknowledged(study: string, limit: number): readonly ParticipationRow[];
}
