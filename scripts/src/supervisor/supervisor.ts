import type { ProcessIdentity } from './process-identity.js';
import { managedProcess, type ManagedProcess, type ProcessSpec } from './managed-process.js';
import { removeState, writeState, type SupervisorState } from './state-file.js';

export interface SupervisorOptions {
  /** In the order in which they are stopped backwards; those of one stage are started together. */
  readonly stages: readonly (readonly ProcessSpec[])[];
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
  /** Ends everything, last started first, and removes the state file. May be called at any time, and again. */
  stop(): Promise<void>;
}

/** Runs the processes of one consortium and keeps its state file true. */
export function supervise(options: SupervisorOptions): Supervisor {
  const startedAt = new Date().toISOString();
  const stages: ManagedProcess[][] = [];
  let stopped: Promise<void> | undefined;

  const save = (): void => {
    const state: SupervisorState = {
      version: 1,
      supervisor: options.identity,
      portBase: options.portBase,
      startedAt,
      processes: stages.flat().map(({ state: process }) => process),
    };
    writeState(options.stateFile, state);
  };
  const stopAll = async (): Promise<void> => {
    for (const stage of stages.toReversed()) {
      await Promise.all(stage.map((process) => process.stop()));
    }
    removeState(options.stateFile);
  };
  const stop = (): Promise<void> => (stopped ??= stopAll());

  return {
    stop,
    start: async () => {
      for (const specs of options.stages) {
        if (stopped) return;
        const stage = specs.map((spec) => managedProcess(spec, { changed: save, say: options.say }));
        stages.push(stage);
        const outcomes = await Promise.allSettled(
          stage.map(async (process) => {
            await process.start();
            options.onReady?.(process.name);
          }),
        );
        const failed = outcomes.find((outcome) => outcome.status === 'rejected');
        if (failed) {
          await stop();
          throw failed.reason;
        }
      }
    },
  };
}
