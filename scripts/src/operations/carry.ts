import { carryOut, UpdateProposed, type Step, type StepReport } from '@consent-ledger/network';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { EXIT, UserError } from '../user-error.js';
import { asOperationError } from './errors.js';

export interface CarryOptions {
  readonly dryRun?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What of an operation was done, for machines. */
interface Outcome {
  readonly dryRun: boolean;
  readonly steps: readonly StepOutcome[];
  /** The change of the channel's configuration that has to be signed before it goes on. */
  readonly proposed?: { readonly file: string; readonly says: readonly string[] };
}

interface StepOutcome {
  readonly title: string;
  readonly state: StepReport['state'];
  readonly ms?: number;
}

const SLOW_MS = 2_000;

/** Does the steps and tells of each; gives the exit code. @throws UserError that says how to go on */
export async function carry(
  steps: readonly Step[],
  { dryRun = false, json = false, signal }: CarryOptions,
  out: Terminal = terminal(),
): Promise<number> {
  const told: StepOutcome[] = [];
  const finish = (outcome: Omit<Outcome, 'dryRun' | 'steps'> = {}): void => {
    if (json) out.printJson({ dryRun, steps: told, ...outcome } satisfies Outcome);
  };
  const lines = stepLines(steps.length, out);
  try {
    await carryOut(steps, {
      dryRun,
      signal,
      report: (report) => {
        if (report.state === 'done') told.pop();
        told.push(report);
        if (!json) lines.report(report);
      },
    });
  } catch (error) {
    finish(error instanceof UpdateProposed ? { proposed: { file: error.file, says: error.says } } : {});
    if (error instanceof UpdateProposed) {
      tellProposed(error, out);
      return EXIT.ok;
    }
    const stoppedAt = told.at(-1)?.title;
    if (signal?.aborted) throw new UserError('Stopped. The same command goes on from here.');
    throw asOperationError(error, stoppedAt);
  } finally {
    lines.end();
  }
  finish();
  if (dryRun) out.say('Nothing was changed. Without --dry-run it is done.');
  return EXIT.ok;
}

function tellProposed({ file, says }: UpdateProposed, out: Terminal): void {
  out.say(`Written to ${file}, a change of the channel's configuration that`);
  for (const line of says) out.say(`  - ${line}`);
  out.say(
    'Each admin looks at it (`consent-ledger update show`) and signs it (`update sign`); with signatures enough it is ' +
      'submitted (`update submit`). Then give this command again.',
  );
}

/** One line for each step when it is done, and one on the way for a step that takes its time. */
function stepLines(
  count: number,
  out: Terminal,
): { readonly report: (report: StepReport) => void; readonly end: () => void } {
  const width = String(count).length;
  let number = 0;
  let slow: NodeJS.Timeout | undefined;
  const end = (): void => {
    clearTimeout(slow);
  };
  return {
    end,
    report: ({ title, state, ms = 0 }) => {
      end();
      if (state !== 'done') number++;
      const place = `${String(number).padStart(width)}/${count}`;
      if (state === 'begun') {
        slow = setTimeout(() => {
          out.say(`${place}  ...      ${title}`);
        }, SLOW_MS);
      } else {
        const what = { 'to do': 'would  ', 'was done': 'is so  ', done: seconds(ms) }[state];
        out.print(`${place}  ${what}  ${title}`);
      }
    },
  };
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`.padEnd(7);
}
