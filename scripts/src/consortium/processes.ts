import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataLayout, memberLayout, type PreparedConsortium, type Topology } from '@consent-ledger/network';
import type { ProcessSpec } from '../supervisor/managed-process.js';
import type { Consortium } from './consortium.js';
import { issuerConfigFile } from './issuer-setup.js';
import { ledgerConfigFile } from './paths.js';

const ISSUER_MAIN = fileURLToPath(new URL('../issuer/main.js', import.meta.url));

/**
 * Memory is what a first look on a laptop runs out of, so each process gets little room for the young, and its heap
 * grows by a stated part after each full collection instead of up to fourfold. No limit: a heap that really needs more
 * gets it (docs/benchmarks.md).
 */
const CHAINCODE_FLAGS = ['--max-semi-space-size=24', '--heap-growing-percent=100'];
const LEDGER_FLAGS = ['--max-semi-space-size=8', '--heap-growing-percent=50'];
/** A gateway mostly waits, and there are four of them on this machine. */
export const GATEWAY_FLAGS = ['--max-semi-space-size=4', '--heap-growing-percent=35', '--v8-pool-size=1'];

/** glibc gives each thread its own arena, and hardly anything back: 30 MB a process that nobody uses. */
export const ENVIRONMENT = { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '131072' };

/** Orderers elect, peers join, every organisation approves the chaincode; gateways wait for all of that. */
const FABRIC_START_MS = 180_000;

/** Those on other machines may be started by other people. */
const FOR_OTHERS_MS = 3_600_000;

/**
 * Everything that one consortium runs, in groups that are ended backwards. All of it is started together: each
 * process waits for those that it needs, as it has to when one of them is started again.
 */
export function processesOf(
  consortium: Consortium,
  prepared: PreparedConsortium,
  gatewayFlags: readonly string[] = GATEWAY_FLAGS,
): readonly (readonly ProcessSpec[])[] {
  const { dataDir, ledger: kind, topology } = consortium;
  const spec = (name: string, script: string, args: readonly string[], env = {}): ProcessSpec => ({
    name,
    script,
    args,
    env: { ...ENVIRONMENT, ...env },
    logFile: path.join(dataLayout(dataDir).logs, `${name}.log`),
  });
  const isWhole = prepared.identities.organisations.length === topology.organisations.length;
  const startTimeoutMs = isWhole ? FABRIC_START_MS : FOR_OTHERS_MS;
  const issuer = spec('issuer', ISSUER_MAIN, [issuerConfigFile(dataDir)]);
  const chaincode = prepared.chaincodeServers.map(({ name, environment }) => ({
    ...spec(
      name === 'shared' ? 'chaincode' : `chaincode-${name}`,
      moduleFile('@consent-ledger/chaincode/server'),
      [],
      environment,
    ),
    nodeFlags: CHAINCODE_FLAGS,
  }));
  const ledger =
    kind === 'embedded'
      ? {
          ...spec('ledger', moduleFile('@consent-ledger/network/embedded/main'), [ledgerConfigFile(dataDir)]),
          nodeFlags: LEDGER_FLAGS,
        }
      : fabricLedger(
          spec('ledger', moduleFile('@consent-ledger/network/fabric/main'), [ledgerConfigFile(dataDir)]),
          startTimeoutMs,
        );
  const gateways = prepared.identities.organisations.map(({ name }) => ({
    ...spec(`gateway-${name}`, moduleFile('@consent-ledger/gateway/main'), [
      memberLayout(dataDir, name).configuration,
    ]),
    nodeFlags: gatewayFlags,
    // It is ready when it has followed its peer.
    ...(kind === 'fabric' ? { startTimeoutMs } : {}),
  }));
  // Fabric's chaincode servers belong to its supervisor: their peers are stopped after them.
  const names = prepared.identities.organisations.map(({ name }) => name);
  return [
    needsIssuer(topology, names) ? [issuer] : [],
    kind === 'embedded' ? chaincode : [],
    [ledger],
    gateways,
  ];
}

/** Whether the demo's issuer gives tokens to any of these members: those that state one have their own. */
export function needsIssuer({ organisations }: Topology, names: readonly string[]): boolean {
  return organisations.some(({ name, tokens }) => names.includes(name) && tokens.issuer === undefined);
}

/** Real peers and orderers: found by the release's folder, and given time to find each other and to end in order. */
function fabricLedger(ledger: ProcessSpec, startTimeoutMs: number): ProcessSpec {
  const home = process.env['FABRIC_HOME'];
  return {
    ...ledger,
    env: { ...ledger.env, ...(home === undefined ? {} : { FABRIC_HOME: home }) },
    startTimeoutMs,
    stopTimeoutMs: 40_000,
  };
}

export const CHAINCODE_SCRIPT = moduleFile('@consent-ledger/chaincode/server');

/** The programs of this installation that run beside peers and orderers. */
export function programs(): Readonly<Record<'chaincode' | 'gateway' | 'issuer' | 'cli', string>> {
  return {
    chaincode: CHAINCODE_SCRIPT,
    gateway: moduleFile('@consent-ledger/gateway/main'),
    issuer: ISSUER_MAIN,
    cli: fileURLToPath(new URL('../../bin/consent-ledger.mjs', import.meta.url)),
  };
}

function moduleFile(specifier: string): string {
  return fileURLToPath(import.meta.resolve(specifier));
}
