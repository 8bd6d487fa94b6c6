import type { MissingValue } from '../history/world.js';

/** Says why something cannot be decided again. */
export function explainGap(what: string, { why, block }: Pick<MissingValue, 'why' | 'block'>): string {
  return why === 'purged'
    ? `what ${what} rested on was purged at block ${block}`
    : `what ${what} rested on, written at block ${block}, was never delivered to this peer`;
}

interface Gap {
  /** Place of the finding in the replay's list. */
  readonly finding: number;
  readonly what: string;
}

/**
 * Findings that wait for their reason: a peer no longer delivers a value that is purged later, and only the purge, further on in the
 * history, tells it from one that the peer never had.
 */
export class Gaps {
  readonly #open = new Map<string, Gap[]>();

  add({ collection, keyHash, why }: MissingValue, finding: number, what: string): void {
    if (why === 'purged') return;
    const name = `${collection}\0${keyHash}`;
    const gaps = this.#open.get(name);
    if (gaps === undefined) this.#open.set(name, [{ finding, what }]);
    else gaps.push({ finding, what });
  }

  /** A key was purged: the findings that missed its value, with what is to be said of them now. */
  close(
    collection: string,
    keyHash: string,
    block: number,
  ): readonly { finding: number; explanation: string }[] {
    const name = `${collection}\0${keyHash}`;
    const gaps = this.#open.get(name) ?? [];
    this.#open.delete(name);
    return gaps.map(({ finding, what }) => ({
      finding,
      explanation: explainGap(what, { why: 'purged', block }),
    }));
  }
}
