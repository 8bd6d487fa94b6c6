import { Worker } from 'node:worker_threads';
import { ProjectionMoved, ProjectionUnavailable } from '../store.js';
import type { Answered, Ask, Asked, WorkerSettings } from './messages.js';

interface Waiting {
  readonly resolve: (answer: { rows: readonly unknown[]; changes: number }) => void;
  readonly reject: (error: Error) => void;
}

/** A SQLite file, open in a thread of its own. What is asked is answered in that order. */
export class DatabaseThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #ended: Error | undefined;

  constructor(settings: WorkerSettings) {
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: settings });
    this.#worker.on('message', (answer: Answered) => {
      this.#settle(answer);
    });
    this.#worker.on('error', (cause) => {
      this.#end(
        new ProjectionUnavailable(`the projection's database failed: ${messageOf(cause)}`, { cause }),
      );
    });
    this.#worker.on('exit', () => {
      this.#end(new ProjectionUnavailable("the projection's database is closed"));
    });
    this.#worker.unref();
  }

  /** @throws ProjectionUnavailable; ProjectionMoved for a write that came too late */
  ask(ask: Ask): Promise<{ rows: readonly unknown[]; changes: number }> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, ask } satisfies Asked);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answer: Answered): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (!('failed' in answer)) waiting?.resolve(answer);
    else if (answer.failed === 'moved') waiting?.reject(new ProjectionMoved(answer.message));
    else waiting?.reject(new ProjectionUnavailable(answer.message));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
