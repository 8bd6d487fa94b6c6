import { hash } from 'node:crypto';
import {
  canonicalText,
  custodyCollection,
  digestOf,
  member,
  MEMBER_PREFIX,
  parseRequestObject,
  privateValues,
  sha256,
  verifyReceipt,
  verifyRequestObject,
  type AccessEvent,
  type Delivery,
  type EventDetail,
  type Member,
  type PrivateKind,
} from '@consent-ledger/chaincode/wire';
import { EvidenceRefused, type EvidencePlace, type EvidenceRule } from '../evidence/refusal.js';
import type { CompactAbout, CompactHeader, ProvedLine } from './format.js';

interface Proved {
  readonly block: number;
  /** Place in the block. */
  readonly transaction: number;
  /** FHIR instant. */
  readonly at: string;
}

export interface ProvedEvent extends Proved {
  readonly key: string;
  readonly event: AccessEvent;
  readonly detail: EventDetail;
  /** The user's pseudonym at the requester. */
  readonly user: string;
  readonly purpose: readonly string[];
}

export interface ProvedDelivery extends Proved {
  readonly event: string;
  readonly record: string;
  readonly complete: boolean;
}

/** A value of any other kind: a consent, a withdrawal, a review. */
export interface ProvedOther extends Proved {
  readonly kind: string;
  readonly collection: string;
}

const CUSTODY = custodyCollection('');

/**
 * What the proved values of a bundle say, read one after the other in the order of the history. That they are in the history is for whoever
 * verifies the proofs; here each is held against its hashes, its own parts, and what was proved before it.
 */
export class ProvedValues {
  readonly events: ProvedEvent[] = [];
  readonly deliveries: ProvedDelivery[] = [];
  readonly others: ProvedOther[] = [];
  /** As the history had them last, by MSP id. */
  readonly members = new Map<string, Member>();
  readonly #header: CompactHeader;

  constructor(header: CompactHeader) {
    this.#header = header;
  }

  /** @throws EvidenceRefused */
  take(line: ProvedLine, place: EvidencePlace): void {
    const refuse = (rule: EvidenceRule, what: string): EvidenceRefused =>
      new EvidenceRefused(rule, place, what);
    const { leaf, key, value } = line;
    if (leaf.namespace !== this.#header.chaincode)
      throw refuse('event-inconsistent', `it is of chaincode ${leaf.namespace}`);
    if (hash('sha256', key, 'base64url') !== leaf.key || hash('sha256', value, 'base64url') !== leaf.value)
      throw refuse('private-value', 'key or value is not the one that was hashed');
    const json = jsonOf(value);
    if (json === undefined) throw refuse('event-inconsistent', 'its value is not canonical JSON');
    if (leaf.collection === '') this.#takeMember(key, json, refuse);
    else this.#takePrivate(line, json, refuse);
  }

  #takeMember(key: string, json: unknown, refuse: Refuse): void {
    const stated = member.safeParse(json);
    if (!stated.success || key !== MEMBER_PREFIX + stated.data.mspId)
      throw refuse('event-inconsistent', 'it is public, and says nothing of a member');
    this.members.set(stated.data.mspId, stated.data);
  }

