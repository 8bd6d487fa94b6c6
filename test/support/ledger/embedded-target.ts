import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { portPlan, type Pems } from '@consent-ledger/network';
import { parseConfiguration } from '@consent-ledger/network/embedded/configuration';
import { embeddedLedgerConfiguration } from '@consent-ledger/network/embedded/configure';
import { ensureChaincode } from '@consent-ledger/network/embedded/lifecycle/ensure-chaincode';
import { createSigner } from '@consent-ledger/network/embedded/msp/signer';
import { startEmbeddedLedger } from '@consent-ledger/network/embedded/start';
import { freePortBase } from './free-port-base.js';
import { organisationOf } from './organisation.js';
import { prepareSuite } from './prepared.js';
import { PROBE_SCRIPT, probeEnvironment, type ProbeServer } from './probe-chaincode/servers.js';
import { otherDefinition, probeDefinition } from './probe-definition.js';
import type { LedgerTarget, RunningLedger } from './target.js';
import { suiteTopology } from './topology.js';

/** Our own ledger; the chaincode runs in one process per organisation, as it does on Fabric. */
export const embeddedTarget: LedgerTarget = { name: 'embedded', start };

async function start(): Promise<RunningLedger> {
  const topology = suiteTopology('embedded');
  const portBase = await freePortBase(topology);
  const plan = portPlan(topology, portBase);
  const dataDir = await mkdtemp(path.join(tmpdir(), 'ledger-suite-'));
  const { prepared, revoked } = await prepareSuite(topology, plan, dataDir);
  const materials = prepared.identities.organisations;
  const mspIds = materials.map(({ mspId }) => mspId);
  const input = embeddedLedgerConfiguration(topology, plan, dataDir, prepared);
  const shared = prepared.identities.services.paths.chaincode;

  // Ports of a Fabric network's chaincode servers and gateways, which do not run here.
  const addresses = (use: 'chaincode' | 'gateway'): Record<string, string> =>
    Object.fromEntries(
      materials.map(({ name, mspId }) => [mspId, `127.0.0.1:${plan.organisations[name]?.[use] ?? 0}`]),
    );
  const chaincodes = [
    {
      definition: probeDefinition(mspIds),
      packageId: 'probe:1',
      address: addresses('chaincode'),
    },
    { definition: otherDefinition(mspIds), packageId: 'other:1', address: addresses('gateway') },
  ];
  const servers = new Map(
    mspIds.map((mspId) => [
      mspId,
      new ChaincodeProcess(
        mspId,
        chaincodes.map(({ packageId, address }) => ({
          ccid: packageId,
          address: address[mspId] ?? '',
          tls: { key: shared.tls.key, certificate: shared.tls.certificate, clientCa: shared.clientCas },
        })),
      ),
    ]),
  );
  await Promise.all([...servers.values()].map((server) => server.start()));

  const running = await startEmbeddedLedger(
    parseConfiguration({
      ...input,
      chaincodes: chaincodes.map(({ definition, packageId, address }) => ({
        name: definition.name,
        version: definition.version,
        packageId,
        address,
        rootCertificate: prepared.identities.services.paths.ca.certificate,
        validationParameter: definition.validationParameter.toString('base64'),
        collections: definition.collections.toString('base64'),
      })),
    }),
  );
  const [probe] = chaincodes;
  const ordering = materials.find(({ mspId }) => mspId === input.orderer.mspId);
  if (ordering === undefined) throw new RangeError('nobody orders');
  let version = 1;
  return {
    channel: topology.channel,
    chaincode: 'probe',
    otherChaincode: 'other',
    organisations: materials.map((material) => {
      const server = servers.get(material.mspId);
      if (server === undefined) throw new RangeError(material.mspId);
      return organisationOf(material, running.addresses.get(material.mspId) ?? '', {
        ...(revoked.mspId === material.mspId ? { revoked } : {}),
        probePackage: 'probe:1',
        killChaincode: () => server.kill(),
        startChaincode: () => server.start(),
      });
    }),
    orderers: [{ endpoint: running.orderer ?? '', tlsCa: Buffer.from(ordering.tlsCaPem) }],
    lacks: new Set(),
    ordersByQuorum: false,
    upgradeChaincode: () => {
      version += 1;
      const organisations = materials.map((material) => ({
        mspId: material.mspId,
        peer: signer(material.mspId, material.peer.identity),
        admin: signer(material.mspId, material.admin.identity),
      }));
      if (probe !== undefined) {
        const desired = { ...probe.definition, version: String(version), packageId: probe.packageId };
        ensureChaincode(running.ledger, organisations, desired, Date.now);
      }
      return Promise.resolve();
    },
    stop: async () => {
      await running.close();
      await Promise.all([...servers.values()].map((server) => server.kill()));
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The process that serves both probes for one organisation. */
class ChaincodeProcess {
  #child: ChildProcess | undefined;

  constructor(
    private readonly mspId: string,
    private readonly servers: readonly ProbeServer[],
  ) {}

  async start(): Promise<void> {
    const env = { ...process.env, ...probeEnvironment(this.mspId, this.servers) };
    this.#child = fork(PROBE_SCRIPT, { env, stdio: 'ignore' });
    await once(this.#child, 'message');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

function signer(mspId: string, pems: Pems): ReturnType<typeof createSigner> {
  return createSigner(mspId, Buffer.from(pems.certificatePem), pems.keyPem);
}
