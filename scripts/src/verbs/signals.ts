/** Until released, SIGINT, SIGTERM and SIGHUP abort the signal instead of ending the process. */
export function stopRequests(): { readonly signal: AbortSignal; readonly release: () => void } {
  const controller = new AbortController();
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const abort = (): void => {
    controller.abort();
  };
  for (const name of names) process.on(name, abort);
  return {
    signal: controller.signal,
    release: () => {
      for (const name of names) process.off(name, abort);
    },
  };
}

/** Resolves when the signal aborts. Keeps the process alive until then, unless it only `watches`. */
export function aborted(signal: AbortSignal, watches = false): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    // A pending promise alone keeps no process alive.
    const alive = setInterval(() => undefined, 60_000);
    if (watches) alive.unref();
    signal.addEventListener(
      'abort',
      () => {
        clearInterval(alive);
        resolve();
      },
      { once: true },
    );
  });
}
