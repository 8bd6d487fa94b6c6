import {
  accessEvent,
  decidedAt,
  delivery,
  details,
  millisecondsOf,
  parseRequestObject,
  review,
  z,
  type AccessEvent,
  type EventDetail,
} from '@consent-ledger/chaincode/wire';
import { hashKey } from '../../history/delivered-block.js';
import type { Changes } from '../changes.js';
import { positionOf } from '../position.js';
import { base64Url, parseValue, type ValueAt } from './value-at.js';

/* There are as many of these as of everything else together: their schemas are prepared. */
const eventSchema = z.compile(accessEvent);
const detailsSchema = z.compile(details);
const deliverySchema = z.compile(delivery);

export function foldEvent(value: ValueAt, changes: Changes): boolean {
  const event = parseValue(eventSchema, value);
  if (event === undefined) return false;
  const { position, keyHash, key, transaction } = value;
  changes.add('access_event', {
    position,
    key_hash: keyHash,
    custodian: event.custodian,
    requester: event.requester,
    transaction_id: transaction.id,
    event: key,
    jti: event.jti,
    at: millisecondsOf(decidedAt(event)),
    rules: event.rules,
  });
  event.records.forEach(({ record, outcome, code, version, obligations }, place) => {
    changes.add('access_record', {
      position,
      place,
      record,
      outcome,
      code,
      released: version ?? null,
      review_by: reviewBy(obligations),
      obligations: JSON.stringify(obligations),
    });
  });
  return true;
}

function reviewBy(obligations: AccessEvent['records'][number]['obligations']): number | null {
  const review = obligations.find(({ code }) => code === 'review-by');
  return review?.code === 'review-by' ? Date.parse(review.at) : null;
}

/** What only custodian and oversight may read of a transaction's events; each part goes by its event's position. */
export function foldDetails(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(detailsSchema, value);
  if (found === undefined) return false;
  changes.add('detail_set', { position: value.position, key_hash: value.keyHash });
  let isWhole = true;
  for (const detail of found.details) {
    const place = value.placeOf(hashKey(detail.event));
    if (place === undefined) isWhole = false;
    else foldDetail(detail, positionOf(value.block, value.transaction.index, place), changes);
  }
  return isWhole;
}

function foldDetail({ request, records }: EventDetail, position: number, changes: Changes): void {
  const parsed = parseRequestObject(request);
  const claims = parsed.kind === 'parsed' ? parsed.claims : undefined;
  changes.add('access_detail', {
    position,
    user_id: claims?.sub ?? null,
    roles: JSON.stringify(claims?.roles ?? []),
    purposes: JSON.stringify(claims?.purpose ?? []),
    signed_in_at: claims === undefined ? null : claims.auth.time * 1_000,
    emergency: claims?.emergency?.reason ?? null,
    legal_basis: claims?.legalBasis ?? null,
    is_search: claims?.search === undefined ? 0 : 1,
  });
  records.forEach(({ record, reason, exception, descriptorVersion, basis, subjects }, place) => {
    changes.add('access_reason', {
      position,
      place,
      record,
      reason,
      exception: exception ?? null,
      described: descriptorVersion ?? null,
      basis: JSON.stringify(basis),
      subjects: JSON.stringify(subjects),
    });
  });
  for (const subject of new Set(records.flatMap(({ subjects }) => subjects)))
    changes.add('access_subject', { subject, position });
}

export function foldDelivery(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(deliverySchema, value);
  if (found === undefined) return false;
  const { event, record, bytes, digest, complete, at } = found;
  changes.add('delivery', {
    position: value.position,
    key_hash: value.keyHash,
    event_hash: base64Url(hashKey(event)),
    record,
    bytes,
    digest,
    complete: complete ? 1 : 0,
    at: millisecondsOf(at),
  });
  return true;
}

export function foldReview(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(review, value);
  if (found === undefined) return false;
  const { event, finding, reviewer, by, at } = found;
  changes.add('review', {
    position: value.position,
    key_hash: value.keyHash,
    event_hash: base64Url(hashKey(event)),
    finding,
    reviewer,
    reviewed_by: by,
    at: millisecondsOf(at),
  });
  return true;
}
