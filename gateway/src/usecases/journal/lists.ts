import { instantOf } from '@consent-ledger/chaincode/wire';
import type {
  JournalFindingList,
  JournalPage,
  ListJournalFindingsQuery,
  ListJournalQuery,
} from '@consent-ledger/chaincode/wire/http';
import type { Journal } from '../../ports/journal.js';
import type { Members } from '../members.js';
import type { PlacedFinding } from './findings.js';

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

/** A page of what is wrong with journals, in the order of their places. */
export function findingList(
  { after = '', limit }: ListJournalFindingsQuery,
  findings: readonly PlacedFinding[],
  members: Pick<Members, 'referenceOf'>,
): JournalFindingList {
  const found = findings.filter(({ place }) => place > after);
  const page = found.slice(0, limit);
  const last = found.length > limit ? page.at(-1) : undefined;
  return {
    findings: page.map(({ finding: { member, due, custodian, requester, ...finding } }) => ({
      ...finding,
      member: members.referenceOf(member),
      due: instantOf(due),
      ...(custodian === undefined ? {} : { custodian: members.referenceOf(custodian) }),
      ...(requester === undefined ? {} : { requester: members.referenceOf(requester) }),
    })),
    ...(last === undefined ? {} : { next: last.place }),
  };
}
