import type { Command } from '@consent-ledger/chaincode/wire';
import {
  EPOCH_OVER,
  isBefore,
  type Audience,
  type Endorsed,
  type Ledger,
  type PrepareOptions,
  type Settled,
} from '../ports/ledger.js';
import type { Logger } from '../ports/logger.js';
import type { Open, Outbox } from '../ports/outbox.js';
import type { Projection } from '../ports/projection.js';
import type { Chain } from './chain.js';
import { Circuit } from './circuit.js';
import { delay, within } from './delay.js';
import { nextStep, type Attempted } from './idempotent-run.js';
import { Refusal } from './refusal.js';
import { Resending } from './resending.js';
import { Turns } from './turns.js';

export interface TransactionsOptions {
  readonly ledger: Ledger;
  readonly chain: Chain;
  readonly outbox: Outbox;
  readonly projection: Pick<Projection, 'height'>;
  readonly log: Logger;
  /** How long one waits for a block with the transaction, milliseconds. */
  readonly commitMs: number;
  readonly epochSeconds: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly onSettled: (code: string, seconds: number) => void;
  readonly onProposedAgain: (why: Why) => void;
  readonly onResent: () => void;
}

/** A transaction that is valid on the own peer and folded into the projection. */
export interface Committed {
  readonly transaction: string;
  readonly block: number;
}

export interface RunOptions {
  /** What the transaction is for (outbox). */
  readonly intents?: readonly string[];
  readonly as?: 'client' | 'admin';
  /** How often it is proposed when something else was written first; default 8. */
  readonly attempts?: number;
  /** What it writes beside others of its contract: such wait for each other, as they would meet on the ledger. */
  readonly turn?: string;
}

/**
 * Why a proposal is made afresh: something that it had read was written first; the epoch moved; its endorsements were not
 * what the policies ask for.
 */
export type Why = 'conflict' | 'epoch' | 'endorsements';

type Outcome =
  | { readonly kind: 'committed'; readonly committed: Committed }
  | {
      readonly kind: 'again';
      readonly why: Why;
      readonly refusal: Refusal;
      readonly endorsers?: readonly string[];
    };

const CONFLICTS = new Set(['MVCC_READ_CONFLICT', 'PHANTOM_READ_CONFLICT']);
/** Endorsed under another definition than it was validated under, or not by whom it seemed to be. */
const NOT_ENDORSED = new Set(['ENDORSEMENT_POLICY_FAILURE', 'EXPIRED_CHAINCODE', 'INVALID_CHAINCODE']);
/** Endorsers differ, or one lacks private data for a moment. */
const PASSES: ReadonlySet<string> = new Set(['ledger-conflict', 'private-data-pending']);

const ATTEMPTS = 8;
/** An epoch lasts minutes: who meets two ends of it in a row has other troubles. */
const EPOCHS = 4;
const RETRY_MS = 20;
const RETRY_MOST_MS = 800;
/** Somebody waits, and nothing at all has come back from the orderers for this long. */
const STALLED_MS = 10_000;
const LOOK_MS = 1_000;
/** For the outcome of a transaction that has its block, if it ever gets one. */
const OUTCOME_MS = 500;

