import { setTimeout as sleep } from 'node:timers/promises';

/** Does one thing at a time. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** Turns in the order in which they were asked for, with a pause after each. */
export function takingTurns(pauseMs: number): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined).then(() => sleep(pauseMs));
    return mine;
  };
}
