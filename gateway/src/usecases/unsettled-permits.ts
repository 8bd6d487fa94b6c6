import { accessEvent } from '@consent-ledger/chaincode/wire';
import type { ListUnsettledQuery, UnsettledPage } from '@consent-ledger/chaincode/wire/http';
import type { FollowUps } from '../ports/follow-ups.js';
import { readableCollections } from './access-log.js';
import type { Members } from './members.js';

export interface UnsettledPermitsOptions {
  readonly followUps: FollowUps;
  readonly members: Members;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** A permit that is older should have been settled, milliseconds. */
  readonly unsettledMs: number;
}

/** A page of what was permitted and of which nobody has said what became of it, oldest first. */
export function listUnsettled(
  query: ListUnsettledQuery,
  { followUps, members, now, unsettledMs }: UnsettledPermitsOptions,
): UnsettledPage {
  const before = now() - unsettledMs;
  const found = followUps.unsettled({
    collections: readableCollections(query.custodian, members),
    before,
    ...(query.after === undefined ? {} : { after: query.after }),
    limit: query.limit + 1,
  });
  const page = found.slice(0, query.limit);
  const last = found.length > query.limit ? page.at(-1) : undefined;
  return {
    after: new Date(before).toISOString(),
    permits: page.map(({ entry, records }) => {
      const { custodian, requester, at } = accessEvent.parse(JSON.parse(entry.value.toString('utf8')));
      return {
        event: entry.key,
        custodian: members.referenceOf(custodian),
        requester: members.referenceOf(requester),
        at,
        records: [...records],
      };
    }),
    ...(last === undefined ? {} : { next: last.entry.position }),
  };
}
