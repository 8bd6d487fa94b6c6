import {
  instantOf,
  journalFindings,
  journalCommitment,
  JOURNAL_PREFIX,
  journalledReason,
  journalledRecords,
  sha256,
  verifyJournal,
  type AccessEvent,
  type AuthenticRequest,
  type EventDetail,
  type JournalFinding,
  type LoggedEntry,
  type RequestExpectations,
} from '@consent-ledger/chaincode/wire';
import type { DeliveredTransaction } from '../history/delivered-block.js';
import type { CustodyWorld, World } from '../history/world.js';
import { isSameJson } from './same-json.js';

/** An event with the state in which its transaction found the ledger. */
export interface JournalledEvent {
  readonly event: AccessEvent;
  readonly detail: EventDetail;
  readonly custody: CustodyWorld;
  readonly transaction: DeliveredTransaction;
  readonly world: World;
}

/** What is wrong with an event out of an emergency journal; `explanation` undefined where nothing is. */
export interface CheckedJournal {
  readonly explanation: string | undefined;
  readonly request?: AuthenticRequest;
}

/**
 * Verifies an event that was let out while the ledger was out of reach: both signatures and the request's, that the custodian's policy had the journal
 * switched on, that it was an emergency with all that it owes, and that the event says what was signed. It is not decided again: what the
 * custodian knew then was the state of another moment, and the decision its word.
 */
export function checkJournalled(
  { event, detail, custody, transaction, world }: JournalledEvent,
  isSigned?: RequestExpectations['isSigned'],
): CheckedJournal {
  const { journal } = detail;
  if (journal === undefined) return { explanation: 'its transaction logged no entries for it' };
  const isSame =
    event.journal?.custodian === sha256(journal.custodian) &&
    event.journal.requester === (journal.requester === undefined ? undefined : sha256(journal.requester));
  if (!isSame) return { explanation: 'its entries are not those whose digests it holds' };
  const journalled = verifyJournal(
    { request: detail.request, custodian: journal.custodian, requester: journal.requester },
    {
      ledgerId: world.ledger?.id ?? '',
      custody: custody.custody,
      members: (mspId) => world.member(mspId),
      at: transaction.at,
      ...(isSigned !== undefined && { isSigned }),
    },
  );
  if (journalled.kind === 'refused') return { explanation: journalled.why };
  const { request } = journalled;
  const isAsSigned =
    request.digest === event.request &&
    event.journal?.at === instantOf(journalled.custodian.iat * 1_000) &&
    isSameJson(journalledRecords(journalled), event.records) &&
    detail.records.every(({ reason }) => reason === journalledReason(journalled));
  return { explanation: isAsSigned ? undefined : 'it does not say what was signed', request };
}

/** What the whole history shows of members' journals; what is not due at its end may still come. */
export function journalsOf(
  world: World,
  logged: readonly LoggedEntry[],
  end: number,
): readonly JournalFinding[] {
  const commitments = world.publicValues(JOURNAL_PREFIX).map((value) => journalCommitment.parse(value));
  return journalFindings(commitments, logged, end);
}
