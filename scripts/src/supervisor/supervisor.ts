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
  /** Ends everything, the last group first, and removes the state file. May be called at any time, and again. */
  stop(): Promise<void>;
}

/** Runs the processes of one consortium and keeps its state file true. */
export function supervise(options: SupervisorOptions): Supervisor {
  const startedAt = new Date().toISOString();
  const groups: ManagedProcess[][] = [];
  let stopped: Promise<void> | undefined;

  const save = (): void => {
    const state: SupervisorState = {
      version: 1,
      supervisor: options.identity,
      portBase: options.portBase,
      startedAt,
      processes: groups.flat().map(({ state: process }) => process),
    };
    writeState(options.stateFile, state);
  };
  const stopAll = async (): Promise<void> => {
    for (const group of groups.toReversed()) {
      await Promise.all(group.map((process) => process.stop()));
    }
    removeState(options.stateFile);
  };
  const stop = (): Promise<void> => (stopped ??= stopAll());
  const start = async (process: ManagedProcess): Promise<void> => {
    await process.start();
    options.onReady?.(process.name);
  };

  return {
    stop,
    start: async () => {
      if (stopped) return;
      for (const specs of options.groups) {
        groups.push(specs.map((spec) => managedProcess(spec, { changed: save, say: options.say })));
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
