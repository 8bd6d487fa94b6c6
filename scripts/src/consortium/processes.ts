import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataLayout, memberLayout } from '@consent-ledger/network';
import type { ProcessSpec } from '../supervisor/managed-process.js';
import type { Consortium } from './consortium.js';
import { issuerConfigFile } from './issuer-setup.js';

const ISSUER_MAIN = fileURLToPath(new URL('../issuer/main.js', import.meta.url));

export function gatewayProcessName(member: string): string {
  return `gateway-${member}`;
}

/** Everything that one consortium runs, in stages: each is started when the one before it is ready. */
export function processesOf(consortium: Consortium): readonly (readonly ProcessSpec[])[] {
  const { dataDir, topology } = consortium;
  const spec = (name: string, script: string, args: readonly string[]): ProcessSpec => ({
    name,
    script,
    args,
    logFile: path.join(dataLayout(dataDir).logs, `${name}.log`),
  });
  const issuer = spec('issuer', ISSUER_MAIN, [issuerConfigFile(dataDir)]);
  const gateways = topology.organisations.map(({ name }) =>
    spec(gatewayProcessName(name), modulePath('@consent-ledger/gateway/main'), [
      memberLayout(dataDir, name).configuration,
    ]),
  );
  return [[issuer], gateways];
}

function modulePath(specifier: string): string {
  return fileURLToPath(import.meta.resolve(specifier));
}
