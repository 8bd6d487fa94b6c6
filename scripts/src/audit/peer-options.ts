import { memberLayout, organisationNamed } from '@consent-ledger/network';
import type { Command } from 'commander';
import { existingConsortium } from '../consortium/consortium.js';
import { withDataDir, type DataDirOption } from '../verbs/options.js';

/** Whose peer to ask. */
export interface PeerOptions extends DataDirOption {
  readonly as: string;
  readonly configuration?: string;
}

export function withPeerOptions(command: Command): Command {
  return withDataDir(command)
    .option('--as <member>', 'whose peer is asked', 'sentinel')
    .option('--configuration <file>', 'ask with this gateway configuration instead of a data folder');
}

/** The gateway configuration that says where the peer is and who asks. Throws a UserError. */
export async function configurationFile({ configuration, dataDir, as }: PeerOptions): Promise<string> {
  if (configuration !== undefined) return configuration;
  const consortium = await existingConsortium(dataDir);
  const { name } = organisationNamed(consortium.topology, as);
  return memberLayout(consortium.dataDir, name).configuration;
}
