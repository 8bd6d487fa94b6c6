import {
  accessEvent,
  custodyCollection,
  delivery,
  details,
  erasure,
  isSearchRequest,
  sha256,
  verifyReceipt,
  withdrawalCollection,
  z,
  type CompactJws,
  type EventDetail,
  type PublicJwk,
} from '@consent-ledger/chaincode/wire';
import { believe, type PrivateWrite } from '../history/believe.js';
import type { DeliveredBlock, DeliveredTransaction } from '../history/delivered-block.js';
import { World } from '../history/world.js';
import { brokenEvidence } from './check-evidence.js';
import { studyFault } from './check-study.js';
import { checkEvent, finding, type CheckedEvent, type LoggedEvent } from './check-event.js';
import { isFault, type Finding, type FindingRule } from './finding.js';
import { Gaps } from './gaps.js';
import { JournalWatch } from './journal-watch.js';
import { leftOf } from './incomplete-erasures.js';
import { undoneWithdrawals } from './undone-withdrawals.js';

const VALID = 0;

/** The schemas, prepared: every event passes through them. */
const accessEvents = z.compile(accessEvent);
const detailLists = z.compile(details);
const deliveries = z.compile(delivery);
const CUSTODY = custodyCollection('');
const WITHDRAWAL = withdrawalCollection('');
/** Site and sponsor of a study collection. */
const STUDY = /^study-([A-Za-z0-9]+)-([A-Za-z0-9]+)$/;

type KnownValue = NonNullable<PrivateWrite['known']>;
type Place = Pick<LoggedEvent, 'block' | 'transaction' | 'custody'>;

interface SeenEvent {
  /** MSP id. */
  readonly requester: string;
  readonly isSelected: boolean;
  readonly undelivered: Set<string>;
  readonly delivered: Set<string>;
}

/** One decision as it was logged, for those who look at each. */
export interface ReplayedEvent extends LoggedEvent, CheckedEvent {}

export interface ReplayOptions {
  /** Name of the chaincode on the channel. */
  readonly chaincode: string;
  /** Which events to check and count; all by default. */
  readonly selects?: (event: LoggedEvent) => boolean;
  /** Whether that key signed the request with that digest; for who has verified signatures beforehand. Works it out of itself. */
  readonly isSigned?: (jws: CompactJws, jwk: PublicJwk, digest: string) => boolean;
  /** Sees every event that is selected, after it was checked. */
  readonly onEvent?: (event: ReplayedEvent) => void | Promise<void>;
}

export interface ReplayReport {
  /** Number of blocks. */
  readonly blocks: number;
  readonly events: number;
  /** Records that were decided on, by outcome. */
  readonly permitted: number;
  readonly denied: number;
  readonly deliveries: number;
  /** Permits for which no delivery is on the ledger. */
  readonly permitsWithoutDelivery: number;
  readonly findings: readonly Finding[];
  /** Whether nothing is at fault. */
  readonly sound: boolean;
}

/**
 * Replays the history of every custody collection that the deliverer reads: each valid transaction in its order, each
 * event decided again in the state that its transaction found, each delivery held against its event.
 *
 * Blocks are taken as they are given: that they are the ledger's is for whoever verifies the chain.
 */
export class Replay {
  readonly world: World;
  readonly #findings: Finding[] = [];
  /** By collection and key. */
  readonly #events = new Map<string, SeenEvent>();
  readonly #gaps = new Gaps();
  readonly #journals = new JournalWatch();
  /** Tombstones of subjects, with their places. */
  readonly #erased: { readonly subject: string; readonly place: Place }[] = [];
  readonly #options: ReplayOptions;
  #blocks = 0;
  #checked = 0;
  #permitted = 0;
  #denied = 0;
  #deliveries = 0;

  constructor(options: ReplayOptions) {
    this.#options = options;
    this.world = new World(options.chaincode);
  }

  /**
   * @returns what was found in this block
   * @throws AlteredValue where a private value is not what was hashed
   */
  async block(block: DeliveredBlock): Promise<readonly Finding[]> {
    const before = this.#findings.length;
    for (const transaction of block.transactions) {
      if (transaction.code !== VALID) continue;
      await this.#transaction(block, transaction);
    }
    this.#blocks += 1;
    return this.#findings.slice(before);
  }

