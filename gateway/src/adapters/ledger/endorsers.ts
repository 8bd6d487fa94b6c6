/** MSP ids that endorse together; undefined: whoever the peer finds for the policy. */
export type Choice = readonly string[] | undefined;

export interface EndorsersOptions {
  /** Milliseconds, of any clock that goes on. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
}

interface Avoided {
  readonly until: number;
  /** How long it was avoided last, milliseconds. */
  readonly milliseconds: number;
}

const AVOID_MS = 10_000;
const AVOID_MOST_MS = 300_000;

/**
 * Which choice of endorsers is tried first. One that failed is asked again only after a while, longer each time, and then by one
 * caller: it may be a peer that takes every call and answers none, and each of them would wait for the deadline.
 */
export class Endorsers {
  readonly #options: EndorsersOptions;
  readonly #avoided = new Map<string, Avoided>();

  constructor(options: EndorsersOptions) {
    this.#options = options;
  }

  /** The choices in the order in which to try them: those that are thought well in the order given, then the others. */
  inOrder(choices: readonly Choice[], avoid: readonly string[] = []): Choice[] {
    const isAvoided = (choice: Choice): boolean =>
      this.#isAvoided(choice) || choice?.some((mspId) => avoid.includes(mspId)) === true;
    const well = choices.filter((choice) => !isAvoided(choice));
    const [first] = well;
    // Everybody else keeps away until this caller knows.
    if (first !== undefined && this.#avoided.has(nameOf(first))) this.#avoid(first, AVOID_MS);
    return [...well, ...choices.filter((choice) => !well.includes(choice))];
  }

  answered(choice: Choice): void {
    this.#avoided.delete(nameOf(choice));
  }

  failed(choice: Choice): void {
    const before = this.#avoided.get(nameOf(choice))?.milliseconds ?? AVOID_MS / 2;
    this.#avoid(choice, Math.min(2 * before, AVOID_MOST_MS));
  }

  #isAvoided(choice: Choice): boolean {
    return (this.#avoided.get(nameOf(choice))?.until ?? 0) > this.#options.now();
  }

  #avoid(choice: Choice, milliseconds: number): void {
    const { now, random } = this.#options;
    const until = now() + milliseconds * (0.75 + random() / 2);
    const known = this.#avoided.get(nameOf(choice))?.milliseconds ?? 0;
    this.#avoided.set(nameOf(choice), { until, milliseconds: Math.max(known, milliseconds) });
  }
}

function nameOf(choice: Choice): string {
  return choice?.join(' ') ?? '';
}
