import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process of the product, run as the supervisor would run it. */
export interface RunningProcess {
  readonly child: ChildProcess;
  /** Everything that it wrote to standard output and standard error, line by line. */
  readonly lines: readonly string[];
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  stop(signal?: NodeJS.Signals): Promise<number | string>;
}

export interface ProcessOptions {
  readonly nodeFlags?: readonly string[];
  /** Specifier of the module, such as `@consent-ledger/gateway/main`. */
  readonly module: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Starts a line that says that it is ready. */
  readonly ready: RegExp;
  readonly timeoutMs?: number;
}

/** Starts a process and resolves when it is ready; rejects with its output when it ends before, or takes too long. */
export async function startProcess(options: ProcessOptions): Promise<RunningProcess> {
  const script = fileURLToPath(import.meta.resolve(options.module));
  const child = spawn(process.execPath, [...(options.nodeFlags ?? []), script, ...(options.args ?? [])], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal ?? 'unknown');
    });
  });
  const ready = new Promise<'ready'>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        if (options.ready.test(line)) resolve('ready');
      });
    }
  });
  const late = new Promise<'late'>((resolve) => {
    setTimeout(resolve, options.timeoutMs ?? 150_000, 'late').unref();
  });
  const first = await Promise.race([ready, ended, late]);
  if (first !== 'ready') {
    child.kill('SIGKILL');
    throw new Error(`${options.module} did not get ready (${first}):\n${lines.slice(-30).join('\n')}`);
  }
  return {
    child,
    lines,
    ended,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}