  report(): ReplayReport {
    let open = 0;
    for (const { isSelected, undelivered } of this.#events.values()) if (isSelected) open += undelivered.size;
    const findings = [
      ...this.#findings,
      ...this.#incompleteErasures(),
      ...this.#journals.findings(this.world),
    ];
    return {
      blocks: this.#blocks,
      events: this.#checked,
      permitted: this.#permitted,
      denied: this.#denied,
      deliveries: this.#deliveries,
      permitsWithoutDelivery: open,
      findings,
      sound: !findings.some(isFault),
    };
  }

  async #transaction({ number }: DeliveredBlock, transaction: DeliveredTransaction): Promise<void> {
    this.#journals.transaction(number, transaction, this.world.chaincode);
    const secrets = believe(number, transaction, this.world.chaincode);
    for (const [collection, values] of valuesByCollection(secrets)) {
      if (!collection.startsWith(CUSTODY)) continue;
      const custody = this.world.custody(collection.slice(CUSTODY.length));
      if (custody === undefined) continue;
      const place = { block: number, transaction, custody };
      await this.#checkEvents(place, collection, values);
      this.#checkDeliveries(place, collection, values);
    }
    await this.#checkPeople(number, transaction, secrets);
    await this.#checkStudies(number, transaction, secrets);
    this.world.apply(number, transaction, secrets);
  }

