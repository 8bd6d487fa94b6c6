import type { Handlers } from '../http/handlers.js';
import { journalFindingHandlers, journalHandlers } from '../http/operations/journal.js';
import type { Peers } from '../ports/peers.js';
import type { CustodyView } from '../usecases/custody-view.js';
import { JournalFindings } from '../usecases/journal/findings.js';
import { JournalPublisher } from '../usecases/journal/publisher.js';
import { isOversight } from '../usecases/members.js';
import type { Closers } from './closers.js';
import type { Foundation } from './foundation.js';

export interface Journals {
  readonly handlers: Handlers;
  /** Not on the ledger yet; of these, those that should be. */
  readonly counts: () => { readonly open: number; readonly overdue: number };
  /** What is wrong with the journals behind the events that this member reads. */
  readonly findings: () => number;
  readonly start: () => void;
}

/** What brings the journal onto the ledger, and says how far it is. */
export function buildJournals(
  peers: Peers,
  custody: CustodyView | undefined,
  foundation: Foundation,
  closers: Closers,
): Journals {
  const { chain, journal, log, members, now, outbox, own, projection, transactions } = foundation;
  const publisher = new JournalPublisher({
    journal,
    own: own.mspId,
    custody,
    projection,
    outbox,
    chain,
    transactions,
    peers,
    log,
    now,
  });
  closers.addStop(() => publisher.stop());
  const isReader = foundation.custodies.size > 0;
  const findings = new JournalFindings(projection, foundation.journalIndex, isOversight(own));
  return {
    handlers: {
      ...journalHandlers(journal, members, now),
      ...(isReader ? journalFindingHandlers(() => findings.at(now()), members) : {}),
    },
    counts: () => journal.counts(now() / 1_000),
    findings: () => (isReader ? findings.at(now()).length : 0),
    start: () => {
      publisher.start();
    },
  };
}
