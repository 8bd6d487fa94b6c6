/**
 * What the command line says. Results go to standard output, so that they can be piped; everything that is said on
 * the way (progress, what to do) goes to standard error.
 */
export interface Terminal {
  /** A line of the result. */
  readonly print: (line: string) => void;
  /** The result as JSON, for machines. */
  readonly printJson: (value: unknown) => void;
  /** A line on the way. */
  readonly say: (line: string) => void;
  /** Does something that may take longer than a second: said when it starts, and how long it took. */
  readonly task: <T>(what: string, work: () => Promise<T>) => Promise<T>;
}

const SLOW_MS = 1_000;

/** @param kind `quiet` says nothing on the way; `log` puts the time before each line, for a file */
export function terminal(kind: 'person' | 'quiet' | 'log' = 'person'): Terminal {
  const say = (line: string): void => {
    if (kind === 'quiet') return;
    process.stderr.write(kind === 'log' ? `${new Date().toISOString()} ${line}\n` : `${line}\n`);
  };
  return {
    print: (line) => process.stdout.write(`${line}\n`),
    printJson: (value) => process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
    say,
    task: async (what, work) => {
      const started = Date.now();
      const slow = setTimeout(() => {
        say(`${what} …`);
      }, SLOW_MS / 4);
      try {
        const result = await work();
        const took = Date.now() - started;
        if (took >= SLOW_MS) say(`${what}: done in ${(took / 1_000).toFixed(1)} s`);
        return result;
      } finally {
        clearTimeout(slow);
      }
    },
  };
}

/** A reader that has seen enough (`| head`) is no error. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  }
}
