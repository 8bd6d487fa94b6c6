import {
  instantOf,
  JOURNAL_PREFIX,
  journalCommitment,
  journalFindings,
  type JournalFinding,
} from '@consent-ledger/chaincode/wire';
import type { JournalFindingList, JournalPage, ListJournalQuery } from '@consent-ledger/chaincode/wire/http';
import type { Journal } from '../../ports/journal.js';
import type { JournalIndex } from '../../ports/journal-index.js';
import type { Projection } from '../../ports/projection.js';
import type { Members } from '../members.js';

/** A page of this gateway's own journal. */
export function listJournal(
  { after, limit }: ListJournalQuery,
  journal: Journal,
  members: Pick<Members, 'referenceOf'>,
  now: number,
): JournalPage {
  const found = journal.list(after === undefined ? -1 : Number(after), limit + 1);
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return {
    chain: journal.chain,
    entries: page.map(({ seq, role, claims, entry, other, isCommitted, isSettled }) => ({
      seq,
      role,
      custodian: members.referenceOf(claims.custodian),
      requester: members.referenceOf(claims.requester),
      event: claims.event,
      at: instantOf(claims.iat * 1_000),
      due: instantOf(claims.due * 1_000),
      isCountersigned: other !== undefined,
      isCommitted,
      isSettled,
      isOverdue: !(isCommitted && isSettled) && claims.due * 1_000 <= now,
      entry,
      ...(other === undefined ? {} : { other }),
    })),
    ...(last === undefined ? {} : { next: `${last.seq}` }),
  };
}

/**
 * What is wrong with members' journals, as far as the ledger shows it. That no event has an entry can be told only by who reads every
 * custodian's; a custodian is told of its own events.
 */
export function findingsOn(
  projection: Pick<Projection, 'publicValues'>,
  index: JournalIndex,
  now: number,
  readsAll: boolean,
): JournalFinding[] {
  const commitments = projection
    .publicValues(JOURNAL_PREFIX)
    .map(({ value }) => journalCommitment.parse(JSON.parse(value.toString('utf8'))));
  const found = journalFindings(commitments, index.entries(), now);
  return readsAll ? found : found.filter(({ event }) => event !== undefined);
}

export function findingList(
  findings: readonly JournalFinding[],
  members: Pick<Members, 'referenceOf'>,
): JournalFindingList {
  return {
    findings: findings.map(({ member, due, custodian, requester, ...finding }) => ({
      ...finding,
      member: members.referenceOf(member),
      due: instantOf(due),
      ...(custodian === undefined ? {} : { custodian: members.referenceOf(custodian) }),
      ...(requester === undefined ? {} : { requester: members.referenceOf(requester) }),
    })),
  };
}
