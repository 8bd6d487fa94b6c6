import { closeSync, existsSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

const MAX_BYTES = 8 * 1_048_576;
const TAIL_CHARACTERS = 2_000;

/**
 * A process's log: appended to, moved to `<file>.1` when it grows beyond 8 MiB, so that a process takes at most
 * twice that. Keeps the last lines for whoever asks why a process ended.
 */
export interface LogFile {
  readonly file: string;
  write(chunk: Buffer): void;
  /** The last complete lines, at most `count`. */
  lastLines(count: number): string[];
  close(): void;
}

/** @param onTrouble told once when the log can no longer be written (a full disk): the process goes on without. */
export function openLogFile(
  file: string,
  onTrouble: (error: unknown) => void,
  maxBytes = MAX_BYTES,
): LogFile {
  let descriptor = openSync(file, 'a', 0o600);
  let size = fstatSync(descriptor).size;
  let tail = '';
  let broken = false;

  const rotate = (): void => {
    closeSync(descriptor);
    if (existsSync(file)) renameSync(file, `${file}.1`);
    descriptor = openSync(file, 'a', 0o600);
    size = 0;
  };

  return {
    file,
    write: (chunk) => {
      tail = (tail + chunk.toString('utf8')).slice(-TAIL_CHARACTERS);
      if (broken) return;
      try {
        if (size > 0 && size + chunk.length > maxBytes) rotate();
        writeSync(descriptor, chunk);
        size += chunk.length;
      } catch (error) {
        broken = true;
        onTrouble(error);
      }
    },
    lastLines: (count) => tail.trimEnd().split('\n').slice(-count),
    close: () => {
      closeSync(descriptor);
    },
  };
}
