import { createHash } from 'node:crypto';
import {
  custodyCollection,
  slip as slipSchema,
  verifySlip,
  z,
  type Slip,
} from '@consent-ledger/chaincode/wire';
import type {
  ListSlipsQuery,
  SlipDocument,
  SlipPage,
  SlipReceived,
  SlipVerification,
} from '@consent-ledger/chaincode/wire/http';
import type { Ledger, LedgerBlock } from '../ports/ledger.js';
import type { Logger } from '../ports/logger.js';
import type { KeptSlipAt, SlipStore } from '../ports/slip-store.js';
import { hexSha256 } from './hex-hash.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';

export interface ReceivedSlipsOptions {
  readonly ledgerId: string;
  readonly members: Members;
  readonly ledger: Pick<Ledger, 'query' | 'height'>;
  readonly store: SlipStore;
  readonly now: () => number;
  readonly log: Logger;
}

const KEY_PREFIX = 'slip/';
const CUSTODY = custodyCollection('');
const SWEPT_AT_ONCE = 100;
const hashAnswer = z.strictObject({ hash: z.string() });

/** The slips that custodians handed to this member, and what its own peer says of them. */
export class ReceivedSlips {
  readonly #options: ReceivedSlipsOptions;
  /** Those that the own peer has not shown yet, by collection and hash of the key. */
  readonly #unseen = new Map<string, string>();

  constructor(options: ReceivedSlipsOptions) {
    this.#options = options;
    for (const { id, custodian } of options.store.unseen()) this.#unseen.set(placeOf(id, custodian), id);
  }

  /** Takes what a custodian signed. Throws a Refusal `slip-refused`. */
  receive(text: string): SlipReceived {
    const { ledgerId, members, store, now } = this.#options;
    const delivered = verifySlip(text, {
      ledgerId,
      member: members.own.mspId,
      members: (mspId) => members.registered(mspId),
    });
    if (delivered === undefined) throw new Refusal('slip-refused');
    const { claims, bytes, slip } = delivered;
    const id = claims.key.slice(KEY_PREFIX.length);
    const known = store.get(id);
    if (known !== undefined && known.custodian !== claims.iss) throw new Refusal('slip-refused');
    const isKept = store.keep({
      id,
      custodian: claims.iss,
      version: slip.version,
      value: bytes,
      isNoted: claims.note === 'withdrawn',
      receivedAt: now(),
    });
    if (known?.wasSeen !== true) void this.#lookForIt(id, claims.iss);
    return { slip: id, status: isKept ? 'kept' : 'known' };
  }

