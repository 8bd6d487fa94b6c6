import { isDeepStrictEqual } from 'node:util';
import type { ProcessIdentity } from './process-identity.js';
import { managedProcess, type ManagedProcess, type ProcessSpec } from './managed-process.js';
import { removeState, writeState, type SupervisorState } from './state-file.js';

export interface SupervisorOptions {
  /** All are started together; the groups are ended one after the other, the last one first. */
  readonly groups: readonly (readonly ProcessSpec[])[];
  readonly stateFile: string;
  readonly identity: ProcessIdentity;
  readonly portBase: number;
  /** One line for a person. */
  readonly say: (line: string) => void;
  readonly onReady?: (name: string) => void;
}

export interface Supervisor {
  /** Starts everything. When one process cannot, ends those already started and rejects with its UserError. */
  start(): Promise<void>;
  /**
   * Runs these groups from now on: ends what is no longer in them, starts what is new or has changed, leaves the rest.
   * Resolves when all has been ended and begun; the state file says when it is ready.
   */
  renew(groups: readonly (readonly ProcessSpec[])[]): Promise<void>;
  /** Ends everything, the last group first, and removes the state file. May be called at any time, and again. */
  stop(): Promise<void>;
}

interface Running {
  readonly spec: ProcessSpec;
  readonly process: ManagedProcess;
}

/** Runs the processes of one consortium and keeps its state file true. */
export function supervise(options: SupervisorOptions): Supervisor {
  const startedAt = new Date().toISOString();
  let groups: Running[][] = [];
  const failed = new Set<Running>();
  let renewed: Promise<void> = Promise.resolve();
  let stopped: Promise<void> | undefined;

  const save = (): void => {
    const state: SupervisorState = {
      version: 1,
      supervisor: options.identity,
      portBase: options.portBase,
      startedAt,
      processes: groups.flat().map(({ process }) => process.state),
    };
    writeState(options.stateFile, state);
  };
  const stopAll = async (): Promise<void> => {
    for (const group of groups.toReversed()) {
      await Promise.all(group.map(({ process }) => process.stop()));
    }
    removeState(options.stateFile);
  };
  const stop = (): Promise<void> => (stopped ??= stopAll());
  const start = async ({ process }: Running): Promise<void> => {
    await process.start();
    options.onReady?.(process.name);
  };
  const made = (spec: ProcessSpec): Running => ({
    spec,
    process: managedProcess(spec, { changed: save, say: options.say }),
  });
  /** One that ended before it was ready, or took too long, is not tried again by itself: the next renewal does. */
  const giveUp = async (running: Running, error: unknown): Promise<void> => {
    failed.add(running);
    options.say(error instanceof Error ? error.message : String(error));
    await running.process.stop();
  };
  const renewNow = async (wanted: readonly (readonly ProcessSpec[])[]): Promise<void> => {
    if (stopped) return;
    const kept = (spec: ProcessSpec): Running | undefined =>
      groups.flat().find((running) => isDeepStrictEqual(running.spec, spec) && !failed.has(running));
    const next = wanted.map((specs) => specs.map((spec) => kept(spec) ?? made(spec)));
    const before = groups.flat();
    const after = next.flat();
    await Promise.all(before.filter((each) => !after.includes(each)).map(({ process }) => process.stop()));
    groups = next;
    save();
    const fresh = after.filter((each) => !before.includes(each));
    for (const each of fresh) void start(each).catch((error: unknown) => giveUp(each, error));
  };

  return {
    stop,
    renew: (wanted) => (renewed = renewed.then(() => renewNow(wanted))),
    start: async () => {
      if (stopped) return;
      for (const specs of options.groups) {
        groups.push(specs.map(made));
      }
      try {
        await Promise.all(groups.flat().map(start));
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}
