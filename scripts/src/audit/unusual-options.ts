import {
  checkFamilies,
  FamiliesMalformed,
  findingsIn,
  UnusualAnalyses,
  type QuestionLog,
} from '@consent-ledger/audit';
import type { Command } from 'commander';
import { badInput, systemCode } from '../user-error.js';

/** What the custodian handed over beside the ledger. */
export interface FamiliesOption {
  readonly families?: string;
}

export function withFamilies(command: Command): Command {
  return command.option(
    '--families <file>',
    'keyed pseudonyms of family names, of users and subjects, as the custodian provides them',
  );
}

/** Unusual access by what the log has of findings. Throws a UserError where the custodian's file cannot be used. */
export async function unusualAnalyses(
  folder: string,
  log: QuestionLog,
  { families }: FamiliesOption,
): Promise<UnusualAnalyses> {
  if (families !== undefined) await check(families);
  return new UnusualAnalyses({ folder, families, findings: () => findingsIn(log.entries()) });
}

async function check(families: string): Promise<void> {
  try {
    await checkFamilies(families);
  } catch (error) {
    if (error instanceof FamiliesMalformed)
      throw badInput(`${families}: ${error.message}.`, { cause: error });
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw badInput(`${families} cannot be read (${code}).`, { cause: error });
  }
}
