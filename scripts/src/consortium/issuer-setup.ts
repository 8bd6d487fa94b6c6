import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  dataLayout,
  replaceIfDifferent,
  servicesLayout,
  SHARED_HOST,
  tokenSettings,
  type Organisation,
  type TokenSettings,
} from '@consent-ledger/network';
import { readIssuerConfig, type IssuerConfig, type IssuerKey, type IssuerMember } from '../issuer/config.js';
import { systemCode } from '../user-error.js';
import type { Consortium } from './consortium.js';
import { demoUsers } from './users.js';

const SECRET_BYTES = 32;

/** Where the issuer's configuration lies: mode 0600, because keys and clients' secrets are in it. */
export function issuerConfigFile(dataDir: string): string {
  return join(dataLayout(dataDir).services, 'issuer.json');
}

/** Writes the issuer's configuration: keys and secrets are made once, addresses follow topology and ports. */
export async function setUpIssuer({ dataDir, topology, plan }: Consortium): Promise<void> {
  const file = issuerConfigFile(dataDir);
  const earlier = await readEarlier(file);
  const { issuer } = servicesLayout(dataDir);
  const config: IssuerConfig = {
    version: 1,
    host: SHARED_HOST,
    port: plan.issuer,
    certificate: issuer.tls.certificate,
    key: issuer.tls.key,
    members: topology.organisations.map((organisation) =>
      memberOf(
        organisation,
        tokenSettings(organisation, plan, dataDir),
        earlier?.members.find(({ name }) => name === organisation.name),
      ),
    ),
  };
  await replaceIfDifferent(file, `${JSON.stringify(config, null, 2)}\n`, true);
}

function memberOf(
  { name, kind }: Organisation,
  { issuer, audience }: TokenSettings,
  earlier: IssuerMember | undefined,
): IssuerMember {
  return {
    name,
    issuer,
    audience,
    signingKey: earlier?.signingKey ?? signingKey(),
    clients: demoUsers(kind).map((user) => ({
      id: user.name,
      secret:
        earlier?.clients.find(({ id }) => id === user.name)?.secret ??
        randomBytes(SECRET_BYTES).toString('base64url'),
      roles: [...user.roles],
      references: [],
    })),
  };
}

function signingKey(): IssuerKey {
  const {
    x = '',
    y = '',
    d = '',
  } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    format: 'jwk',
  });
  const kid = randomBytes(16).toString('base64url');
  return { kty: 'EC', crv: 'P-256', x, y, d, kid, use: 'sig', alg: 'ES256' };
}

async function readEarlier(file: string): Promise<IssuerConfig | undefined> {
  try {
    return await readIssuerConfig(file);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
