import path from 'node:path';
import { dataLayout } from '../identities/index.js';

/** Where the Fabric processes of one organisation keep what they must not lose. */
export interface NodeLayout {
  readonly peerData: string;
  readonly ordererData: string;
  readonly runFolder: string;
  readonly logFolder: string;
}

export function nodeLayout(dataDir: string, organisation: string): NodeLayout {
  const { root, run, logs } = dataLayout(dataDir);
  const directory = path.join(root, 'fabric', organisation);
  return {
    peerData: path.join(directory, 'peer'),
    ordererData: path.join(directory, 'orderer'),
    runFolder: run,
    logFolder: logs,
  };
}

/** Every organisation's TLS CA in one PEM file: whom a peer trusts before it has read the channel's configuration. */
export function tlsCasFile(dataDir: string): string {
  return path.join(dataLayout(dataDir).root, 'fabric', 'tls-cas.pem');
}
