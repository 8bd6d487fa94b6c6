/**
 * The process that serves the probe for one organisation: one chaincode server per package.
 * Started with an IPC channel: it takes one ProbeServerMessage, answers 'ready', and ends with its parent.
 */
import { readFileSync } from 'node:fs';
import { Shim } from 'fabric-shim';
import { Probe } from './probe.js';

export interface ProbeServer {
  /** Package id: the name that the chaincode registers under. */
  readonly ccid: string;
  /** host:port to listen on. */
  readonly address: string;
  /** Files in PEM; the client's CA is the one that issued the peer's client certificate. */
  readonly tls: { readonly key: string; readonly certificate: string; readonly clientCa: string };
}

export type ProbeServerMessage = readonly ProbeServer[];

process.once('disconnect', () => process.exit(0));
process.once('message', (servers: ProbeServerMessage) => {
  void Promise.all(
    servers.map(({ ccid, address, tls }) =>
      Shim.server(new Probe(), {
        ccid,
        address,
        tlsProps: {
          key: readFileSync(tls.key),
          cert: readFileSync(tls.certificate),
          clientCACerts: readFileSync(tls.clientCa),
        },
        'grpc.max_receive_message_length': -1,
        'grpc.max_send_message_length': -1,
      }).start(),
    ),
  ).then(
    () => process.send?.('ready'),
    (error: unknown) => {
      process.send?.(error instanceof Error ? error.message : String(error));
    },
  );
});
