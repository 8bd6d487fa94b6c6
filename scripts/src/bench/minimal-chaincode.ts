/* The baseline's chaincode, served as Fabric's own documentation has it: one function that writes one public key. */
import { readFileSync } from 'node:fs';
import { Shim, type ChaincodeInterface } from 'fabric-shim';
import { MINIMAL_SERVER, minimalServer } from './minimal-server.js';

const minimal: ChaincodeInterface = {
  Init: () => Promise.resolve(Shim.success()),
  Invoke: async (stub) => {
    const [key, value] = stub.getFunctionAndParameters().params;
    if (key !== undefined && value !== undefined) await stub.putState(key, Buffer.from(value));
    return Shim.success();
  },
};

const { ccid, address, key, certificate, clientCa } = minimalServer.parse(
  JSON.parse(process.env[MINIMAL_SERVER] ?? '{}'),
);
await Shim.server(minimal, {
  ccid,
  address,
  tlsProps: {
    key: readFileSync(key),
    cert: readFileSync(certificate),
    clientCACerts: readFileSync(clientCa),
  },
}).start();
// With a parent that talks to us we end when it does.
process.once('disconnect', () => process.exit(0));
process.send?.('ready');