/** Brings commands onto the ledger, and never loses sight of one that was sent. */
export class Transactions {
  readonly #options: TransactionsOptions;
  readonly #stop = new AbortController();
  readonly #resending: Resending;
  readonly #ordering = new Circuit({ now: () => performance.now() });
  readonly #endorsing = {
    registry: new Circuit({ now: () => performance.now() }),
    custody: new Circuit({ now: () => performance.now() }),
    withdrawal: new Circuit({ now: () => performance.now() }),
    study: new Circuit({ now: () => performance.now() }),
  };
  readonly #turns = new Turns();
  #waiting = 0;
  #progressAt = 0;
  #looking: Promise<void> = Promise.resolve();

  constructor(options: TransactionsOptions) {
    this.#options = options;
    this.#resending = new Resending(options);
  }

  start(): void {
    this.#resending.start();
    this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#resending.stop(), this.#looking]);
  }

  /**
   * Whether a transaction would be tried now. Not whether the last one succeeded: only a call closes a circuit again, and whoever asks
   * for this sends none where it says no.
   */
  get isOpen(): boolean {
    return ![this.#ordering, ...Object.values(this.#endorsing)].some((circuit) => circuit.isRefusing);
  }

  /** An own transaction's outcome is known: so somebody orders, and the own peer commits. */
  settled(transaction: string): void {
    this.#resending.settled(transaction);
    this.#progressAt = performance.now();
    this.#ordering.succeeded();
  }

  /** Throws a Refusal `ledger-unavailable`, before anything is begun, where the ledger is known to be out of reach. */
  requireLedger({ contract }: Audience): void {
    this.#options.chain.requireReach();
    this.#ordering.require();
    this.#endorsing[contract].require();
  }

  /**
   * For how long the ledger has been out of reach for transactions of that kind, milliseconds: the own peer is silent, or proposals or
   * submissions fail one after the other, and none has come through since. Undefined where that is not so; slow is not out of reach.
   */
  outOfReachForMs({ contract }: Audience): number | undefined {
    const silent = [
      this.#options.chain.outOfReachForMs,
      this.#ordering.openForMs,
      this.#endorsing[contract].openForMs,
    ].filter((one) => one !== undefined);
    return silent.length === 0 ? undefined : Math.max(...silent);
  }

  /**
   * Endorses, sends and waits until the own peer has it as valid. Throws a Refusal: chaincode's own; `ledger-unavailable` when
   * nothing was written; `ledger-conflict` when something else was written first each time; `outcome-unknown` when it was sent
   * and no block shows it yet.
   */
  run(command: Command, audience: Audience, options: RunOptions = {}): Promise<Committed> {
    const { turn } = options;
    if (turn === undefined) return this.#run(command, audience, options);
    return this.#turns.take(`${audience.contract} ${turn}`, () => this.#run(command, audience, options));
  }

  async #run(command: Command, audience: Audience, options: RunOptions): Promise<Committed> {
    const step = nextStep();
    const before = step?.before === undefined ? undefined : await this.#committedBefore(step.before);
    if (before !== undefined) return before;
    const left = { conflict: (options.attempts ?? ATTEMPTS) - 1, epoch: EPOCHS, endorsements: 1 };
    let avoid: readonly string[] = [];
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#runOnce(command, audience, options, avoid, step?.attempting);
      if (outcome.kind === 'committed') return outcome.committed;
      if (left[outcome.why] <= 0 || this.#stop.signal.aborted) throw outcome.refusal;
      left[outcome.why] -= 1;
      avoid = outcome.endorsers ?? [];
      this.#options.onProposedAgain(outcome.why);
      await delay(pauseBefore(attempt), this.#stop.signal);
    }
  }

  async #runOnce(
    command: Command,
    audience: Audience,
    { as = 'client', intents = [] }: RunOptions,
    avoid: readonly string[],
    attempting: ((transaction: string) => void) | undefined,
  ): Promise<Outcome> {
    const { chain, projection, commitMs, onSettled } = this.#options;
    const prepared = await this.#prepare(command, audience, { as, avoid });
    if (prepared instanceof Refusal) return { kind: 'again', why: 'conflict', refusal: prepared };
    // The epoch moved while it was endorsed: it could never be valid.
    if (isOver(prepared, chain)) return again('epoch');
    const began = performance.now();
    const watch = chain.watch(prepared.transaction);
    if (this.#waiting === 0) this.#progressAt = began;
    this.#waiting += 1;
    try {
      attempting?.(prepared.transaction);
      this.#keep({ ...prepared, height: projection.height }, intents);
      await this.#send(prepared);
      const settled = await within(watch.settled, commitMs);
      if (settled === undefined) throw new Refusal('outcome-unknown');
      onSettled(settled.code, (performance.now() - began) / 1000);
      return this.#outcomeOf(prepared, settled);
    } finally {
      this.#waiting -= 1;
      watch.forget();
    }
  }

  /**
   * What became of the transaction of an earlier attempt at the same request; undefined where it is none, and may be made again. Throws
   * a Refusal `outcome-unknown` where that cannot be said yet.
   */
  async #committedBefore({ transaction, at, isOwn }: Attempted): Promise<Committed | undefined> {
    const { chain, commitMs, epochSeconds, ledger, now, outbox } = this.#options;
    if (outbox.open().some((open) => open.transaction === transaction)) throw new Refusal('outcome-unknown');
    const settled = await ledger.outcome(transaction, OUTCOME_MS);
    if (settled?.valid === true) {
      await chain.reached(settled.block + 1, commitMs);
      return { transaction, block: settled.block };
    }
    // This gateway keeps what it sends; what another sent cannot be valid any more when its epoch is over for certain.
    const isOver = now() - at > 2 * epochSeconds * 1_000;
    if (settled === undefined && !isOwn && !isOver) throw new Refusal('outcome-unknown');
    return undefined;
  }

  /** Answers with a Refusal where another proposal may do better, and throws any other. */
  async #prepare(command: Command, audience: Audience, options: PrepareOptions): Promise<Endorsed | Refusal> {
    const circuit = this.#endorsing[audience.contract];
    this.requireLedger(audience);
    this.#ordering.admit();
    circuit.admit();
    try {
      const prepared = await this.#options.ledger.prepare(command, audience, options);
      circuit.succeeded();
      return prepared;
    } catch (error) {
      if (error instanceof Refusal && error.code !== 'ledger-unavailable') circuit.succeeded();
      else circuit.failed();
      if (error instanceof Refusal && PASSES.has(error.code)) return error;
      throw error;
    }
  }

  #outcomeOf(prepared: Endorsed, { valid, code, block }: Settled): Outcome {
    const { transaction, endorsers } = prepared;
    if (valid) return { kind: 'committed', committed: { transaction, block } };
    if (code === EPOCH_OVER) return again('epoch');
    if (CONFLICTS.has(code)) return again(isOver(prepared, this.#options.chain) ? 'epoch' : 'conflict');
    this.#options.log.error('transaction.invalid', { transaction, block, code });
    if (!NOT_ENDORSED.has(code)) throw new Refusal('ledger-unavailable');
    return { kind: 'again', why: 'endorsements', refusal: new Refusal('ledger-unavailable'), endorsers };
  }

  /** A disk that says that it failed may have kept it all the same: then it is brought to an end like any other, and not at the next start. */
  #keep(open: Open, intents: readonly string[]): void {
    const { outbox } = this.#options;
    try {
      outbox.keep(open, intents);
    } catch (error) {
      if (outbox.open().some(({ transaction }) => transaction === open.transaction))
        this.#resending.sending(open);
      throw error;
    }
  }

  /** A failed submission says nothing: an orderer may have taken it all the same. It is sent again until a block has it. */
  async #send(prepared: Endorsed): Promise<void> {
    const { ledger, log } = this.#options;
    this.#resending.sending(prepared);
    try {
      await ledger.submit(prepared);
    } catch (error) {
      this.#ordering.failed();
      log.warn('transaction.not-acknowledged', { transaction: prepared.transaction, error });
      this.#resending.refused(prepared);
    }
  }

  /** Orderers that take everything and bring out nothing are as good as none. */
  async #look(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await delay(LOOK_MS, signal);
      if (this.#waiting > 0 && performance.now() - this.#progressAt > STALLED_MS) this.#ordering.trip();
    }
  }
}

function again(why: 'conflict' | 'epoch'): Outcome {
  return { kind: 'again', why, refusal: new Refusal('ledger-conflict') };
}

function isOver({ epoch }: Endorsed, chain: Chain): boolean {
  return epoch !== undefined && chain.epoch !== undefined && isBefore(epoch, chain.epoch);
}

/** Twice as long each time, and not at the same moment as the others that met the same conflict. */
function pauseBefore(attempt: number): number {
  const most = Math.min(RETRY_MS * 2 ** (attempt - 1), RETRY_MOST_MS);
  return most * (0.5 + Math.random() / 2);
}
