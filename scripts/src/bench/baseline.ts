import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { peer } from '@hyperledger/fabric-protos';
import {
  chaincodePackage,
  deployChaincode,
  loadIdentities,
  organisationNamed,
  outOf,
  ownConnection,
  policyEnvelope,
  portsOf,
  role,
  type ChaincodeDeployment,
  type OrganisationMaterial,
} from '@consent-ledger/network';
import type { Consortium } from '../consortium/consortium.js';
import { ledgerClient } from './ledger-client.js';
import { MINIMAL_SERVER, type MinimalServer } from './minimal-server.js';
import { pooled } from './statistics.js';

/** What a user would otherwise measure Fabric by: a bare write of one public key, on the same network. */
export interface Baseline {
  /** Writes per second, each a transaction, endorsed by the two organisations, for about `seconds`. */
  rate(seconds: number): Promise<number>;
  stop(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('minimal-chaincode.js', import.meta.url));
const CHAINCODE = { name: 'minimal', version: '1' };
/** Beside the eight ports of an organisation. */
const PORT_OFFSET = 8;
/** Fabric's gateway takes at most 500 calls at once. */
const IN_FLIGHT = 200;

/** Deploys the minimal chaincode beside ours. Each write is endorsed by the same two organisations as a decision is. */
export async function deployBaseline(
  consortium: Consortium,
  endorsers: readonly [custodian: string, oversight: string],
): Promise<Baseline> {
  const { topology, plan, dataDir } = consortium;
  const { organisations } = await loadIdentities(topology, dataDir);
  const deployment = deploymentOf(consortium, organisations);
  const servers = await Promise.all(
    organisations.map((material) => startServer(consortium, material, deployment)),
  );
  const stopServers = (): void => {
    for (const server of servers) server.kill('SIGKILL');
  };
  try {
    await deployChaincode({ topology, plan, organisations, deployment });
  } catch (error) {
    stopServers();
    throw error;
  }
  const [custodian] = endorsers;
  const organisation = organisations.find(({ name }) => name === custodian);
  if (organisation === undefined) throw new RangeError(`there is no organisation ${custodian}`);
  const client = ledgerClient({
    organisation,
    endpoint: `${organisationNamed(topology, custodian).host}:${portsOf(plan, custodian).peer}`,
    channel: topology.channel,
    chaincode: CHAINCODE.name,
  });
  const endorsingOrganizations = endorsers.map((name) => organisationNamed(topology, name).mspId);
  let run = 0;
  return {
    rate: async (seconds) => {
      run += 1;
      const keys = Array.from({ length: 1_000 * seconds }, (_, index) => `${run}/${index}`);
      let written = 0;
      const started = performance.now();
      let finished = started;
      await pooled(keys, IN_FLIGHT, async (key) => {
        if (performance.now() - started > seconds * 1_000) return;
        await client.submit('put', { arguments: [key, 'value'], endorsingOrganizations });
        written += 1;
        finished = performance.now();
      });
      return written / ((finished - started) / 1_000);
    },
    stop: () => {
      client.close();
      stopServers();
      return Promise.resolve();
    },
  };
}

/** Any two organisations endorse. */
function deploymentOf(
  { topology, plan }: Consortium,
  organisations: readonly OrganisationMaterial[],
): ChaincodeDeployment {
  const policy = new peer.ApplicationPolicy();
  policy.setSignaturePolicy(
    policyEnvelope(
      outOf(
        2,
        organisations.map(({ mspId }) => role(mspId, 'peer')),
      ),
    ),
  );
  const named = { ...topology, chaincode: CHAINCODE };
  return {
    definition: {
      ...CHAINCODE,
      endorsementPlugin: 'escc',
      validationPlugin: 'vscc',
      validationParameter: Buffer.from(policy.serializeBinary()),
      collections: Buffer.alloc(0),
    },
    packages: new Map(
      organisations.map((material) => {
        const connection = ownConnection(topology, plan, material);
        return [
          material.name,
          chaincodePackage(named, { ...connection, address: addressOf({ topology, plan }, material) }),
        ];
      }),
    ),
    readiness: ['put'],
  };
}

async function startServer(
  consortium: Pick<Consortium, 'topology' | 'plan'>,
  material: OrganisationMaterial,
  { packages }: ChaincodeDeployment,
): Promise<ChildProcess> {
  const { tls } = material.paths.chaincode;
  const settings: MinimalServer = {
    ccid: packages.get(material.name)?.id ?? '',
    address: addressOf(consortium, material),
    key: tls.key,
    certificate: tls.certificate,
    clientCa: material.paths.tlsCa.certificate,
  };
  const child = fork(SCRIPT, {
    // A line for each call would cost the baseline more than the call.
    env: {
      ...process.env,
      CORE_CHAINCODE_LOGGING_LEVEL: 'error',
      [MINIMAL_SERVER]: JSON.stringify(settings),
    },
    execArgv: ['--no-deprecation'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

function addressOf(
  { topology, plan }: Pick<Consortium, 'topology' | 'plan'>,
  { name }: Pick<OrganisationMaterial, 'name'>,
): string {
  return `${organisationNamed(topology, name).host}:${portsOf(plan, name).gateway + PORT_OFFSET}`;
}
