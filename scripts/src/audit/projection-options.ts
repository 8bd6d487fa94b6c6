import path from 'node:path';
import { openProjection, ProjectionUnavailable, type ProjectionStore } from '@consent-ledger/audit';
import type { Command } from 'commander';
import { EXIT, UserError } from '../user-error.js';
import { openOwnPeer, type OwnPeer } from './own-peer.js';
import { configurationFile, withPeerOptions, type PeerOptions } from './peer-options.js';

/** Whose history, and where what was read of it lies. */
export interface ProjectionOptions extends PeerOptions {
  readonly projection?: string;
}

/** Says where the projection is where the command line does not: an address may hold a password. */
const ENVIRONMENT = 'CONSENT_LEDGER_AUDIT_PROJECTION';

export function withProjectionOptions(command: Command): Command {
  return withPeerOptions(command).option(
    '--projection <where>',
    `SQLite file, or postgresql://… (default: ${ENVIRONMENT}, or a file beside the gateway's data)`,
  );
}

/** A member's own peer, and the projection of what it delivers. */
export interface Audited {
  readonly peer: OwnPeer;
  readonly store: ProjectionStore;
  /** Folder of what the auditor keeps; its files are for its owner alone. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Throws a UserError. */
export async function openAudited(options: ProjectionOptions): Promise<Audited> {
  const peer = await openOwnPeer(await configurationFile(options));
  const folder = path.join(peer.dataDirectory, 'audit');
  try {
    const where = options.projection ?? process.env[ENVIRONMENT] ?? path.join(folder, 'projection.db');
    const store = await openProjection(where);
    return {
      peer,
      store,
      folder,
      close: async () => {
        peer.close();
        await store.close();
      },
    };
  } catch (error) {
    peer.close();
    throw asUserError(error);
  }
}

/** What the database or the peer's blocks are to blame for, in words for whoever typed the command. */
export function asUserError(error: unknown): unknown {
  if (!(error instanceof ProjectionUnavailable)) return error;
  return new UserError(`${error.message}.`, EXIT.failed, { cause: error });
}
