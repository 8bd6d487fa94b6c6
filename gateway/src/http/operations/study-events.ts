import type { ChangesPage } from '@consent-ledger/chaincode/wire/http';
import type { Response } from 'express';
import { once } from 'node:events';

/** Who is told that a block was folded. */
export class Listeners {
  readonly #waiting = new Set<() => void>();

  tell(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Resolves at the next block, after `milliseconds`, or when the signal is aborted. */
  async next(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      this.#waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}

const KEEP_ALIVE_MS = 15_000;

/**
 * Sends changes as server-sent events, from the cursor on and then as they come; an event's id is the cursor after it, so that who
 * was cut off goes on with `Last-Event-ID`.
 */
export async function followChanges(
  response: Response,
  signal: AbortSignal,
  listeners: Listeners,
  read: (after: string | undefined) => ChangesPage,
): Promise<void> {
  response
    .status(200)
    .set({ 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-store' });
  let after: string | undefined;
  while (!signal.aborted) {
    const { changes, next } = read(after);
    after = next;
    const text = changes
      .map((change) => `id: ${change.position}\nevent: participation\ndata: ${JSON.stringify(change)}\n\n`)
      .join('');
    const isTaken = response.write(text === '' ? ': \n\n' : text);
    if (!isTaken) await once(response, 'drain', { signal }).catch(() => undefined);
    if (changes.length === 0) await listeners.next(KEEP_ALIVE_MS, signal);
  }
  response.end();
}
