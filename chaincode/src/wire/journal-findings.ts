import { beginningOf, JOURNAL_TYP, journalClaims, type JournalClaims } from './journal.js';
import { sha256 } from './canonical.js';
import { openCompactJws } from './jws.js';
import { millisecondsOf } from './instant.js';
import { MAX_JOURNAL_LENGTH, type AccessEvent, type EventDetail } from './values/events.js';
import type { JournalCommitment } from './values/journal.js';

/** What can be wrong with emergency journals, as far as the ledger shows it; codes are stable. */
export type JournalFindingRule =
  /** A member has committed to an entry, and its time is over: there is no event with it. Somebody hides the release. */
  | 'entry-without-event'
  /** An event has an entry that its signer has not committed to in time: one side keeps silent, or its journal is not whole. */
  | 'entry-not-committed'
  /** An entry in an event is not the one that its signer has committed to for that place, or does not follow the one before. */
  | 'chain-broken'
  /** It came onto the ledger later than the custodian's policy says. */
  | 'logged-late';

export interface JournalFinding {
  readonly rule: JournalFindingRule;
  /** MSP id of whose entry it is. */
  readonly member: string;
  readonly chain: string;
  readonly seq: number;
  /** SHA-256 of the entry. */
  readonly entry: string;
  /** By when it had to be on the ledger, epoch milliseconds. */
  readonly due: number;
  /** Where there is an event: its key, and MSP ids of the two. */
  readonly event?: string;
  readonly custodian?: string;
  readonly requester?: string;
}

/** An entry as an event has it. */
export interface LoggedEntry extends Pick<
  JournalClaims,
  'iss' | 'chain' | 'seq' | 'prev' | 'due' | 'custodian' | 'requester'
> {
  /** SHA-256 of its text. */
  readonly entry: string;
  readonly event: string;
  /** When the event was logged, epoch milliseconds. */
  readonly loggedAt: number;
}

/** The entries of an event; none of an ordinary one. Who signed them, endorsers and replay look at. */
export function loggedEntries(key: string, { at, journal }: AccessEvent, detail: EventDetail): LoggedEntry[] {
  if (journal === undefined || detail.journal === undefined) return [];
  return [detail.journal.custodian, detail.journal.requester].flatMap((text) => {
    const claims =
      text === undefined ? undefined : openCompactJws(text, JOURNAL_TYP, MAX_JOURNAL_LENGTH)?.claims;
    const said = journalClaims.safeParse(claims).data;
    if (text === undefined || said === undefined) return [];
    const { iss, chain, seq, prev, due, custodian, requester } = said;
    const loggedAt = millisecondsOf(at);
    return [{ iss, chain, seq, prev, due, custodian, requester, entry: sha256(text), event: key, loggedAt }];
  });
}

/**
 * Holds what members have committed to against what is in events. Each commits to its own entries, in their order, where every member
 * sees it; the events show what is in them. So of two that signed, one alone cannot hide it.
 *
 * @param now what is not due by then may still come, epoch milliseconds
 */
export function journalFindings(
  commitments: readonly JournalCommitment[],
  logged: readonly LoggedEntry[],
  now: number,
): JournalFinding[] {
  const committed = new Map(commitments.map((one) => [placeOf(one.mspId, one.chain, one.seq), one.entry]));
  const inEvents = new Set(logged.map(({ entry }) => entry));
  const findings: JournalFinding[] = [];
  for (const { mspId, chain, seq, entry, due } of commitments) {
    const until = millisecondsOf(due);
    if (inEvents.has(entry) || until >= now) continue;
    findings.push({ rule: 'entry-without-event', member: mspId, chain, seq, entry, due: until });
  }
  for (const one of logged) {
    const { iss, chain, seq, prev, entry, event, custodian, requester } = one;
    const due = one.due * 1_000;
    const found = (rule: JournalFindingRule): void => {
      findings.push({ rule, member: iss, chain, seq, entry, due, event, custodian, requester });
    };
    const known = committed.get(placeOf(iss, chain, seq));
    const before = seq === 0 ? beginningOf(chain) : committed.get(placeOf(iss, chain, seq - 1));
    // Its own commitment and its event come one after the other; until it is due that is no silence.
    if (known === undefined) {
      if (due < now) found('entry-not-committed');
    } else if (known !== entry || before !== prev) found('chain-broken');
    if (one.loggedAt > due && iss === custodian) found('logged-late');
  }
  return findings;
}

function placeOf(mspId: string, chain: string, seq: number): string {
  return `${mspId} ${chain} ${seq}`;
}
