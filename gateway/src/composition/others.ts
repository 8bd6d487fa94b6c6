import { readFileSync } from 'node:fs';
import { OPERATIONS } from '@consent-ledger/chaincode/wire/http';
import { Agent, fetch } from 'undici';
import { createHttpsPeers } from '../adapters/peers/https-peers.js';
import { createCdsClientVerifier } from '../adapters/tokens/cds-client-verifier.js';
import { createJwtVerifier } from '../adapters/tokens/jwt-verifier.js';
import type { LoadedConfiguration } from '../config/load.js';
import type { Configuration } from '../config/schema.js';
import type { Peers } from '../ports/peers.js';
import type { TokenVerifier } from '../ports/token-verifier.js';
import type { Closers } from './closers.js';

/** The token issuer of the member's users, verified with the CA that the configuration names for it. */
export function connectToIssuer({ tokens }: Configuration, closers: Closers): TokenVerifier {
  const agent = new Agent(tokens.tlsCa === undefined ? {} : { connect: { ca: readFileSync(tokens.tlsCa) } });
  closers.addStop(() => agent.close());
  return createJwtVerifier({
    ...tokens,
    // undici's Response is Node's own under another name.
    fetch: (url, { signal, headers }) =>
      fetch(url, {
        signal,
        headers: [...headers],
        redirect: 'error',
        dispatcher: agent,
      }) as Promise<unknown> as Promise<Response>,
  });
}

/** EHRs that sign a token of their own for each call, beside the issuer's users. */
export function acceptCdsClients(
  { configuration, own }: LoadedConfiguration,
  tokens: TokenVerifier,
): TokenVerifier {
  const audience = new URL(OPERATIONS.cdsConsult.path, own.gateway).href;
  return createCdsClientVerifier(configuration.cdsClients, audience, tokens);
}

/** The gateways of the other members. */
export function connectToPeers({ members, deadlines }: Configuration, closers: Closers): Peers {
  return closers.add(createHttpsPeers({ members, idleMs: deadlines.peerIdleMs }));
}