  /** What was done in subjects' names. */
  async #checkPeople(
    block: number,
    transaction: DeliveredTransaction,
    secrets: readonly PrivateWrite[],
  ): Promise<void> {
    for (const { collection, keyHash, isDelete, known } of secrets) {
      if (known !== undefined && isOfAccess(known.key)) continue;
      const custodian = custodianOf(collection);
      const custody = custodian === undefined ? undefined : this.world.custody(custodian);
      if (custody === undefined) continue;
      const at = { block, transaction, custody };
      const place = { custody, ledgerId: this.world.ledger?.id ?? '', at: transaction.at };
      if (isDelete) this.#closeGaps(collection, keyHash, block);
      // What is purged says so itself, wherever it is missed.
      if (known === undefined) continue;
      if (known.key.startsWith('erasure/')) this.#noteErasure(at, known.value);
      const broken = await brokenEvidence(place, known.key, known.value);
      if (broken?.gap !== undefined)
        this.#gaps.add(broken.gap.missing, this.#findings.length, broken.gap.what);
      if (broken !== undefined) this.#note(at, broken.rule, broken.explanation);
      const before = known.key.startsWith('withdrawal/') && this.world.valueBefore(collection, keyHash);
      const undone = before ? undoneWithdrawals(before, known.value) : 0;
      if (undone > 0)
        this.#note(at, 'withdrawal-undone', `${undone} that were there are left out, or moved in time`);
    }
  }

  #closeGaps(collection: string, keyHash: string, block: number): void {
    for (const { finding: place, explanation } of this.#gaps.close(collection, keyHash, block)) {
      const found = this.#findings[place];
      if (found !== undefined) this.#findings[place] = { ...found, explanation };
    }
  }

  #noteErasure(place: Place, value: Buffer): void {
    const tombstone = erasure.safeParse(jsonOf(value)).data;
    if (tombstone?.of === 'subject') this.#erased.push({ subject: tombstone.subject, place });
  }

  #incompleteErasures(): Finding[] {
    return this.#erased.flatMap(({ subject, place: { block, transaction, custody } }) => {
      const left = leftOf(subject, custody, this.world);
      if (left === 0) return [];
      const { id, index } = transaction;
      const explanation = `${left} values of who is erased are still there`;
      const { custodian } = custody.custody;
      return [{ rule: 'erasure-incomplete', block, transaction: id, index, custodian, explanation }];
    });
  }

  /** What sponsors were told of participations, and what they said of them. */
  async #checkStudies(
    block: number,
    transaction: DeliveredTransaction,
    secrets: readonly PrivateWrite[],
  ): Promise<void> {
    for (const { collection, known } of secrets) {
      const [, site, sponsor] = STUDY.exec(collection) ?? [];
      if (known === undefined || site === undefined || sponsor === undefined) continue;
      const custody = this.world.custody(site);
      const studies = this.world.studies(site, sponsor);
      if (custody === undefined || studies === undefined) continue;
      const at = { block, transaction, custody };
      const fault = await studyFault(
        { world: this.world, custody, studies, transaction },
        known.key,
        known.value,
      );
      if (fault !== undefined) this.#note(at, fault.rule, fault.explanation);
    }
  }

  #note({ block, transaction, custody }: Place, rule: FindingRule, explanation: string): void {
    const { custodian } = custody.custody;
    const { id, index } = transaction;
    this.#findings.push({ rule, block, transaction: id, index, custodian, explanation });
  }

  async #checkEvents(place: Place, collection: string, values: readonly KnownValue[]): Promise<void> {
    const detailOf = this.#detailsOf(place, values);
    for (const { key, value } of values) {
      if (!key.startsWith('event/')) continue;
      const event = this.#read(accessEvents, { ...place, key }, value);
      if (event === undefined) continue;
      const { detail, digest } = detailOf.get(key) ?? {};
      const logged: LoggedEvent = {
        ...place,
        key,
        event,
        detail,
        ...(digest !== undefined && { detailDigest: digest }),
        world: this.world,
      };
      this.#journals.event(logged);
      const name = `${collection} ${key}`;
      const isRepeated = this.#events.has(name);
      const permitted = event.records.filter(({ outcome }) => outcome === 'permit');
      const records = permitted.map(({ record }) => record);
      const isSelected = this.#options.selects?.(logged) !== false;
      const checked = isSelected ? await checkEvent(logged, this.#options.isSigned) : undefined;
      const isSearch =
        checked?.request === undefined
          ? isSearchRequest(detail?.request ?? '')
          : checked.request.claims.search !== undefined;
      this.#events.set(name, {
        requester: event.requester,
        isSelected,
        ...(isSearch
          ? { undelivered: new Set(), delivered: new Set(records) }
          : { undelivered: new Set(records), delivered: new Set() }),
      });
      if (checked === undefined) continue;
      if (checked.missing !== undefined) this.#gaps.add(checked.missing, this.#findings.length, 'it');
      this.#findings.push(...checked.findings);
      if (isRepeated)
        this.#findings.push(finding(logged, 'event-repeated', 'there is an event of that request already'));
      this.#checked += 1;
      this.#permitted += permitted.length;
      this.#denied += event.records.length - permitted.length;
      await this.#options.onEvent?.({ ...logged, ...checked });
    }
  }

  #checkDeliveries(place: Place, collection: string, values: readonly KnownValue[]): void {
    for (const { key, value } of values) {
      if (!key.startsWith('delivery/')) continue;
      const line = this.#read(deliveries, { ...place, key }, value);
      if (line === undefined) continue;
      const { event, record, receipt } = line;
      const at = { ...place, key: event };
      const logged = this.#events.get(`${collection} ${event}`);
      if (logged === undefined || !(logged.undelivered.has(record) || logged.delivered.has(record))) {
        const why = 'there is no event that permits what was delivered';
        this.#findings.push(finding(at, 'delivered-without-event', why, record));
        continue;
      }
      logged.undelivered.delete(record);
      logged.delivered.add(record);
      if (!logged.isSelected) continue;
      this.#deliveries += 1;
      if (this.#isReceiptOf(logged.requester, place, event, receipt)) continue;
      const why = 'its receipt is not the requester’s';
      this.#findings.push(finding(at, 'receipt-not-authentic', why, record));
    }
  }

  #isReceiptOf(mspId: string, { custody }: Place, event: string, receipt: string): boolean {
    const requester = this.world.member(mspId);
    const { custodian } = custody.custody;
    const ledgerId = this.world.ledger?.id ?? '';
    return (
      requester !== undefined &&
      verifyReceipt(receipt, { ledgerId, custodian, event, requester }) !== undefined
    );
  }

  #detailsOf(place: Place, values: readonly KnownValue[]): Map<string, LoggedDetail> {
    const found = new Map<string, LoggedDetail>();
    for (const { key, value } of values) {
      if (!key.startsWith('details/')) continue;
      // As it was written it is canonical, and its digest costs a tenth of making it so once more.
      const json = jsonOf(value);
      const written = (json as { readonly details?: readonly unknown[] } | undefined)?.details;
      const read = this.#readJson(detailLists, { ...place, key }, json)?.details ?? [];
      read.forEach((detail, at) => {
        found.set(detail.event, { detail, digest: sha256(JSON.stringify(written?.[at])) });
      });
    }
    return found;
  }

  /** Whatever endorsers let through is the history; what is not of its kind is a finding, not the end of the replay. */
  #read<Value>(
    schema: Schema<Value>,
    at: Place & { readonly key: string },
    bytes: Buffer,
  ): Value | undefined {
    return this.#readJson(schema, at, jsonOf(bytes));
  }

  #readJson<Value>(
    schema: Schema<Value>,
    at: Place & { readonly key: string },
    json: unknown,
  ): Value | undefined {
    const read = schema.safeParse(json);
    if (!read.success)
      this.#findings.push(finding(at, 'event-inconsistent', 'it is not of the shape of its kind'));
    return read.data;
  }
}

interface LoggedDetail {
  readonly detail: EventDetail;
  /** SHA-256, base64url. */
  readonly digest: string;
}

interface Schema<Value> {
  safeParse(value: unknown): { readonly success: boolean; readonly data?: Value };
}

/** Values of accesses are nobody's evidence, and there are more of them than of all else. */
function isOfAccess(key: string): boolean {
  return key.startsWith('event/') || key.startsWith('details/') || key.startsWith('delivery/');
}

/** MSP id; undefined for collections of other kinds. */
function custodianOf(collection: string): string | undefined {
  const prefix = [CUSTODY, WITHDRAWAL].find((one) => collection.startsWith(one));
  return prefix === undefined ? undefined : collection.slice(prefix.length);
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // No schema takes it.
  }
}

function valuesByCollection(secrets: readonly PrivateWrite[]): Map<string, KnownValue[]> {
  const collections = new Map<string, KnownValue[]>();
  for (const { collection, known } of secrets) {
    if (known === undefined) continue;
    const values = collections.get(collection);
    if (values === undefined) collections.set(collection, [known]);
    else values.push(known);
  }
  return collections;
}
