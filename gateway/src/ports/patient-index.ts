import type { Demographics, MatchGrade } from '@consent-ledger/chaincode/wire/http';

export interface PatientMatch {
  readonly subject: string;
  readonly grade: MatchGrade;
  /** 0 to 1. */
  readonly score: number;
}

/** Who this custodian's subjects are: the hospital's master patient index, or what stands in its place. */
export interface PatientIndex {
  /** Everybody who may be meant, best first. */
  match(asked: Demographics): Promise<readonly PatientMatch[]>;
  /** Replaces what is known of a subject; undefined takes it away. Throws a Refusal `subject-erased`. */
  replace(subject: string, patient: Demographics | undefined, at: number): Promise<void>;
  find(subject: string): Promise<{ readonly patient: Demographics; readonly changedAt: number } | undefined>;
  /** Forgets a subject who was erased. */
  forget(subject: string): void;
}