  /** A block came: what it writes is seen, however short it stays; what it purges is forgotten here, too. */
  look({ transactions }: LedgerBlock): void {
    for (const { valid, hashed } of transactions) {
      if (!valid) continue;
      for (const { collection, keyHash, valueHash, purged } of hashed) {
        if (purged) this.#purge(collection, keyHash);
        if (this.#unseen.size === 0) continue;
        const id = this.#unseen.get(`${collection} ${keyHash}`);
        if (id !== undefined && valueHash !== undefined) this.#saw(id, `${collection} ${keyHash}`);
      }
    }
  }

  /** A page, in the order in which they came first. */
  list({ custodian, after, limit }: ListSlipsQuery): SlipPage {
    const { members, store } = this.#options;
    const mspId = custodian === undefined ? undefined : members.byReference(custodian)?.mspId;
    if (custodian !== undefined && mspId === undefined) return { slips: [] };
    const found = store.list({
      ...(mspId === undefined ? {} : { custodian: mspId }),
      after: Number(after ?? 0),
      limit: limit + 1,
    });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      slips: page.map((kept) => this.#documentOf(kept)),
      ...(last === undefined ? {} : { next: `${last.position}` }),
    };
  }

  /**
   * What the own peer says of it by now; nobody else is asked. Throws a Refusal: `not-found`, `ledger-unavailable`.
   */
  async verify(id: string): Promise<SlipVerification> {
    const { ledger, store } = this.#options;
    const kept = store.get(id);
    const purged = store.purged(id);
    if (purged !== undefined) return { slip: id, status: 'purged', ...purged, height: await ledger.height() };
    if (kept === undefined) throw new Refusal('not-found');
    const { version, status: names, withdrawn } = contentOf(kept);
    const height = await ledger.height();
    const said = (status: SlipVerification['status']): SlipVerification => ({
      slip: id,
      status,
      version,
      names,
      height,
    });
    const hash = await this.#hashOf(id, kept.custodian);
    if (hash === undefined && kept.wasSeen) this.#forget(kept);
    if (hash === undefined) return said(kept.wasSeen ? 'purged' : 'unknown');
    this.#saw(id, placeOf(id, kept.custodian));
    if (await this.#isThere(withdrawn, kept.custodian)) return said('withdrawn');
    return said(hash === createHash('sha256').update(kept.value).digest('base64url') ? 'current' : 'changed');
  }

  /**
   * After a restart: looks whether anything was purged while nobody followed. Ends early where the own peer does not answer; what it
   * missed is found when it is asked about, or at the next start.
   */
  async sweep(signal: AbortSignal): Promise<void> {
    const { log, store } = this.#options;
    try {
      for (let after = 0; !signal.aborted;) {
        const page = store.list({ after, limit: SWEPT_AT_ONCE });
        for (const kept of page) {
          if (isAborted(signal)) return;
          if (kept.wasSeen && (await this.#hashOf(kept.id, kept.custodian)) === undefined) this.#forget(kept);
          after = kept.position;
        }
        if (page.length < SWEPT_AT_ONCE) return;
      }
    } catch (error) {
      log.warn('slips.not-swept', { error });
    }
  }

  #purge(collection: string, keyHash: string): void {
    if (!collection.startsWith(CUSTODY)) return;
    const kept = this.#options.store.byKeyHash(collection.slice(CUSTODY.length), keyHash);
    if (kept !== undefined) this.#forget(kept);
  }

  #forget(kept: KeptSlipAt): void {
    const { version, status: names } = contentOf(kept);
    this.#options.store.purge(kept.id, { version, names });
    this.#unseen.delete(placeOf(kept.id, kept.custodian));
  }

  /** So that it counts as seen even if nobody asks before it is purged. */
  async #lookForIt(id: string, custodian: string): Promise<void> {
    const place = placeOf(id, custodian);
    this.#unseen.set(place, id);
    try {
      if ((await this.#hashOf(id, custodian)) !== undefined) this.#saw(id, place);
    } catch (error) {
      this.#options.log.warn('slip.not-looked-for', { error });
    }
  }

  #saw(id: string, place: string): void {
    this.#unseen.delete(place);
    this.#options.store.seen(id);
  }

  async #hashOf(id: string, custodian: string): Promise<string | undefined> {
    const query = { v: 1, query: 'slip-hash', slip: KEY_PREFIX + id } as const;
    return readHash(await this.#options.ledger.query(query, { contract: 'custody', custodian }));
  }

  async #isThere(withdrawn: string, custodian: string): Promise<boolean> {
    const query = { v: 1, query: 'withdrawn-hash', withdrawn } as const;
    const answer = await this.#options.ledger.query(query, { contract: 'withdrawal', custodian });
    return readHash(answer) !== undefined;
  }

  #documentOf(kept: KeptSlipAt): SlipDocument {
    const { consent, version, person, status, at, policy } = contentOf(kept);
    return {
      slip: kept.id,
      custodian: this.#options.members.referenceOf(kept.custodian),
      consent,
      version,
      person,
      names: status,
      at,
      ...(policy === undefined
        ? {}
        : { policy: JSON.parse(JSON.stringify(policy)) as SlipDocument['policy'] }),
      ...(kept.isNoted ? { noted: 'withdrawn' as const } : {}),
      receivedAt: new Date(kept.receivedAt).toISOString(),
    };
  }
}

function isAborted({ aborted }: AbortSignal): boolean {
  return aborted;
}

function contentOf({ value }: KeptSlipAt): Slip {
  return slipSchema.parse(JSON.parse(value.toString('utf8')));
}

function placeOf(id: string, custodian: string): string {
  return `${custodyCollection(custodian)} ${hexSha256(KEY_PREFIX + id)}`;
}

function readHash(answer: Uint8Array): string | undefined {
  if (answer.length === 0) return undefined;
  return hashAnswer.parse(JSON.parse(Buffer.from(answer).toString('utf8'))).hash;
}
