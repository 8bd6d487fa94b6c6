import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataLayout, memberLayout, type PreparedConsortium } from '@consent-ledger/network';
import type { ProcessSpec } from '../supervisor/managed-process.js';
import type { Consortium } from './consortium.js';
import { issuerConfigFile } from './issuer-setup.js';

const ISSUER_MAIN = fileURLToPath(new URL('../issuer/main.js', import.meta.url));

/**
 * Everything that one consortium runs, in groups that are ended backwards. All of it is started together: each
 * process waits for those that it needs, as it has to when one of them is started again.
 */
export function processesOf(
  consortium: Consortium,
  prepared: PreparedConsortium,
): readonly (readonly ProcessSpec[])[] {
  const { dataDir, topology } = consortium;
  const spec = (name: string, script: string, args: readonly string[], env = {}): ProcessSpec => ({
    name,
    script,
    args,
    env,
    logFile: path.join(dataLayout(dataDir).logs, `${name}.log`),
  });
  const issuer = spec('issuer', ISSUER_MAIN, [issuerConfigFile(dataDir)]);
  const chaincode = prepared.chaincodeServers.map(({ name, environment }) =>
    spec(
      name === 'shared' ? 'chaincode' : `chaincode-${name}`,
      moduleFile('@consent-ledger/chaincode/server'),
      [],
      environment,
    ),
  );
  const gateways = topology.organisations.map(({ name }) =>
    spec(`gateway-${name}`, moduleFile('@consent-ledger/gateway/main'), [
      memberLayout(dataDir, name).configuration,
    ]),
  );
  return [[issuer], chaincode, gateways];
}

function moduleFile(specifier: string): string {
  return fileURLToPath(import.meta.resolve(specifier));
}
