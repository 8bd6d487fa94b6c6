import { details, privateValues, type EventDetail } from '@consent-ledger/chaincode/wire';
import type { PlacedLeaf } from '../checkpoints/history-follower.js';
import { believe } from '../history/believe.js';
import { hashKey } from '../history/delivered-block.js';
import type { CompactAbout } from './format.js';
import { notAbout } from './proved-values.js';

/** A value that a bundle is to prove. */
export interface SelectedValue {
  readonly placed: PlacedLeaf;
  readonly key: string;
  readonly value: string;
  readonly detail?: EventDetail;
}

interface Known {
  readonly collection: string;
  readonly key: string;
  readonly value: Buffer;
  readonly placed: PlacedLeaf;
}

/** Values that are of a subject without an access: found by the subject that they name. */
const OF_A_SUBJECT = new Set(['consent', 'withdrawn']);

/** Chooses from the history what a bundle is about: events, what followed on them, and of a subject its consents and withdrawals. */
export class Selection {
  readonly #events = new Set<string>();
  readonly #about: CompactAbout;
  readonly #chaincode: string;

  constructor(about: CompactAbout, chaincode: string) {
    this.#about = about;
    this.#chaincode = chaincode;
  }

  /**
   * @param leaves of one transaction
   * @throws AlteredValue where a private value is not what was hashed
   */
  take(leaves: readonly PlacedLeaf[]): SelectedValue[] {
    const known = this.#known(leaves);
    const detailOf = detailsIn(known);
    return known.flatMap((one) => {
      const { key, value, placed } = one;
      const selected = { placed, key, value: value.toString('utf8') };
      const detail = detailOf.get(key);
      if (key.startsWith('event/')) {
        if (detail === undefined || !this.#selectsEvent(one, detail)) return [];
        this.#events.add(`${one.collection} ${key}`);
        return [{ ...selected, detail }];
      }
      return this.#followsOn(one) ? [selected] : [];
    });
  }

  #selectsEvent({ key, value }: Known, detail: EventDetail): boolean {
    const event = valueOf(value, privateValues.event);
    return event !== undefined && notAbout({ key, event, detail }, this.#about) === undefined;
  }

  #followsOn({ collection, key, value }: Known): boolean {
    const kind = key.slice(0, key.indexOf('/'));
    const { subject, event } = (jsonOf(value) ?? {}) as { subject?: unknown; event?: unknown };
    if (kind === 'delivery' || kind === 'review') return this.#events.has(`${collection} ${String(event)}`);
    return this.#isOfSubjectAlone() && OF_A_SUBJECT.has(kind) && subject === this.#about.subject;
  }

  #isOfSubjectAlone(): boolean {
    return this.#about.subject !== undefined && Object.keys(this.#about).length === 1;
  }

  #known(leaves: readonly PlacedLeaf[]): Known[] {
    const [first] = leaves;
    if (first === undefined) return [];
    const { leaf, transaction } = first;
    const places = new Map(leaves.map((placed) => [`${placed.leaf.collection} ${placed.leaf.key}`, placed]));
    return believe(leaf.block, transaction, this.#chaincode).flatMap(({ collection, known }) => {
      if (known === undefined) return [];
      const hash = Buffer.from(hashKey(known.key), 'latin1').toString('base64url');
      const placed = places.get(`${collection} ${hash}`);
      return placed === undefined ? [] : [{ ...known, collection, placed }];
    });
  }
}

function detailsIn(known: readonly Known[]): Map<string, EventDetail> {
  const found = new Map<string, EventDetail>();
  for (const { key, value } of known) {
    if (!key.startsWith('details/')) continue;
    for (const detail of valueOf(value, details)?.details ?? []) found.set(detail.event, detail);
  }
  return found;
}

function valueOf<Value>(
  bytes: Buffer,
  schema: { safeParse(value: unknown): { readonly success: boolean; readonly data?: Value } },
): Value | undefined {
  return schema.safeParse(jsonOf(bytes)).data;
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // No schema takes it.
  }
}
