import { access } from 'node:fs/promises';
import path from 'node:path';
import { Command } from 'commander';
import {
  makeBackup,
  readManifest,
  verifyBackup,
  type BackupReport,
  type Manifest,
  type Step,
} from '@consent-ledger/network';
import { carry } from '../operations/carry.js';
import { asking } from '../operations/errors.js';
import { memberNamed, operate } from '../operations/open.js';
import { mebibytes } from '../terminal/table.js';
import { terminal } from '../terminal/terminal.js';
import { badInput } from '../user-error.js';
import { examples, withOperationOptions, type OperationOptions } from './options.js';

interface Options extends OperationOptions {
  readonly member: string;
  readonly to: string;
  readonly withKeys?: true;
}

/** `consent-ledger backup` */
export function backupVerb(done: (exitCode: number) => void): Command {
  return withOperationOptions(new Command('backup'))
    .description(
      "Copy what a member cannot make again: its peer's blocks and private data, its gateway's records, its certificates.",
    )
    .requiredOption('--member <name>', 'such as riverside')
    .requiredOption('--to <folder>', 'the folder that the backup is to be; must not exist')
    .option('--with-keys', 'with its private keys: whoever has such a backup is the member')
    .addHelpText(
      'after',
      examples(
        'backup --member riverside --to /mnt/backup/riverside-2026-10-01 --dry-run',
        'backup --member riverside --to /mnt/safe/riverside-2026-10-01 --with-keys',
      ),
    )
    .action(async (options: Options) => {
      done(await backup(options));
    });
}

async function backup(options: Options): Promise<number> {
  const to = path.resolve(options.to);
  if (await exists(to)) throw badInput(`${to} is there already: choose another name.`);
  return operate(options, async ({ consortium, site, signal }) => {
    const organisation = memberNamed(consortium, options.member);
    const withKeys = options.withKeys ?? false;
    let report: BackupReport | undefined;
    const steps: Step[] = [
      {
        title: `copy ${organisation} to ${to}, ${withKeys ? 'with' : 'without'} its private keys`,
        isDone: () => exists(to),
        run: async () => {
          report = await makeBackup(site, { organisation, to, withKeys });
        },
      },
      {
        title: 'read every byte again and compare',
        isDone: async () => {
          await verifyBackup(to, await readManifest(to));
          return true;
        },
        run: () => Promise.resolve(),
      },
    ];
    const exitCode = await asking(() => carry(steps, { ...options, signal }));
    if (report !== undefined && !options.json) tell(report);
    return exitCode;
  });
}

function tell({ manifest, peerStoppedMs }: BackupReport): void {
  const out = terminal();
  out.print(contents(manifest));
  if (peerStoppedMs !== undefined) {
    out.print(`The peer was stopped for ${(peerStoppedMs / 1_000).toFixed(1)} s; the gateway went on.`);
  }
}

function contents({ files, height, keys }: Manifest): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const secrets = keys ? 'Private keys are in it: keep it as you keep them.' : 'No private key is in it.';
  return `${files.length} files, ${mebibytes(bytes)}, at least ${height} blocks. ${secrets}`;
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file);
    return true;
  } catch {
    return false;
  }
}
