import type { Progress } from '@consent-ledger/audit';
import type { Terminal } from '../terminal/terminal.js';

/** What takes no longer is not talked about. */
const EVERY_MS = 2_000;

/** Says now and then how far it is, and how fast. */
export function progressSaid(
  out: Terminal,
  end: number,
): { readonly note: (progress: Progress) => void; readonly end: () => void } {
  const started = Date.now();
  let saidAt = started;
  let events = 0;
  let first: number | undefined;
  let height = 0;
  const say = (): void => {
    const seconds = (Date.now() - started) / 1_000;
    const rate = (count: number): string => `${Math.round(count / seconds)}/s`;
    const blocks = height - (first ?? height);
    out.say(
      `Block ${height} of ${end}, ${events} access events: ${rate(blocks)} blocks, ${rate(events)} events.`,
    );
    saidAt = Date.now();
  };
  return {
    note: (progress) => {
      first ??= progress.height - 1;
      height = progress.height;
      events += progress.events;
      if (Date.now() - saidAt >= EVERY_MS) say();
    },
    end: () => {
      if (saidAt > started) say();
    },
  };
}
