import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { UserError } from '../user-error.js';
import { backoff } from './backoff.js';
import { openLogFile, type LogFile } from './log-file.js';
import { identify, type ProcessIdentity } from './process-identity.js';
import { readyWatcher } from './ready-line.js';
import type { ProcessState } from './state-file.js';

/** One Node process to run: what, with what, and how one knows that it serves. */
export interface ProcessSpec {
  /** Short and unique, such as `gateway-riverside`; also the name of its log. */
  readonly name: string;
  /** Absolute path of the script. */
  readonly script: string;
  readonly args: readonly string[];
  /** Added to the few variables that every process gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Flags for Node itself, such as `--max-semi-space-size=2`. */
  readonly nodeFlags?: readonly string[];
  readonly logFile: string;
  /** Asked again and again after the ready line, until it says true. Absent: the ready line is enough. */
  readonly probe?: () => Promise<boolean>;
  /** Default 60 s. */
  readonly startTimeoutMs?: number;
  /** Between SIGTERM and SIGKILL. Default 10 s. */
  readonly stopTimeoutMs?: number;
}

export interface ProcessListener {
  /** Called on every change, before anything else happens to the process. */
  changed(): void;
  /** One line for a person: crashed, started again, had to be killed. */
  say(line: string): void;
}

export interface ManagedProcess {
  readonly name: string;
  readonly state: ProcessState;
  /** Resolves when it serves. Rejects with a UserError when it ends before that or takes too long. */
  start(): Promise<void>;
  /** Resolves when it has ended; never rejects. Ends restarting too. */
  stop(): Promise<void>;
}

/** Module that has a process end with the one whose ipc channel it has. */
export const LEASH = fileURLToPath(new URL('leash.js', import.meta.url));
const PASSED_ON = ['PATH', 'HOME', 'TZ', 'LANG', 'TMPDIR', 'NODE_EXTRA_CA_CERTS'];

/** A process that is started again, with growing pauses, whenever it ends without being asked to. */
export function managedProcess(spec: ProcessSpec, listener: ProcessListener): ManagedProcess {
  return new RestartingProcess(spec, listener);
}

class RestartingProcess implements ManagedProcess {
  readonly #log: LogFile;
  readonly #backoff = backoff();
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #state: ProcessState;

  constructor(
    private readonly spec: ProcessSpec,
    private readonly listener: ProcessListener,
  ) {
    this.#state = { name: spec.name, status: 'stopped', since: new Date().toISOString(), restarts: 0 };
    this.#log = openLogFile(spec.logFile, () => {
      listener.say(`${spec.name}: its log ${spec.logFile} can no longer be written; it goes on without one.`);
    });
  }

  get name(): string {
    return this.spec.name;
  }

  get state(): ProcessState {
    return this.#state;
  }

  async start(): Promise<void> {
    const first = await this.#launch('starting');
    try {
      await first.ready;
    } catch (error) {
      this.#stopping.abort();
      throw error;
    }
    void this.#keepRunning(first);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#child;
    if (child?.exitCode === null && child.signalCode === null) {
      this.#change({ status: 'stopping' });
      child.kill('SIGTERM');
      const deadline = new AbortController();
      const late = sleep(this.spec.stopTimeoutMs ?? 10_000, true, { signal: deadline.signal }).catch(
        () => false,
      );
      if (await Promise.race([this.#ended.then(() => false), late])) {
        this.listener.say(`${this.name}: did not end in time and was killed.`);
        child.kill('SIGKILL');
        await this.#ended;
      }
      deadline.abort();
    }
    this.#state = {
      name: this.name,
      status: 'stopped',
      since: new Date().toISOString(),
      restarts: this.#state.restarts,
    };
    this.listener.changed();
    this.#log.close();
  }

  /** Waits for each end and starts again, until stop() is called. */
  async #keepRunning(first: Launch): Promise<void> {
    let current = first;
    for (;;) {
      const how = await current.ended;
      if (this.#isStopping()) return;
      const pause = this.#backoff.next(Date.now() - current.startedAt);
      this.listener.say(`${this.name}: ended (${how}); starting it again in ${pause / 1_000} s.`);
      this.#change({ status: 'restarting', restarts: this.#state.restarts + 1 });
      try {
        await sleep(pause, undefined, { signal: this.#stopping.signal });
      } catch {
        return; // asked to stop while waiting
      }
      if (this.#isStopping()) return;
      current = await this.#launch('restarting');
      current.ready.then(
        () => {
          this.listener.say(`${this.name}: ready again.`);
        },
        () => undefined, // its end is seen above, on the next turn
      );
    }
  }

  async #launch(status: 'starting' | 'restarting'): Promise<Launch> {
    const startedAt = Date.now();
    const child = spawn(
      process.execPath,
      [...(this.spec.nodeFlags ?? []), '--import', LEASH, this.spec.script, ...this.spec.args],
      {
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
        env: environment(this.spec.env),
        // In a group of its own: a Ctrl-C in the terminal is for the supervisor, which ends the processes in order.
        detached: true,
      },
    );
    const said = Promise.withResolvers<undefined>();
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => {
        resolve(error.message);
      });
      child.once('close', (code, signal) => {
        resolve(signal ?? `code ${code ?? '?'}`);
      });
    });
    this.#child = child;
    this.#ended = ended.then(() => undefined);
    for (const output of [child.stdout, child.stderr]) {
      const watch = readyWatcher(() => {
        said.resolve(undefined);
      });
      output?.on('data', (chunk: Buffer) => {
        this.#log.write(chunk);
        watch(chunk);
      });
    }
    const identity = child.pid === undefined ? undefined : await identify(child.pid);
    this.#change({ status, since: new Date(startedAt).toISOString(), identity });
    return { startedAt, ended, ready: this.#becomesReady(said.promise, ended) };
  }

  async #becomesReady(said: Promise<undefined>, ended: Promise<string>): Promise<void> {
    const over = new AbortController();
    const limit = this.spec.startTimeoutMs ?? 60_000;
    const late = sleep(limit, `is not ready after ${limit / 1_000} s`, { signal: over.signal });
    const serves = async (): Promise<undefined> => {
      await said;
      while (this.spec.probe && !over.signal.aborted && !(await this.spec.probe())) await sleep(50);
      return undefined;
    };
    const trouble = await Promise.race([
      serves(),
      ended.then((how) => `ended (${how}) before it was ready`),
      late,
    ]);
    over.abort();
    late.catch(() => undefined); // cancelled, as intended
    if (trouble !== undefined) {
      const lines = this.#log.lastLines(5).join('\n  ');
      throw new UserError(`${this.name} ${trouble}; its log is ${this.#log.file} and ends:\n  ${lines}`);
    }
    if (!this.#isStopping()) this.#change({ status: 'ready' });
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  #change(change: {
    status: ProcessState['status'];
    since?: string;
    restarts?: number;
    identity?: ProcessIdentity | undefined;
  }): void {
    this.#state = { ...this.#state, ...change };
    this.listener.changed();
  }
}

interface Launch {
  readonly startedAt: number;
  /** How it ended, in words; resolves once its output is drained. */
  readonly ended: Promise<string>;
  readonly ready: Promise<void>;
}

/** Nothing of our own environment but what a program needs to run: it may hold secrets that are not theirs. */
function environment(added: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(passed), ...added };
}