  #takePrivate(line: ProvedLine, json: unknown, refuse: Refuse): void {
    const { leaf, key } = line;
    const kind = key.slice(0, key.indexOf('/'));
    const schema = isKind(kind) ? privateValues[kind] : undefined;
    if (schema?.safeParse(json).success !== true)
      throw refuse('event-inconsistent', 'it is not of the shape of its kind');
    if ((kind === 'event') !== (line.detail !== undefined))
      throw refuse('event-inconsistent', 'an event has a detail, and nothing else has');
    const place = { block: leaf.block, transaction: leaf.tx, at: leaf.at };
    if (kind === 'event' && line.detail !== undefined)
      this.events.push({
        ...place,
        ...this.#event(line, privateValues.event.parse(json), line.detail, refuse),
      });
    else if (kind === 'delivery')
      this.deliveries.push({ ...place, ...this.#delivery(line, privateValues.delivery.parse(json), refuse) });
    else this.others.push({ ...place, ...this.#other(kind, leaf.collection, json, refuse) });
  }

  #event(
    { leaf, key }: ProvedLine,
    event: AccessEvent,
    detail: EventDetail,
    refuse: Refuse,
  ): Omit<ProvedEvent, keyof Proved> {
    const { custodian, requester, jti, enc } = event;
    const parsed = parseRequestObject(detail.request);
    const isWhole =
      leaf.collection === custodyCollection(custodian) &&
      event.at === leaf.at &&
      event.details === digestOf(detail) &&
      event.request === sha256(detail.request) &&
      detail.event === key &&
      parsed.kind === 'parsed' &&
      parsed.claims.iss === requester &&
      parsed.claims.jti === jti &&
      parsed.claims.enc === enc;
    if (!isWhole) throw refuse('event-inconsistent', 'event, detail and request do not belong together');
    const verified = verifyRequestObject(detail.request, {
      ledgerId: this.#header.ledger,
      custodian,
      members: (mspId) => this.members.get(mspId),
      // Which systems of purposes the custodian knew is a matter of the decision, which stands as it was endorsed.
      purposeSystems: parsed.claims.purpose.map((purpose) => purpose.slice(0, purpose.indexOf('|'))),
      at: Date.parse(event.at),
    });
    if (verified.kind === 'refused')
      throw refuse('request-signature', `its request is refused as ${verified.code}`);
    const { sub: user, purpose } = parsed.claims;
    const proved = { key, event, detail, user, purpose };
    const other = notAbout(proved, this.#header.about);
    if (other !== undefined) throw refuse('event-inconsistent', other);
    return proved;
  }

  #delivery({ leaf }: ProvedLine, delivery: Delivery, refuse: Refuse): Omit<ProvedDelivery, keyof Proved> {
    const { event: key, record, receipt, complete } = delivery;
    const custodian = leaf.collection.slice(CUSTODY.length);
    const of = this.events.find((one) => one.key === key && one.event.custodian === custodian);
    const isPermitted = of?.event.records.some((one) => one.record === record && one.outcome === 'permit');
    if (of === undefined || isPermitted !== true || leaf.collection !== custodyCollection(custodian))
      throw refuse('event-inconsistent', 'no event before it permits what was delivered');
    const requester = this.members.get(of.event.requester);
    const claims =
      requester &&
      verifyReceipt(receipt, { ledgerId: this.#header.ledger, custodian, event: key, requester });
    if (claims === undefined) throw refuse('request-signature', 'its requester did not sign that receipt');
    return { event: key, record, complete };
  }

  #other(kind: string, collection: string, json: unknown, refuse: Refuse): Omit<ProvedOther, keyof Proved> {
    const { subject, event } = json as { subject?: string; event?: string };
    const about = this.#header.about.subject;
    if (about !== undefined && subject !== undefined && subject !== about)
      throw refuse('event-inconsistent', 'it is of another subject than the bundle is about');
    if (event !== undefined && !this.events.some(({ key }) => key === event))
      throw refuse('event-inconsistent', 'it is about an event that is not before it');
    return { kind, collection };
  }
}

type Refuse = (rule: EvidenceRule, what: string) => EvidenceRefused;

/** Why an event is none of those that a bundle is about. */
export function notAbout(
  { key, event, detail }: Pick<ProvedEvent, 'key' | 'event' | 'detail'>,
  about: CompactAbout,
): string | undefined {
  if (about.event !== undefined && about.event !== key) return 'it is another event';
  if (about.member !== undefined && about.member !== event.requester) return 'another member asked';
  if (about.since !== undefined && event.at < about.since) return 'it was decided before that';
  if (about.until !== undefined && event.at >= about.until) return 'it was decided after that';
  const { subject, record } = about;
  if (record !== undefined && !detail.records.some((one) => one.record === record))
    return 'it is about other records';
  if (subject !== undefined && !detail.records.some((one) => one.subjects.includes(subject)))
    return 'it is about other subjects';
  return undefined;
}

function isKind(kind: string): kind is PrivateKind {
  return Object.hasOwn(privateValues, kind);
}

/** Undefined where it is not in its one encoding. */
function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && canonicalText(value) === text ? value : undefined;
  } catch {
    return undefined;
  }
}
