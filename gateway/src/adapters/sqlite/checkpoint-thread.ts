import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import type { CheckpointSettings } from './checkpointing.js';

const { path, restartPages } = workerData as CheckpointSettings;
const database = new DatabaseSync(path);
database.exec('PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000; PRAGMA cache_size = -64;');

parentPort?.on('message', () => {
  // Writers go on meanwhile, so that the log does not begin anew while there is no pause between them.
  const { log } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number };
  // What came since the line before is little, so that a writer is held up no longer than two flushes take.
  if (log > restartPages) database.exec('PRAGMA wal_checkpoint(RESTART)');
});
