import { Command } from 'commander';
import { existingConsortium } from '../consortium/consortium.js';
import { memberClient, type MemberClient } from '../consortium/member-client.js';
import { table } from '../terminal/table.js';
import { terminal } from '../terminal/terminal.js';
import { withDataDir, type DataDirOption } from './options.js';

export interface TrialOptions extends DataDirOption {
  readonly member: string;
  readonly user: string;
  readonly json?: true;
}

/** What every command about one study takes; `user` is who asks unless told otherwise. */
export function trialCommand(name: string, description: string, user = 'trial-manager'): Command {
  return withDataDir(new Command(name))
    .description(description)
    .argument('<study>', 'its id')
    .option('--member <name>', 'whose gateway is asked', 'novacure')
    .option('--user <name>', 'who asks', user)
    .option('--json', 'for machines');
}

/** Throws a UserError. */
export async function asked({ dataDir, member, user }: TrialOptions): Promise<MemberClient> {
  return memberClient(await existingConsortium(dataDir), member, user);
}

export function print(head: readonly string[], rows: readonly (readonly string[])[]): void {
  table([[...head], ...rows.map((row) => [...row])]).forEach(terminal().print);
}
