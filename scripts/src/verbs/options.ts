import { InvalidArgumentError, Option, type Command } from 'commander';

const DEFAULT_DATA_DIR = '.consent-ledger';

export interface DataDirOption {
  readonly dataDir: string;
}

export interface UpOptions extends DataDirOption {
  readonly topology?: string;
  readonly portBase?: number;
  readonly ledger?: 'embedded' | 'fabric';
}

export interface CheckpointsOption {
  /** False with `--no-checkpoints`. */
  readonly checkpoints: boolean;
}

export function withDataDir(command: Command): Command {
  return command.option('--data-dir <folder>', 'where the consortium lies', DEFAULT_DATA_DIR);
}

/** The options that say which consortium to bring up. */
export function withUpOptions(command: Command): Command {
  return withDataDir(command)
    .option(
      '--port-base <port>',
      'first of the ports that it uses (default 7000, or as the data folder was made)',
      parsePort,
    )
    .option(
      '--topology <file>',
      'the consortium (default: the demo of four members, or as the data folder was made)',
    )
    .addOption(
      new Option('--ledger <kind>', 'what the gateways talk to (default: embedded)').choices([
        'embedded',
        'fabric',
      ]),
    );
}

/** For what stays for as long as the consortium is up. */
export function withCheckpointsOption(command: Command): Command {
  return command.option(
    '--no-checkpoints',
    'let no member sign checkpoints by itself: where somebody else runs `audit checkpoint sign`',
  );
}

export interface OperationOptions extends DataDirOption {
  readonly dryRun?: true;
  readonly json?: true;
}

/** The options of everything that is done in steps on a running consortium. */
export function withOperationOptions(command: Command): Command {
  return withDataDir(command)
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--json', 'the steps for machines');
}

export interface ProposeOption {
  readonly propose?: string;
}

/** For changes of the channel's configuration that admins elsewhere have to sign. */
export function withPropose(command: Command): Command {
  return command.option(
    '--propose <file>',
    "write the change of the channel's configuration to this file, to be signed by each admin where their key is",
  );
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number, such as 7000.');
  return Number(text);
}

/** The examples at the end of a verb's help. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ consent-ledger ${line}`)].join('\n');
}

/** A ledger's fingerprint: lower-case hex SHA-256 of its genesis block's header. */
export function parseFingerprint(text: string): string {
  if (!/^[0-9a-fA-F]{64}$/.test(text)) throw new InvalidArgumentError('It must be 64 hex digits.');
  return text.toLowerCase();
}
