/** The probe as a chaincode server that is started with what the consortium's own is started with. */
import { readFileSync } from 'node:fs';
import { Shim } from 'fabric-shim';
import { Probe } from '../ledger/probe-chaincode/probe.js';

const setting = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};

await Shim.server(new Probe(), {
  ccid: setting('CHAINCODE_ID'),
  address: setting('CHAINCODE_SERVER_ADDRESS'),
  tlsProps: {
    key: readFileSync(setting('CHAINCODE_TLS_KEY_FILE')),
    cert: readFileSync(setting('CHAINCODE_TLS_CERT_FILE')),
    clientCACerts: readFileSync(setting('CHAINCODE_TLS_CLIENT_CACERT_FILE')),
  },
}).start();
