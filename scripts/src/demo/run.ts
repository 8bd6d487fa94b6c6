import { randomBytes } from 'node:crypto';
import type { Consortium } from '../consortium/consortium.js';
import type { Terminal } from '../terminal/terminal.js';
import { castOf } from './cast.js';
import { narrator, StepFailure, type Narrate, type StepReport } from './narration.js';
import { playStory } from './story.js';
import { trialCastOf } from './trial/cast.js';
import { playTrial } from './trial/story.js';

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
  const cast = await castOf(consortium);
  const run = randomBytes(4).toString('hex');
  return told(tell, (narrate) => playStory({ cast, narrate, run, decisions: [] }));
}

/** Plays a whole clinical trial, a new study each time, with participants made from a seed. */
export async function runTrial(
  consortium: Consortium,
  { participants, seed }: { readonly participants: number; readonly seed: string },
  tell: (report: StepReport) => void,
): Promise<DemoReport> {
  const cast = await trialCastOf(consortium);
  const study = `demo-${randomBytes(4).toString('hex')}`;
  return told(tell, (narrate) => playTrial({ cast, narrate, study, participants, seed }));
}

async function told(
  tell: (report: StepReport) => void,
  play: (narrate: Narrate) => Promise<void>,
): Promise<DemoReport> {
  const steps: StepReport[] = [];
  const narrate = narrator((report) => {
    steps.push(report);
    tell(report);
  });
  try {
    await play(narrate);
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
