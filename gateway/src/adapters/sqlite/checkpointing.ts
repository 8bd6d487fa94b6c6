import { Worker } from 'node:worker_threads';

/** What the thread is told once, and then each time that it is to work. */
export interface CheckpointSettings {
  readonly path: string;
  /** Beyond so many pages of write-ahead log writers are held up for a moment, so that it begins anew. */
  readonly restartPages: number;
}

/** Commits between two checkpoints: some megabytes of write-ahead log. */
const COMMITS = 1_000;
/** 64 MiB of pages of 4 KiB. */
const RESTART_PAGES = 16_384;

/**
 * Brings what is in a database's write-ahead log into the database in a thread of its own: SQLite would do it within a
 * commit, and flush two files there, while everybody waits for the event loop. The thread begins with the first checkpoint.
 */
export class Checkpointing {
  readonly #path: string;
  readonly #failed: (error: Error) => void;
  #worker: Worker | undefined;
  #commits = 0;

  /** `failed` hears of a checkpoint that could not be made; nothing is lost by it, and the next is tried after as many commits. */
  constructor(path: string, failed: (error: Error) => void) {
    this.#path = path;
    this.#failed = failed;
  }

  /** To be called after each commit, of a connection that makes no checkpoints itself (`PRAGMA wal_autocheckpoint = 0`). */
  committed(): void {
    this.#commits += 1;
    if (this.#commits < COMMITS) return;
    this.#commits = 0;
    this.#worker ??= this.#start();
    this.#worker.postMessage('checkpoint');
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  #start(): Worker {
    const settings: CheckpointSettings = { path: this.#path, restartPages: RESTART_PAGES };
    const worker = new Worker(new URL('./checkpoint-thread.js', import.meta.url), { workerData: settings });
    worker.on('error', (error: Error) => {
      if (this.#worker === worker) this.#worker = undefined;
      this.#failed(error);
    });
    worker.unref();
    return worker;
  }
}
