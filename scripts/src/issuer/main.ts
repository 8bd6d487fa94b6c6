/* The demo's authorisation server as a process: `node main.js <issuer.json>`. */
import { once } from 'node:events';
import { readIssuerConfig } from './config.js';
import { issuerServer } from './server.js';

const file = process.argv[2];
if (file === undefined) throw new Error('usage: main.js <issuer.json>');

const config = await readIssuerConfig(file);
const server = await issuerServer(config);
server.listen(config.port, config.host);
await once(server, 'listening');
process.stdout.write(`${JSON.stringify({ event: 'ready', process: 'issuer', port: config.port })}\n`);

const stop = (): void => {
  server.close();
  server.closeIdleConnections();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
