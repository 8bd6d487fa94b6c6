import { readFile } from 'node:fs/promises';
import {
  decodePublicMember,
  parseOrganisation,
  TopologyError,
  OperationError,
  type AddMemberOptions,
  type Topology,
} from '@consent-ledger/network';
import { badInput, systemCode } from '../user-error.js';

/**
 * Who is to be let in: by a definition, and then its keys are made here, or by what it has sent, and then they are not.
 *
 * @throws UserError
 */
export async function readNewcomer(
  file: string,
  topology: Topology,
): Promise<Pick<AddMemberOptions, 'newcomer' | 'introduced'>> {
  const text = await readText(file);
  try {
    if (!text.trimStart().startsWith('{')) return { newcomer: parseOrganisation(text, file) };
    const introduced = decodePublicMember(text, topology);
    return { newcomer: introduced.organisation, introduced };
  } catch (error) {
    if (error instanceof TopologyError) throw badInput(error.message, { cause: error });
    if (error instanceof OperationError) throw badInput(`${file}: ${error.message}.`, { cause: error });
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const code = systemCode(cause);
    if (code === undefined) throw cause;
    throw badInput(`${file} cannot be read (${code}).`, { cause });
  }
}
