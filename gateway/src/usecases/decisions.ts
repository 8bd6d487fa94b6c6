import { randomBytes } from 'node:crypto';
import {
  accessEvent,
  verifyRequestObject,
  type AccessEvent,
  type AuthenticRequest,
} from '@consent-ledger/chaincode/wire';
import type { Outbox } from '../ports/outbox.js';
import type { EventEntry, Projection } from '../ports/projection.js';
import { Batcher } from './batcher.js';
import type { CustodyView } from './custody-view.js';
import type { Members } from './members.js';
import { outsideRuns } from './idempotent-run.js';
import { Refusal } from './refusal.js';
import type { Committed, Transactions } from './transactions.js';

/** A request as it was sent, found authentic by this gateway; endorsers will look for themselves. */
export interface AcceptedRequest extends AuthenticRequest {
  readonly text: string;
}

/** A decision that is on the ledger, valid on the own peer. */
export interface Decided {
  readonly key: string;
  readonly event: AccessEvent;
  /** Bytes of the event's value. */
  readonly value: Buffer;
  readonly transaction: string;
  readonly block: number;
}

export interface DecisionsOptions {
  readonly projection: Projection;
  readonly outbox: Outbox;
  readonly transactions: Transactions;
  readonly members: Members;
  readonly custody: CustodyView;
  readonly ledgerId: string;
  readonly now: () => number;
  readonly limits: {
    readonly batchSize: number;
    readonly batchWaitMs: number;
    readonly batchesInFlight: number;
    readonly waitingRequests: number;
  };
  /** Whether the event of that key is still to come out of the emergency journal. */
  readonly isJournalled: (eventKey: string) => boolean;
  readonly onBatch: (requests: number) => void;
}

/** Decides and logs requests at their custodian, many in one transaction; the same request at most once. */
export class Decisions {
  readonly #options: DecisionsOptions;
  readonly #batcher: Batcher<AcceptedRequest, Decided | Refusal>;
  /** Event keys of the requests that are waiting or under way, here or to the emergency journal. */
  readonly #underWay = new Set<string>();

  constructor(options: DecisionsOptions) {
    this.#options = options;
    const { batchSize, batchWaitMs, batchesInFlight, waitingRequests } = options.limits;
    this.#batcher = new Batcher({
      size: batchSize,
      waitMs: batchWaitMs,
      waitsLonger: true,
      inFlight: batchesInFlight,
      waiting: waitingRequests,
      overflow: () => new Refusal('too-many-requests'),
      run: (requests) => this.#run(requests),
    });
  }

  get waiting(): number {
    return this.#batcher.waiting;
  }

  /** Verifies who sent a request, and that it is meant for here. Throws a Refusal; then no event is made. */
  accept(text: string): AcceptedRequest {
    const { custody, ledgerId, members, now } = this.#options;
    const verified = verifyRequestObject(text, {
      ledgerId,
      custodian: custody.custodian,
      members: (mspId) => members.registered(mspId),
      purposeSystems: custody.custody.policy.purposeSystems,
      at: now(),
    });
    if (verified.kind === 'refused') throw new Refusal(verified.code);
    return { ...verified, text };
  }

  /**
   * Has a request decided; resolves when the event is valid on the own peer and in the projection. Throws a Refusal at once, before
   * anything is promised: `request-replayed` where the request has its event or will have it, `outcome-unknown` where that is not
   * known, `ledger-unavailable` where the ledger is out of reach. Rejects with other Refusals.
   */
  decide(request: AcceptedRequest): Promise<Decided> {
    const { custody, transactions } = this.#options;
    const key = this.take(request);
    try {
      transactions.requireLedger({ contract: 'custody', custodian: custody.custodian });
    } catch (error) {
      this.giveBack(key);
      throw error;
    }
    return this.#decideOnce(request, key);
  }

  /**
   * Key of the event to be; nobody else has the request decided, or keeps it in the journal, until it is given back. Throws a Refusal where
   * the request has its event, will have it, or may have it: as `decide`.
   */
  take(request: AcceptedRequest): string {
    const key = this.#keyOf(request);
    if (this.#underWay.has(key)) throw new Refusal('request-replayed');
    this.requireNew(request);
    this.#underWay.add(key);
    return key;
  }

  giveBack(key: string): void {
    this.#underWay.delete(key);
  }

  /** Throws a Refusal where the request has its event, is in the journal, or was sent to be decided. */
  requireNew(request: AcceptedRequest): void {
    const { custody, isJournalled, outbox, projection } = this.#options;
    const key = this.#keyOf(request);
    if (isJournalled(key) || projection.event(custody.collection, key) !== undefined)
      throw new Refusal('request-replayed');
    // Sent before, and in no block yet.
    if (outbox.isOpen(request.digest)) throw new Refusal('outcome-unknown');
  }

  async #decideOnce(request: AcceptedRequest, key: string): Promise<Decided> {
    try {
      const decided = await this.#batcher.add(request);
      if (decided instanceof Refusal) throw decided;
      return decided;
    } finally {
      this.giveBack(key);
    }
  }

  async #run(requests: readonly AcceptedRequest[]): Promise<readonly (Decided | Refusal)[]> {
    const { custody, transactions, onBatch } = this.#options;
    const command = {
      v: 1,
      command: 'decide',
      salt: randomBytes(32).toString('base64url'),
      requests: requests.map(({ text }) => text),
      ...foundBy(requests),
    } as const;
    try {
      const committed = await outsideRuns(() =>
        transactions.run(
          command,
          { contract: 'custody', custodian: custody.custodian },
          { intents: requests.map(({ digest }) => digest), attempts: requests.length > 1 ? 2 : 8 },
        ),
      );
      onBatch(requests.length);
      return requests.map((request) => this.#resultOf(request, committed));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.code !== 'ledger-conflict' || requests.length === 1) return requests.map(() => error);
      return this.#runHalves(requests);
    }
  }

  /** Something that one of the requests rests on keeps changing: the others shall not wait for it. */
  async #runHalves(requests: readonly AcceptedRequest[]): Promise<readonly (Decided | Refusal)[]> {
    const middle = Math.ceil(requests.length / 2);
    const halves = [requests.slice(0, middle), requests.slice(middle)];
    return (await Promise.all(halves.map((half) => this.#run(half)))).flat();
  }

  #resultOf(request: AcceptedRequest, committed: Committed): Decided | Refusal {
    const { custody, projection } = this.#options;
    const entry = projection.event(custody.collection, this.#keyOf(request));
    if (entry === undefined) return this.#whyRefused(request);
    if (entry.transaction !== committed.transaction) return new Refusal('request-replayed');
    return decidedOf(entry);
  }

  /** Endorsers refused what looked authentic here: a key was retired meanwhile, or the private data are not here yet. */
  #whyRefused(request: AcceptedRequest): Refusal {
    try {
      this.accept(request.text);
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
    return new Refusal('event-pending');
  }

  #keyOf({ claims }: AcceptedRequest): string {
    return this.#options.custody.key('event', claims.iss, claims.jti);
  }
}

/** What was found for those that search. */
function foundBy(requests: readonly AcceptedRequest[]): { found?: { request: string; records: string[] }[] } {
  const found = requests.flatMap(({ digest, claims }) =>
    claims.search === undefined ? [] : [{ request: digest, records: [...claims.records] }],
  );
  return found.length === 0 ? {} : { found };
}

function decidedOf({ key, value, transaction, block }: EventEntry): Decided {
  return { key, event: accessEvent.parse(JSON.parse(value.toString('utf8'))), value, transaction, block };
}
