import {
  JOURNAL_PREFIX,
  journalCommitment,
  journalFindings,
  millisecondsOf,
  type JournalFinding,
} from '@consent-ledger/chaincode/wire';
import type { JournalIndex } from '../../ports/journal-index.js';
import type { Projection } from '../../ports/projection.js';

/** A finding with its place in lists of them, which goes by what it is about and so stays when others come and go. */
export interface PlacedFinding {
  readonly place: string;
  readonly finding: JournalFinding;
}

interface Known {
  readonly findings: readonly PlacedFinding[];
  readonly height: number;
  /** Values that the own peer lacked. */
  readonly pending: number;
  /** From when, and until when there are no others, epoch milliseconds. */
  readonly from: number;
  readonly until: number;
}

const SEQ_DIGITS = 16;

/**
 * What is wrong with members' journals, as far as the ledger shows it. That no event has an entry can be told only by who reads every
 * custodian's; a custodian is told of its own events. Worked out again only where something was folded, or an entry's time has passed: health
 * and metrics ask at each call.
 */
export class JournalFindings {
  readonly #projection: Pick<Projection, 'height' | 'pending' | 'publicValues'>;
  readonly #index: JournalIndex;
  readonly #readsAll: boolean;
  #known: Known | undefined;

  constructor(
    projection: Pick<Projection, 'height' | 'pending' | 'publicValues'>,
    index: JournalIndex,
    readsAll: boolean,
  ) {
    this.#projection = projection;
    this.#index = index;
    this.#readsAll = readsAll;
  }

  /** In the order of their places. */
  at(now: number): readonly PlacedFinding[] {
    const { height } = this.#projection;
    const pending = this.#projection.pending().reduce((sum, { values }) => sum + values, 0);
    const known = this.#known;
    const isSame = known?.height === height && known.pending === pending;
    if (isSame && known.from <= now && now <= known.until) return known.findings;
    const worked = this.#workOut(now);
    this.#known = { ...worked, height, pending, from: now };
    return worked.findings;
  }

  #workOut(now: number): Pick<Known, 'findings' | 'until'> {
    const commitments = this.#projection
      .publicValues(JOURNAL_PREFIX)
      .map(({ value }) => journalCommitment.parse(JSON.parse(value.toString('utf8'))));
    const entries = this.#index.entries();
    const found = journalFindings(commitments, entries, now);
    const told = this.#readsAll ? found : found.filter(({ event }) => event !== undefined);
    const findings = told
      .map((finding) => ({ place: placeOf(finding), finding }))
      .sort((one, other) => (one.place < other.place ? -1 : 1));
    let until = Number.POSITIVE_INFINITY;
    const look = (due: number): void => {
      if (due >= now && due < until) until = due;
    };
    for (const { due } of commitments) look(millisecondsOf(due));
    for (const { due } of entries) look(due * 1_000);
    return { findings, until };
  }
}

function placeOf({ member, chain, seq, entry, rule }: JournalFinding): string {
  return [member, chain, String(seq).padStart(SEQ_DIGITS, '0'), entry, rule].join('.');
}
