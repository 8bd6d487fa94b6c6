import { Command } from 'commander';
import type { NetworkStatus, NodeStatus } from '@consent-ledger/network';
import { existingConsortium } from '../consortium/consortium.js';
import type { MemberCertificates } from '../consortium/ledger-status.js';
import { consortiumStatus, type CheckpointStatus, type ConsortiumStatus } from '../consortium/status.js';
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
  if (!found.running) return EXIT.notRunning;
  return found.well ? EXIT.ok : EXIT.failed;
}

function show(status: ConsortiumStatus, out: Terminal): void {
  const { dataDir, running, supervisor, processes, members, network, certificates, warnings } = status;
  if (!running) {
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
    restarts === undefined ? '-' : String(restarts),
  ]);
  if (supervisor === undefined) {
    out.print(
      'No supervisor of this installation runs: peers, orderers and gateways are run by something else.',
    );
  } else {
    table([['process', 'status', 'pid', 'memory', 'up for', 'restarts'], ...rows]).forEach(out.print);
    out.print(
      `together ${mebibytes(memoryTogether(processes))}, counting once what they share; supervisor is process ${supervisor}`,
    );
  }
  out.print('');
  table([
    ['member', 'gateway', 'ready', 'ledger height', 'lag', 'checkpoint', 'first certificate to expire'],
    ...members.map(({ member, gateway, ready, height, lag, checkpoint }, index) => [
      member,
      gateway,
      ready ? 'yes' : 'no',
      shown(height),
      lag === undefined ? '-' : String(lag),
      checkpointOf(checkpoint),
      firstToExpire(certificates[index]),
    ]),
  ]).forEach(out.print);
  if (network !== undefined) showNetwork(network, out);
  if (warnings.length > 0) out.print('');
  for (const warning of warnings) out.print(`! ${warning}`);
}

function showNetwork({ channel, ordering, organisations }: NetworkStatus, out: Terminal): void {
  const { type, orderers, tolerates, leader } = ordering;
  out.print('');
  table([
    ['Fabric', 'peer', 'height', 'lag', 'orderer', 'height', 'lag', 'leads'],
    ...organisations.map(({ name, peer, orderer }) => [
      name,
      peer.address,
      shown(peer.height),
      lagOf(peer),
      orderer?.address ?? '-',
      orderer === undefined ? '-' : shown(orderer.height),
      orderer === undefined ? '-' : lagOf(orderer),
      orderer?.leads === true ? 'yes' : '',
    ]),
  ]).forEach(out.print);
  out.print(
    `channel ${channel}: ${orderers} orderers (${type}), of which ${tolerates} may fail; ` +
      (leader === undefined ? 'who leads is not known' : `${leader} leads`),
  );
}

function shown(height: number | undefined): string {
  return height === undefined ? 'unknown' : String(height);
}

/** The last one that it signed, and how many blocks there are since. */
function checkpointOf(checkpoint: CheckpointStatus | undefined): string {
  if (checkpoint?.block === undefined) return 'none yet';
  return checkpoint.lag === undefined
    ? `block ${checkpoint.block}`
    : `block ${checkpoint.block}, ${checkpoint.lag} since`;
}

function lagOf({ lag }: NodeStatus): string {
  return lag === undefined ? '-' : String(lag);
}

function firstToExpire(member: MemberCertificates | undefined): string {
  const [first] = member?.certificates ?? [];
  if (first === undefined) return 'unknown';
  return `${first.part} (${first.use}) in ${first.days} days`;
}
