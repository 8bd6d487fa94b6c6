import { Command } from 'commander';
import { existingConsortium } from '../consortium/consortium.js';
import { consortiumStatus, type ConsortiumStatus } from '../consortium/status.js';
import { mebibytes, span, table } from '../terminal/table.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';
import { examples, withDataDir, type DataDirOption } from './options.js';
import { memoryTogether } from '../supervisor/process-identity.js';

interface Options extends DataDirOption {
  readonly json?: true;
}

/** `consent-ledger status` */
export function statusVerb(done: (exitCode: number) => void): Command {
  return withDataDir(new Command('status'))
    .description(
      'Show every process and how far each member has followed the ledger. Exit code 0 only if all is well.',
    )
    .option('--json', 'the same for machines')
    .addHelpText('after', examples('status', 'status --json --data-dir /var/lib/consortium-b'))
    .action(async (options: Options) => {
      done(await status(options));
    });
}

async function status(options: Options): Promise<number> {
  const out = terminal();
  const found = await consortiumStatus(await existingConsortium(options.dataDir));
  if (options.json) out.printJson(found);
  else show(found, out);
  if (found.supervisor === undefined) return EXIT.notRunning;
  return found.well ? EXIT.ok : EXIT.failed;
}

function show({ dataDir, supervisor, processes, members }: ConsortiumStatus, out: Terminal): void {
  if (supervisor === undefined) {
    const left =
      processes.length > 0
        ? ' Its supervisor is gone, but processes are left: `consent-ledger down` ends them.'
        : '';
    out.print(`The consortium in ${dataDir} is not running.${left}`);
    return;
  }
  const rows = processes.map(({ name, status: state, pid, residentBytes, uptimeMs, restarts }) => [
    name,
    state,
    pid === undefined ? '-' : String(pid),
    residentBytes === undefined ? '-' : mebibytes(residentBytes),
    uptimeMs === undefined ? '-' : span(uptimeMs),
    String(restarts),
  ]);
  table([['process', 'status', 'pid', 'memory', 'up for', 'restarts'], ...rows]).forEach(out.print);
  out.print(
    `together ${mebibytes(memoryTogether(processes))}, counting once what they share; supervisor is process ${supervisor}`,
  );
  out.print('');
  table([
    ['member', 'gateway', 'ready', 'ledger height'],
    ...members.map(({ member, gateway, ready, height }) => [
      member,
      gateway,
      ready ? 'yes' : 'no',
      height === undefined ? 'unknown' : String(height),
    ]),
  ]).forEach(out.print);
}
