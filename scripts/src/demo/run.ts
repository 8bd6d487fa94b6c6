import { randomBytes } from 'node:crypto';
import type { Consortium } from '../consortium/consortium.js';
import type { Terminal } from '../terminal/terminal.js';
import { castOf } from './cast.js';
import { narrator, StepFailure, type StepReport } from './narration.js';
import { playStory } from './story.js';

/** What a run of the demo came to. */
export interface DemoReport {
  readonly ok: boolean;
  readonly steps: readonly StepReport[];
  /** The step that came out otherwise, and how. */
  readonly failure?: { readonly step: number; readonly message: string };
}

/** Plays the demo on a running consortium, with new patients each time, and tells it as it goes. */
export async function runDemo(
  consortium: Consortium,
  tell: (report: StepReport) => void,
): Promise<DemoReport> {
  const steps: StepReport[] = [];
  const narrate = narrator((report) => {
    steps.push(report);
    tell(report);
  });
  const cast = await castOf(consortium);
  try {
    await playStory({ cast, narrate, run: randomBytes(4).toString('hex'), decisions: [] });
    return { ok: true, steps };
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    return { ok: false, steps, failure: { step: steps.length + 1, message: error.message } };
  }
}

/** A step for people. */
export function printStep(
  out: Terminal,
  { step, title, why, asked, came, transaction, block, lines = [] }: StepReport,
): void {
  const place =
    transaction === undefined ? '' : ` (block ${block ?? '?'}, transaction ${transaction.slice(0, 12)}…)`;
  out.print('');
  out.print(`${String(step).padStart(2)}  ${title}`);
  out.print(`    asked  ${asked}`);
  out.print(`    came   ${came}${place}`);
  out.print(`    why    ${why}`);
  for (const line of lines) out.print(`           ${line}`);
}
