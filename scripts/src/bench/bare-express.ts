import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';

/**
 * What a user would write first: one Express route that verifies the token with jose and answers a constant. Its
 * parent sends it what it needs, and it answers with its port.
 */
export interface BareSettings {
  readonly certificate: string;
  readonly privateKey: string;
  readonly jwks: JSONWebKeySet;
  readonly issuer: string;
  readonly audience: string;
}

process.once('message', (settings: BareSettings) => {
  const keys = createLocalJWKSet(settings.jwks);
  const app = express();
  app.post('/v1/checks', async (request, response) => {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    const { issuer, audience } = settings;
    await jwtVerify(token, keys, { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] });
    response.json({ outcome: 'permit' });
  });
  const server = createServer(
    { cert: readFileSync(settings.certificate), key: readFileSync(settings.privateKey) },
    app,
  );
  // The generator's connections wait while the gateway is measured.
  server.keepAliveTimeout = 600_000;
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
process.once('disconnect', () => {
  process.exit(0);
});
