/*
 * Loaded into every supervised process, and into what signs checkpoints, before its own code (node --import). The channel to the supervisor
 * closes however the supervisor ends, kill -9 included; a process without a supervisor would hold its ports and
 * its store, so it ends too: as on SIGTERM, and by force if that takes too long.
 */
const GRACE_MS = 8_000;

function end(): void {
  // Nobody reads what we print any more; a broken pipe must not cut the orderly end short.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  setTimeout(() => process.exit(1), GRACE_MS).unref();
  process.kill(process.pid, 'SIGTERM');
}

if (process.connected) process.once('disconnect', end);
// It is gone already, before we could watch it.
else end();
// Watching must not keep alive a process that has nothing else to do.
process.channel?.unref();
