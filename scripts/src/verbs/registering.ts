import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { existingConsortium } from '../consortium/consortium.js';
import { memberClient, type MemberClient } from '../consortium/member-client.js';
import { table } from '../terminal/table.js';
import { terminal } from '../terminal/terminal.js';
import { badInput, systemCode } from '../user-error.js';
import { withDataDir, type DataDirOption } from './options.js';

/** At whose gateway something is agreed on or registered, and by whom. */
export interface RegisteringOptions extends DataDirOption {
  readonly member: string;
  readonly user: string;
  readonly json?: true;
}

export interface TermsOptions {
  readonly purpose: readonly string[];
  readonly start?: string;
  readonly end?: string;
}

/** The options that say at whose gateway, as whom, and how the answer is printed. */
export function withSignatory(command: Command, member: string, user: string): Command {
  return withDataDir(command)
    .option('--member <name>', 'whose gateway is asked', member)
    .option('--user <name>', 'who speaks for that member', user)
    .option('--json', 'for machines');
}

export function withTerms(command: Command): Command {
  return command
    .requiredOption(
      '--purpose <codes...>',
      'v3 ActReason codes, such as TREAT; each covers what descends from it',
    )
    .option('--start <date>', 'FHIR date or instant from which it holds')
    .option('--end <date>', 'FHIR date or instant until which it holds');
}

export function statedTerms({ purpose, start, end }: TermsOptions): {
  readonly purposes: string[];
  readonly period?: { readonly start?: string; readonly end?: string };
} {
  const period = { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) };
  return { purposes: [...purpose], ...(Object.keys(period).length === 0 ? {} : { period }) };
}

export async function signatory({ dataDir, member, user }: RegisteringOptions): Promise<MemberClient> {
  return memberClient(await existingConsortium(dataDir), member, user);
}

export function periodText(period: { readonly start?: string; readonly end?: string } | undefined): string {
  return period === undefined ? '–' : `${period.start ?? ''} to ${period.end ?? ''}`.trim();
}

export function printRows(head: readonly string[], rows: readonly (readonly string[])[]): void {
  table([[...head], ...rows.map((row) => [...row])]).forEach(terminal().print);
}

/** SHA-256 of a file, base64url. Throws a UserError where it cannot be read. */
export async function digestOfFile(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('base64url');
  } catch (cause) {
    throw badInput(`${file} cannot be read (${systemCode(cause) ?? 'unknown reason'}).`, { cause });
  }
}
