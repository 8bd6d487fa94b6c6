const HOUR_MS = 3_600_000;
const HOUR_SECONDS = 3_600;
/** Subjects that are counted in an hour; beyond that the count of the one that was asked about longest ago is lost. */
const MAX_COUNTED = 100_000;

/**
 * How often each subject may be checked: so many questions within an hour that slides (the count of this clock hour, and
 * of the one before as much as still lies within the hour). Whoever tries one question after the other to find out
 * what somebody has decided is held up.
 */
export class CheckLimit {
  #hour = 0;
  #current = new Map<string, number>();
  #previous = new Map<string, number>();

  constructor(private readonly perHour: number) {}

  /** Seconds until so many more questions about a subject are allowed; 0: they are allowed now. */
  wait(subject: string, questions: number, at: number): number {
    this.#turn(at);
    const current = this.#current.get(subject) ?? 0;
    const previous = this.#previous.get(subject) ?? 0;
    const passed = at / HOUR_MS - this.#hour;
    const room = this.perHour - questions;
    if (current + previous * (1 - passed) <= room) return 0;
    const until = current <= room ? 1 - (room - current) / previous : 2 - Math.max(0, room) / current;
    return Math.ceil(Math.max(1, (until - passed) * HOUR_SECONDS));
  }

  count(subject: string, questions: number, at: number): void {
    this.#turn(at);
    const before = this.#current.get(subject) ?? 0;
    this.#current.delete(subject);
    this.#current.set(subject, before + questions);
    if (this.#current.size <= MAX_COUNTED) return;
    for (const oldest of this.#current.keys()) {
      this.#current.delete(oldest);
      return;
    }
  }

  /** Takes over a count of the past, in any order. */
  recall(subject: string, questions: number, at: number, now: number): void {
    this.#turn(now);
    const age = this.#hour - Math.floor(at / HOUR_MS);
    const counts = age === 0 ? this.#current : this.#previous;
    if (age <= 1 && counts.size < MAX_COUNTED) counts.set(subject, (counts.get(subject) ?? 0) + questions);
  }

  #turn(at: number): void {
    const hour = Math.floor(at / HOUR_MS);
    if (hour <= this.#hour) return;
    this.#previous = hour === this.#hour + 1 ? this.#current : new Map<string, number>();
    this.#current = new Map<string, number>();
    this.#hour = hour;
  }
}
