/** What one step asked, what came back, and what the story needs of it later. */
export interface Told<Result> {
  readonly result: Result;
  /** Who asked what of whom. */
  readonly asked: string;
  /** Such as `403 not-permitted`. */
  readonly came: string;
  /** Where it stands on the ledger. */
  readonly transaction?: string | undefined;
  readonly block?: number | undefined;
  /** More lines: digests, the auditor's list. */
  readonly lines?: readonly string[];
}

/** A step as it is told: to a person line by line, to a machine as JSON. */
export interface StepReport extends Omit<Told<unknown>, 'result'> {
  readonly step: number;
  readonly title: string;
  /** Why it comes out as it does, for a reader who sees this for the first time. */
  readonly why: string;
}

/** Plays one step and tells it. Throws a StepFailure when it came out otherwise than it must. */
export type Narrate = <Result>(
  title: string,
  why: string,
  act: () => Promise<Told<Result>>,
) => Promise<Result>;

/** A step came out otherwise than it must. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';

  constructor(expected: string, found: string) {
    super(`expected ${expected}, but ${found}`);
  }
}

export function must(holds: boolean, expected: string, found: string): asserts holds {
  if (!holds) throw new StepFailure(expected, found);
}

export function narrator(tell: (report: StepReport) => void): Narrate {
  let step = 0;
  return async (title, why, act) => {
    step += 1;
    const { result, ...told } = await act();
    tell({ step, title, why, ...told });
    return result;
  };
}
