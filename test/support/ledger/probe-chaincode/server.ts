/** The process that serves the probe for one organisation: one chaincode server per package. */
import { readFileSync } from 'node:fs';
import { Shim } from 'fabric-shim';
import { Probe } from './probe.js';
import { PROBE_SERVERS, type ProbeServer } from './servers.js';

// With a parent that talks to us we end when it does.
process.once('disconnect', () => process.exit(0));

const servers = JSON.parse(process.env[PROBE_SERVERS] ?? '[]') as readonly ProbeServer[];
await Promise.all(
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
);
process.send?.('ready');
