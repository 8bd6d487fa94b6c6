import { accessEvent, decidedAt, type Amendment } from '@consent-ledger/chaincode/wire';
import type {
  AmendmentDocument,
  AmendmentPage,
  AmendmentRecipients,
  ListAmendmentsQuery,
} from '@consent-ledger/chaincode/wire/http';
import type { AmendmentPlace, Amendments } from '../../ports/amendments.js';
import type { Projection } from '../../ports/projection.js';
import type { SealedTextStore } from '../../ports/sealed-texts.js';
import { readableCollections } from '../access-log.js';
import type { CustodyView, Held } from '../custody-view.js';
import type { Members } from '../members.js';
import { Refusal } from '../refusal.js';

export interface AmendmentViewOptions {
  readonly amendments: Amendments;
  readonly members: Members;
  readonly projection: Projection;
  readonly custodyOf: (mspId: string) => CustodyView;
  readonly now: () => number;
}

/** A page of requests to amend records, in the order in which they came; without what they say. */
export function listAmendments(query: ListAmendmentsQuery, options: AmendmentViewOptions): AmendmentPage {
  const { amendments, members, now } = options;
  const found = amendments.list({
    collections: readableCollections(query.custodian, members),
    status: query.status,
    now: now(),
    ...(query.subject === undefined ? {} : { subject: query.subject }),
    ...(query.record === undefined ? {} : { record: query.record }),
    ...(query.after === undefined ? {} : { after: placeOf(query.after) }),
    limit: query.limit + 1,
  });
  const page = found.slice(0, query.limit);
  const last = found.length > query.limit ? page.at(-1) : undefined;
  const custodies = members.readable.map(({ mspId }) => options.custodyOf(mspId));
  return {
    amendments: page.flatMap(({ collection, amendment }) => {
      const custody = custodies.find((one) => one.collection === collection);
      const held = custody?.get('amendment', amendment);
      return custody === undefined || held === undefined ? [] : [documentOf(held, custody, options, {})];
    }),
    ...(last === undefined ? {} : { next: `${last.requestedAt}.${last.amendment}` }),
  };
}

/**
 * One amendment; with its texts where they are here and given.
 * Throws a Refusal `amendment-unknown`.
 */
export async function showAmendment(
  amendment: string,
  custody: CustodyView,
  texts: Pick<SealedTextStore, 'find'> | undefined,
  options: AmendmentViewOptions,
): Promise<AmendmentDocument> {
  const held = heldAmendment(amendment, custody);
  return documentOf(held, custody, options, texts === undefined ? {} : await textsOf(held.value, texts));
}

/**
 * Which other members an earlier version was let out to, by the custodian's log, and which of them have been told. The custodian's own staff
 * is none of them. Throws a Refusal `amendment-unknown`.
 */
export function listRecipients(
  amendment: string,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
  custody: CustodyView,
  { members, projection }: Pick<AmendmentViewOptions, 'members' | 'projection'>,
): AmendmentRecipients {
  const { record, answer } = heldAmendment(amendment, custody).value;
  const before = answer?.outcome === 'accepted' ? answer.version : Number.POSITIVE_INFINITY;
  const entries = projection.events({
    collections: [custody.collection],
    record,
    outcome: 'permit',
    ...(after === undefined ? {} : { after }),
    limit: limit + 1,
  });
  const page = entries.slice(0, limit);
  const last = entries.length > limit ? page.at(-1) : undefined;
  const recipients = page.flatMap(({ key, value, delivered }) => {
    const accessed = accessEvent.parse(JSON.parse(value.toString('utf8')));
    const { requester, records } = accessed;
    const at = decidedAt(accessed);
    const version = records.find((one) => one.record === record)?.version;
    if (requester === custody.custodian || version === undefined || version >= before) return [];
    const told = custody.get('amendmenttold', amendment, key)?.value.at;
    const member = members.referenceOf(requester);
    const isDelivered = delivered.includes(record);
    return [
      { event: key, member, version, at, delivered: isDelivered, ...(told === undefined ? {} : { told }) },
    ];
  });
  return { recipients, ...(last === undefined ? {} : { next: last.position }) };
}

type Texts = Partial<Record<'request' | 'extension' | 'answer' | 'disagreement' | 'rebuttal', string>>;

async function textsOf(
  { subject, request, extension, answer, disagreement, rebuttal }: Amendment,
  texts: Pick<SealedTextStore, 'find'>,
): Promise<Texts> {
  const digests = {
    request,
    extension: extension?.reason,
    answer: answer?.outcome === 'denied' ? answer.basis : undefined,
    disagreement: disagreement?.statement,
    rebuttal: rebuttal?.statement,
  };
  const found: Texts = {};
  for (const [name, digest] of Object.entries(digests) as [keyof Texts, string | undefined][]) {
    const text = digest === undefined ? undefined : await texts.find(subject, digest);
    if (text !== undefined) found[name] = text;
  }
  return found;
}

function heldAmendment(amendment: string, custody: CustodyView): Held<Amendment> {
  const held = custody.get('amendment', amendment);
  if (held === undefined) throw new Refusal('amendment-unknown');
  return held;
}

function documentOf(
  { value, transaction, block }: Held<Amendment>,
  { custodian }: CustodyView,
  { members, now }: Pick<AmendmentViewOptions, 'members' | 'now'>,
  texts: Texts,
): AmendmentDocument {
  const { amendment, subject, record, version, requestedBy, finding, requestedAt, dueAt } = value;
  const { extension, answer, disagreement, rebuttal, inclusion } = value;
  const said = (name: keyof Texts, at: string): { at: string; text?: string } => {
    const text = texts[name];
    return { at, ...(text === undefined ? {} : { text }) };
  };
  return {
    amendment,
    custodian: members.referenceOf(custodian),
    subject,
    record,
    version,
    requestedBy,
    ...(finding === undefined ? {} : { finding }),
    request: said('request', requestedAt),
    dueAt,
    isOverdue: answer === undefined && Date.parse(dueAt) <= now(),
    ...(extension === undefined ? {} : { extension: said('extension', extension.at) }),
    ...(answer === undefined
      ? {}
      : {
          answer: {
            outcome: answer.outcome,
            ...said('answer', answer.at),
            ...(answer.outcome === 'accepted' ? { version: answer.version } : { ground: answer.ground }),
          },
        }),
    ...(disagreement === undefined ? {} : { disagreement: said('disagreement', disagreement.at) }),
    ...(rebuttal === undefined ? {} : { rebuttal: said('rebuttal', rebuttal.at) }),
    ...(inclusion === undefined ? {} : { inclusion }),
    transaction,
    block,
  };
}

function placeOf(cursor: string): AmendmentPlace {
  const at = cursor.indexOf('.');
  return { requestedAt: Number(cursor.slice(0, at)), amendment: cursor.slice(at + 1) };
}
