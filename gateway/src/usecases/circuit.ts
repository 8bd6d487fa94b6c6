import { Refusal } from './refusal.js';

export interface CircuitOptions {
  /** Milliseconds, of any clock that goes on. */
  readonly now: () => number;
  /** Failures in a row that open it. */
  readonly failures?: number;
}

const OPEN_MS = 1_000;
const OPEN_MOST_MS = 15_000;

/**
 * Keeps callers from waiting for what does not answer. After some failures in a row it is open, and everybody is refused at once;
 * when its time is over one call is let through, and by that it closes again, or stays open twice as long.
 */
export class Circuit {
  readonly #now: () => number;
  readonly #failuresAllowed: number;
  #failures = 0;
  #openMs = 0;
  #until = 0;
  #isTried = false;
  #triedAt = 0;
  /** Till when the last failure has it refuse. */
  #failedUntil = 0;
  #failingSince: number | undefined;

  constructor({ now, failures = 3 }: CircuitOptions) {
    this.#now = now;
    this.#failuresAllowed = failures;
  }

  /**
   * For how long nothing has come through, milliseconds; undefined where that is not known: it is closed, or nobody has tried for so long
   * that it may be well again. So only who has tried in vain just now may build on it, and not on a call that is still under way.
   */
  get openForMs(): number | undefined {
    return this.#isFresh && this.#failingSince !== undefined ? this.#now() - this.#failingSince : undefined;
  }

  /** Whether the last call that failed is what refuses now, or a call that was let in soon after its time was over. */
  get #isFresh(): boolean {
    if (!this.isRefusing) return false;
    return this.#now() < this.#failedUntil || this.#triedAt - this.#failedUntil < OPEN_MOST_MS;
  }

  get isOpen(): boolean {
    return this.#openMs > 0;
  }

  /** Whether a call that came now would be refused. When the time is over somebody has to try, so nobody may be kept from calling. */
  get isRefusing(): boolean {
    return this.isOpen && this.#now() < this.#until;
  }

  /** Throws a Refusal `ledger-unavailable`, which says when to come back, where no call may be let through now. */
  require(): void {
    if (!this.isRefusing) return;
    const waitMs = this.#until - this.#now();
    throw new Refusal('ledger-unavailable', { retryAfterSeconds: Math.ceil(waitMs / 1_000) });
  }

  /** Lets one call through. Throws as `require` does. */
  admit(): void {
    this.require();
    if (!this.isOpen) return;
    // This one call finds out for the others, who come back later.
    this.#isTried = true;
    this.#triedAt = this.#now();
    this.#until = this.#now() + this.#openMs;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#failingSince = undefined;
    this.#openMs = 0;
    this.#isTried = false;
  }

  failed(): void {
    this.#failures += 1;
    this.#failingSince ??= this.#now();
    if (this.isOpen || this.#failures >= this.#failuresAllowed) this.trip();
  }

  /** Opens it, whatever was counted. */
  trip(): void {
    this.#failingSince ??= this.#now();
    if (!this.isOpen) this.#open(OPEN_MS);
    // Calls that had been let in before it opened say nothing new.
    else if (this.#isTried) this.#open(Math.min(2 * this.#openMs, OPEN_MOST_MS));
  }

  #open(milliseconds: number): void {
    this.#openMs = milliseconds;
    this.#until = this.#now() + milliseconds;
    this.#failedUntil = this.#until;
    this.#isTried = false;
  }
}
