import type { JournalClaims } from '@consent-ledger/chaincode/wire';

/** What of an entry its signer says of itself: where it stands is the journal's to say. */
export type JournalBody = Omit<JournalClaims, 'iss' | 'chain' | 'seq' | 'prev'>;

/** One entry of this gateway's own journal. */
export interface JournalEntry {
  readonly seq: number;
  readonly role: 'custodian' | 'requester';
  readonly claims: JournalClaims;
  /** What this member signed (JWS), and its SHA-256. */
  readonly entry: string;
  readonly digest: string;
  /** The request object that it is about. */
  readonly request: string;
  /** What the other member signed; a requester's entry always has the custodian's. */
  readonly other: string | undefined;
  /** The requester's entry is waited for no more: no key leaves. */
  readonly isAbandoned: boolean;
  readonly isCommitted: boolean;
  /** At the custodian: the event is on the ledger. At the requester: the custodian has its entry. */
  readonly isSettled: boolean;
}

export interface NewJournalEntry {
  readonly role: JournalEntry['role'];
  readonly body: JournalBody;
  readonly request: string;
  readonly other?: string;
}

/**
 * This gateway's journal of emergencies without the ledger: each entry is signed over the one before, and none is ever changed or taken away.
 * What a method has done is on the disk when it returns.
 */
export interface Journal {
  /** Its name, random. */
  readonly chain: string;
  /** Signs and keeps the next entry; one after the other. */
  append(entry: NewJournalEntry): Promise<JournalEntry>;
  /** By the key of its event. */
  find(role: JournalEntry['role'], event: string): JournalEntry | undefined;
  /** Keeps the requester's entry beside the own. False where there is one already, or none is waited for. */
  countersign(seq: number, other: string): boolean;
  /** Waits no longer for the requester's. False where it has come. */
  abandon(seq: number): boolean;
  committed(seq: number): void;
  settled(seq: number): void;
  /** Entries whose digests are not on the ledger, oldest first. */
  uncommitted(limit: number): readonly JournalEntry[];
  /** Entries of a role after a place that are not settled, oldest first. */
  unsettled(role: JournalEntry['role'], after: number, limit: number): readonly JournalEntry[];
  /** Entries after a place, oldest first. */
  list(after: number, limit: number): readonly JournalEntry[];
  /** Not finished; of these, due by then (epoch seconds). */
  counts(now: number): { readonly open: number; readonly overdue: number };
}

/** Signs claims as an entry. */
export type SignJournal = (claims: JournalClaims) => Promise<string>;
