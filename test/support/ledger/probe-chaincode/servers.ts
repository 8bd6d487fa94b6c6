import { fileURLToPath } from 'node:url';

/** One chaincode server of the probe's process. */
export interface ProbeServer {
  /** Package id: the name that the chaincode registers under. */
  readonly ccid: string;
  /** host:port to listen on. */
  readonly address: string;
  /** Files in PEM; the client's CA is the one that issued the peer's client certificate. */
  readonly tls: { readonly key: string; readonly certificate: string; readonly clientCa: string };
}

/** Environment variable that holds a JSON array of ProbeServer. */
export const PROBE_SERVERS = 'PROBE_SERVERS';

export const PROBE_SCRIPT = fileURLToPath(new URL('server.js', import.meta.url));

/** What the process is started with. */
export function probeEnvironment(mspId: string, servers: readonly ProbeServer[]): Record<string, string> {
  return {
    [PROBE_SERVERS]: JSON.stringify(servers),
    CORE_PEER_LOCALMSPID: mspId,
    // The shim logs every error that a chaincode answers with, and this one does little else.
    CORE_CHAINCODE_LOGGING_LEVEL: 'CRITICAL',
  };
}
