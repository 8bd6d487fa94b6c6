import {
  accessEvent,
  custodyCollection,
  eventDetail,
  parseRequestObject,
  type EventDetail,
  type RequestClaims,
} from '@consent-ledger/chaincode/wire';
import type {
  AccessEventDocument,
  AccessEventPage,
  ListAccessEventsQuery,
} from '@consent-ledger/chaincode/wire/http';
import type { EventEntry, Projection } from '../ports/projection.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';

/** A page of what was asked of the custodians that this member may read, and what was decided; oldest first. */
export function listAccessEvents(
  query: ListAccessEventsQuery,
  projection: Projection,
  members: Members,
): AccessEventPage {
  const collections = readableCollections(query.custodian, members);
  const requester = query.requester === undefined ? undefined : members.byReference(query.requester)?.mspId;
  const nobody = query.requester !== undefined && requester === undefined;
  const entries = nobody
    ? []
    : projection.events({
        collections,
        ...(requester === undefined ? {} : { requester }),
        ...(query.subject === undefined ? {} : { subject: query.subject }),
        ...(query.record === undefined ? {} : { record: query.record }),
        ...(query.outcome === undefined ? {} : { outcome: query.outcome }),
        ...(query.after === undefined ? {} : { after: query.after }),
        limit: query.limit + 1,
      });
  const page = entries.slice(0, query.limit);
  const last = entries.length > query.limit ? page.at(-1) : undefined;
  return {
    events: page.map((entry) => documentOf(entry, members)),
    height: projection.height,
    pending: projection.pending().reduce((sum, { values }) => sum + values, 0),
    ...(last === undefined ? {} : { next: last.position }),
  };
}

/** Collections that a list is of. Throws a Refusal `custodian-unknown` for a custodian whose log this member does not read. */
export function readableCollections(custodian: string | undefined, members: Members): string[] {
  const readable = members.readable.map(({ mspId }) => mspId);
  if (custodian === undefined) return readable.map(custodyCollection);
  const mspId = members.byReference(custodian)?.mspId;
  if (mspId === undefined || !readable.includes(mspId)) throw new Refusal('custodian-unknown');
  return [custodyCollection(mspId)];
}

function documentOf(entry: EventEntry, members: Members): AccessEventDocument {
  const event = accessEvent.parse(JSON.parse(entry.value.toString('utf8')));
  const detail = eventDetail.parse(entry.detail);
  const { sub, roles, purpose, legalBasis } = claimsOf(detail);
  return {
    event: entry.key,
    transaction: entry.transaction,
    block: entry.block,
    custodian: members.referenceOf(event.custodian),
    requester: members.referenceOf(event.requester),
    at: event.at,
    ...(event.journal === undefined ? {} : { journalledAt: event.journal.at }),
    user: sub,
    roles,
    purpose,
    ...(legalBasis === undefined ? {} : { legalBasis }),
    rules: event.rules,
    records: event.records.map(({ record, outcome, code, version, obligations }) => {
      const logged = detail.records.find((one) => one.record === record);
      return {
        record,
        outcome,
        code,
        reason: logged?.reason ?? code,
        ...(version === undefined ? {} : { version }),
        subjects: logged?.subjects ?? [],
        basis: logged?.basis ?? [],
        obligations,
        delivered: entry.delivered.includes(record),
      };
    }),
  };
}

function claimsOf({ request }: EventDetail): RequestClaims {
  const parsed = parseRequestObject(request);
  if (parsed.kind === 'refused') throw new Error('an event of a request that is none');
  return parsed.claims;
}
