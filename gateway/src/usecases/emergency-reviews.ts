import { randomBytes } from 'node:crypto';
import {
  accessEvent,
  eventDetail,
  isBreakGlass,
  parseRequestObject,
  review as reviewValue,
  type Review,
} from '@consent-ledger/chaincode/wire';
import type { EmergencyPage, ListEmergenciesQuery } from '@consent-ledger/chaincode/wire/http';
import type { Emergency, FollowUps } from '../ports/follow-ups.js';
import { readableCollections } from './access-log.js';
import type { CustodyView } from './custody-view.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import type { Committed, Transactions } from './transactions.js';

export interface EmergencyReviewsOptions {
  readonly followUps: FollowUps;
  readonly members: Members;
  readonly transactions: Transactions;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

/** A page of the accesses for which the glass was broken, oldest first. */
export function listEmergencies(
  query: ListEmergenciesQuery,
  { followUps, members, now }: EmergencyReviewsOptions,
): EmergencyPage {
  const at = now();
  const found = followUps.emergencies({
    collections: readableCollections(query.custodian, members),
    status: query.status,
    now: at,
    ...(query.after === undefined ? {} : { after: query.after }),
    limit: query.limit + 1,
  });
  const page = found.slice(0, query.limit);
  const last = found.length > query.limit ? page.at(-1) : undefined;
  return {
    emergencies: page.map((one) => documentOf(one, members, at)),
    ...(last === undefined ? {} : { next: last.entry.position }),
  };
}

/**
 * Has a finding written to the ledger. Throws a Refusal: `event-unknown`, `event-not-emergency`, `reviewer-not-independent`,
 * `emergency-already-reviewed`.
 */
export async function reviewEmergency(
  { event, reviewer, finding }: Pick<Review, 'event' | 'reviewer' | 'finding'>,
  custody: CustodyView,
  { followUps, members, transactions }: EmergencyReviewsOptions,
): Promise<Committed> {
  const emergency = followUps.emergency(custody.collection, event);
  if (emergency === undefined) throw new Refusal('event-unknown');
  const { detail, value } = emergency.entry;
  const { request } = eventDetail.parse(detail);
  const { requester } = accessEvent.parse(JSON.parse(value.toString('utf8')));
  // Endorsers look for themselves; here only so that nothing is proposed that they refuse.
  if (requester === members.own.mspId && claimsOf(request).sub === reviewer) {
    throw new Refusal('reviewer-not-independent');
  }
  if (emergency.review !== undefined) {
    const standing = parseReview(emergency.review.value);
    const isSame =
      standing.finding === finding && standing.reviewer === reviewer && standing.by === members.own.mspId;
    // What writes nothing has no place on the ledger: the same review again is the one that stands.
    if (isSame) return emergency.review;
    throw new Refusal('emergency-already-reviewed');
  }
  const command = {
    v: 1,
    command: 'review-emergency',
    salt: randomBytes(32).toString('base64url'),
    event,
    request,
    reviewer,
    finding,
  } as const;
  return transactions.run(command, { contract: 'custody', custodian: custody.custodian });
}

function documentOf(
  { entry, reviewBy, review }: Emergency,
  members: Members,
  now: number,
): EmergencyPage['emergencies'][number] {
  const event = accessEvent.parse(JSON.parse(entry.value.toString('utf8')));
  const detail = eventDetail.parse(entry.detail);
  const { sub, emergency } = claimsOf(detail.request);
  const records = event.records.filter(isBreakGlass).map(({ record }) => record);
  const subjects = detail.records.flatMap((one) => (records.includes(one.record) ? one.subjects : []));
  const found = review === undefined ? undefined : parseReview(review.value);
  return {
    id: entry.key.slice(entry.key.indexOf('/') + 1),
    event: entry.key,
    custodian: members.referenceOf(event.custodian),
    requester: members.referenceOf(event.requester),
    user: sub,
    ...(emergency === undefined ? {} : { reason: emergency.reason }),
    at: event.at,
    ...(event.journal === undefined ? {} : { journalledAt: event.journal.at }),
    reviewBy: new Date(reviewBy).toISOString(),
    isOverdue: found === undefined && reviewBy <= now,
    subjects: [...new Set(subjects)],
    records,
    ...(found === undefined
      ? {}
      : {
          review: {
            finding: found.finding,
            reviewer: found.reviewer,
            by: members.referenceOf(found.by),
            at: found.at,
          },
        }),
  };
}

function parseReview(value: Buffer): Review {
  return reviewValue.parse(JSON.parse(value.toString('utf8')));
}

function claimsOf(request: string): {
  readonly sub: string;
  readonly emergency?: { readonly reason: string };
} {
  const parsed = parseRequestObject(request);
  if (parsed.kind === 'refused') throw new Error('an event of a request that is none');
  return parsed.claims;
}
