import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import path from 'node:path';
import { claim } from '../consortium/bring-up.js';
import { wantedConsortium } from '../consortium/consortium.js';
import { supervisorLog } from '../consortium/paths.js';

import { describe, summary } from '../consortium/summary.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT, UserError } from '../user-error.js';
import type { CheckpointsOption, UpOptions } from './options.js';
import { reportSchema, type Report } from './report.js';

/** Runs `up` in a process of its own, which stays when we return; waits until it is ready. */
export async function detach(
  options: UpOptions & CheckpointsOption & { readonly json?: true },
): Promise<number> {
  const out = terminal();
  const consortium = await wantedConsortium(options);
  const { dataDir } = consortium;
  // Here, so that what is wrong with the folder is said before anything is started.
  await claim(consortium);
  const log = supervisorLog(dataDir);
  mkdirSync(path.dirname(log), { recursive: true, mode: 0o700 });
  const answer = await out.task('Starting', () => startDetached(dataDir, log, options.checkpoints));
  if (!('ready' in answer)) {
    out.say(answer.failed);
    return answer.exitCode;
  }
  if (options.json) out.printJson(summary(consortium));
  else describe(consortium).forEach(out.print);
  out.say('It keeps running: `consent-ledger status` shows it, `consent-ledger down` stops it.');
  return EXIT.ok;
}

async function startDetached(dataDir: string, log: string, checkpoints: boolean): Promise<Report> {
  const output = openSync(log, 'a', 0o600);
  const script = process.argv[1];
  if (script === undefined) throw new Error('this process does not know its own script');
  // The folder is claimed: it says all the rest.
  const child = spawn(
    process.execPath,
    [script, 'up', '--data-dir', dataDir, ...(checkpoints ? [] : ['--no-checkpoints'])],
    {
      detached: true,
      stdio: ['ignore', output, output, 'ipc'],
    },
  );
  closeSync(output);
  try {
    return await new Promise<Report>((resolve, reject) => {
      child.once('message', (message) => {
        resolve(reportSchema.parse(message));
      });
      child.once('error', reject);
      child.once('exit', (code) => {
        // Where another supervisor was quicker, ours has nothing to do and says so by its exit code.
        if (code === 0) resolve({ ready: true });
        else reject(new UserError(`It ended with code ${code ?? '?'}; the end of ${log} says why.`));
      });
    });
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}
