import path from 'node:path';
import { nodeLayout } from '../../fabric/node-layout.js';
import { isEmbedded } from '../embedded-steps.js';
import type { Site } from '../site.js';
import { dataLayout, memberLayout, organisationLayout } from '../../identities/index.js';

/** One folder of an organisation that belongs into its backup. */
export interface BackupPart {
  /** Name of its folder in the backup. */
  readonly name: 'peer' | 'gateway' | 'organization' | 'channel';
  readonly folder: string;
  /** What is left out when the backup is to hold no private key: what is restored without it can be made again, or is kept elsewhere. */
  readonly isSecret: (relative: string) => boolean;
  /** What is never in a backup. */
  readonly isPassing: (relative: string) => boolean;
}

const nothing = (): boolean => false;

/**
 * Everything of an organisation that cannot be made again: its peer's blocks and private data, its gateway's records,
 * keys and outbox, its identities. Not its orderer's blocks: it fetches them again from the others, and what it had
 * promised them must not be taken back. The embedded ledger is no organisation's: its blocks are in no backup of one.
 */
export function backupParts(
  { dataDir, topology }: Pick<Site, 'dataDir' | 'topology'>,
  organisation: string,
): readonly BackupPart[] {
  const { peerData } = nodeLayout(dataDir, organisation);
  const parts: BackupPart[] = [
    {
      name: 'gateway',
      folder: memberLayout(dataDir, organisation).data,
      isSecret: (name) => /^keys\/[^/]*\.key$/.test(name),
      isPassing: (name) => name.startsWith('spool/'),
    },
    {
      name: 'peer',
      folder: peerData,
      // The key by which the peer shows itself to its chaincode server is in the package.
      isSecret: (name) => name.startsWith('lifecycle/chaincodes/') || name.startsWith('externalbuilder/'),
      isPassing: nothing,
    },
    {
      name: 'organization',
      folder: organisationLayout(dataDir, organisation).directory,
      isSecret: (name) => /(?:\.key|keystore\/key\.pem|\.private\.json)$/.test(name),
      isPassing: nothing,
    },
    {
      name: 'channel',
      folder: dataLayout(dataDir).channel,
      isSecret: (name) => name.startsWith('packages/'),
      isPassing: (name) => name.startsWith('packages/'),
    },
  ];
  return isEmbedded({ topology }) ? parts.filter(({ name }) => name !== 'peer') : parts;
}

export function partFolder(backup: string, { name }: Pick<BackupPart, 'name'>): string {
  return path.join(backup, name);
}
