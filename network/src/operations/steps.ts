import { waitUntil } from '../fabric/wait-until.js';

/** One step of an operation. What is on the channel and on disk says whether it is done: nothing else is remembered. */
export interface Step {
  /** What it does, such as `restart the peer of riverside`. */
  readonly title: string;
  /** Whether it is done, told from the outside; asked before and after. Rejects when it cannot be told. */
  readonly isDone: () => Promise<boolean>;
  readonly run: () => Promise<void>;
  /** How long it may take after `run` until it is seen to be done. Default 60 s. */
  readonly settleMs?: number;
}

export interface StepReport {
  readonly title: string;
  readonly state: 'was done' | 'to do' | 'begun' | 'done';
  /** Present with `done`. */
  readonly ms?: number;
}

export interface CarryOutOptions {
  /** Only tells what would be done. */
  readonly dryRun?: boolean;
  readonly report?: (report: StepReport) => void;
  readonly signal?: AbortSignal | undefined;
}

const SETTLE_MS = 60_000;

/**
 * Does the steps that are not done yet, in their order, and sees after each that it is. After a failure the same call
 * goes on where it stopped. A dry run tells of everything from the first step on that is not done: what comes after
 * cannot be judged before that one is.
 */
export async function carryOut(
  steps: readonly Step[],
  { dryRun = false, report = () => undefined, signal }: CarryOutOptions = {},
): Promise<void> {
  let somethingToDo = false;
  for (const { title, isDone, run, settleMs = SETTLE_MS } of steps) {
    signal?.throwIfAborted();
    if (!somethingToDo && (await isSeenDone(isDone))) {
      report({ title, state: 'was done' });
      continue;
    }
    if (dryRun) {
      somethingToDo = true;
      report({ title, state: 'to do' });
      continue;
    }
    report({ title, state: 'begun' });
    const started = performance.now();
    await run();
    await waitUntil({ what: `this to be seen: ${title}`, timeoutMs: settleMs, signal }, async () => {
      if (!(await isDone())) throw new Error('not yet');
    });
    report({ title, state: 'done', ms: performance.now() - started });
  }
}

/** What cannot be told is not known to be done. */
async function isSeenDone(isDone: Step['isDone']): Promise<boolean> {
  try {
    return await isDone();
  } catch {
    return false;
  }
}
