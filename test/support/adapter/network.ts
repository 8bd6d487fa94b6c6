import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseConfiguration as parseGateway, type LoadedConfiguration } from '@consent-ledger/gateway';
import {
  gatewayConfiguration,
  portPlan,
  prepareConsortium,
  chaincodeDefinition,
  startFabric,
  type Pems,
  type PortPlan,
  type PreparedConsortium,
  type Topology,
} from '@consent-ledger/network';
import { parseConfiguration } from '@consent-ledger/network/embedded/configuration';
import { embeddedLedgerConfiguration } from '@consent-ledger/network/embedded/configure';
import { ensureChaincode } from '@consent-ledger/network/embedded/lifecycle/ensure-chaincode';
import { createSigner } from '@consent-ledger/network/embedded/msp/signer';
import { startEmbeddedLedger } from '@consent-ledger/network/embedded/start';
import {
  consortiumChaincode,
  consortiumChaincodeProcess,
} from '@consent-ledger/network/internal/fabric/chaincode-deployment';
import { peer } from '@hyperledger/fabric-protos';
import { freePortBase } from '../ledger/free-port-base.js';
import type { LedgerKind } from '../any-ledger.js';
import { adapterTopology } from './topology.js';

/** One organisation's endorser: its chaincode server, without which its peer endorses nothing. */
export interface TestEndorser {
  kill(): Promise<void>;
  /** Starts it again; `lying` as one that does not do what was agreed. */
  start(lying?: 'writes-more' | 'refuses'): Promise<void>;
  /** It takes every call and answers none. */
  freeze(): void;
  thaw(): void;
}

/** A ledger with the consortium's own chaincode, and no gateway: that is what is tried. */
export interface AdapterNetwork {
  readonly endorsers: Readonly<Record<string, TestEndorser>>;
  /** `host:port` of the peer of the organisation of that name. */
  peerOf(name: string): string;
  /** Commits a chaincode definition with one collection more, which everybody approves and no gateway has been told of. */
  addCollection(): Promise<void>;
  /** A gateway's configuration, with a data folder that nobody has used. `change` edits what is in the file. */
  configuration(name: string, change?: (input: Editable) => Editable): LoadedConfiguration;
  stop(): Promise<void>;
}

export type Editable = ReturnType<typeof gatewayConfiguration> & {
  readonly ledger: Readonly<Record<string, unknown>>;
  readonly deadlines?: Readonly<Record<string, number>>;
};

const CHAINCODE_SCRIPT = fileURLToPath(import.meta.resolve('@consent-ledger/chaincode/server'));
const LYING_SCRIPT = fileURLToPath(new URL('lying-chaincode.js', import.meta.url));

/** Epochs as short as a test is, where a consortium's last minutes. */
const CHAINCODE_ENVIRONMENT = { CONSENT_LEDGER_MIN_EPOCH_SECONDS: '0' };

export async function startAdapterNetwork(ordering: LedgerKind): Promise<AdapterNetwork> {
  const topology = adapterTopology(ordering);
  const plan = portPlan(topology, await freePortBase(topology));
  const dataDir = await mkdtemp(path.join(tmpdir(), 'adapter-'));
  const prepared = await prepareConsortium(topology, plan, dataDir);
  const start = ordering === 'embedded' ? startEmbedded : startReal;
  try {
    const { endorsers, commit, stop } = await start(topology, plan, dataDir, prepared);
    let folders = 0;
    return {
      endorsers,
      addCollection: () => commit(withOneMore(chaincodeDefinition(topology))),
      peerOf: (name) => `127.0.0.1:${plan.organisations[name]?.peer ?? 0}`,
      configuration: (name, change = (same) => same) => {
        folders += 1;
        const made: Editable = {
          ...gatewayConfiguration(topology, plan, dataDir, name, prepared.ledgerId),
          dataDirectory: path.join(dataDir, `gateway-${folders}`),
        };
        return parseGateway(change(made), dataDir);
      },
      stop: async () => {
        await stop();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}

type Definition = ReturnType<typeof chaincodeDefinition>;

function withOneMore(definition: Definition): Definition {
  const message = peer.CollectionConfigPackage.deserializeBinary(definition.collections);
  const [first] = peer.CollectionConfigPackage.deserializeBinary(definition.collections).getConfigList();
  first?.getStaticCollectionConfig()?.setName('custody-SomebodyElseMSP');
  if (first !== undefined) message.addConfig(first);
  return { ...definition, collections: Buffer.from(message.serializeBinary()) };
}

interface Started {
  readonly endorsers: Record<string, TestEndorser>;
  readonly commit: (definition: Definition) => Promise<void>;
  readonly stop: () => Promise<void>;
}

async function startEmbedded(
  topology: Topology,
  plan: PortPlan,
  dataDir: string,
  prepared: PreparedConsortium,
): Promise<Started> {
  const [server] = prepared.chaincodeServers;
  if (server === undefined) throw new RangeError('no chaincode server was prepared');
  const input = embeddedLedgerConfiguration(topology, plan, dataDir, prepared);
  const addressOf = (name: string): string => `127.0.0.1:${plan.organisations[name]?.chaincode ?? 0}`;
  const servers = topology.organisations.map(
    ({ name }) =>
      [
        name,
        new ChaincodeServer({ ...server.environment, CHAINCODE_SERVER_ADDRESS: addressOf(name) }),
      ] as const,
  );
  await Promise.all(servers.map(([, one]) => one.start()));
  const address = Object.fromEntries(
    topology.organisations.map(({ name, mspId }) => [mspId, addressOf(name)]),
  );
  const running = await startEmbeddedLedger(
    parseConfiguration({
      ...input,
      chaincodes: input.chaincodes.map((chaincode) => ({ ...chaincode, address })),
    }),
  );
  return {
    endorsers: Object.fromEntries(servers),
    commit: (definition) => {
      const members = prepared.identities.organisations.map((material) => ({
        mspId: material.mspId,
        peer: signer(material.mspId, material.peer.identity),
        admin: signer(material.mspId, material.admin.identity),
      }));
      const desired = { ...definition, packageId: server.package.id };
      ensureChaincode(running.ledger, members, desired, Date.now);
      return Promise.resolve();
    },
    stop: async () => {
      await running.close();
      await Promise.all(servers.map(([, one]) => one.kill()));
    },
  };
}

async function startReal(
  topology: Topology,
  plan: PortPlan,
  dataDir: string,
  prepared: PreparedConsortium,
): Promise<Started> {
  const fabric = await startFabric({
    topology,
    plan,
    dataDir,
    prepared,
    chaincodes: [consortiumChaincode(topology, prepared)],
    chaincodeProcess: (organisation) => {
      const made = consortiumChaincodeProcess(prepared, organisation, CHAINCODE_SCRIPT);
      return { ...made, env: { ...made.env, ...CHAINCODE_ENVIRONMENT } };
    },
    logging: 'error',
  });
  const endorsers = fabric.organisations.map(({ node, peer, chaincode }): [string, TestEndorser] => {
    const server = prepared.chaincodeServers.find(({ name }) => name === node.organisation.name);
    let liar: ChaincodeServer | undefined;
    return [
      node.organisation.name,
      {
        kill: async () => {
          await liar?.kill();
          await chaincode.kill();
        },
        start: async (lying) => {
          await liar?.kill();
          liar = undefined;
          if (lying === undefined) await chaincode.start();
          else {
            liar = new ChaincodeServer({ ...server?.environment });
            await liar.start(lying);
          }
        },
        // The peer itself: as an endorser it is as silent as its chaincode.
        freeze: () => peer.current()?.signal('SIGSTOP'),
        thaw: () => peer.current()?.signal('SIGCONT'),
      },
    ];
  });
  return {
    endorsers: Object.fromEntries(endorsers),
    commit: (definition) => fabric.commitNext(definition.name, definition),
    stop: async () => {
      for (const [, endorser] of endorsers) endorser.thaw();
      await fabric.stop();
    },
  };
}

function signer(mspId: string, pems: Pems): ReturnType<typeof createSigner> {
  return createSigner(mspId, Buffer.from(pems.certificatePem), pems.keyPem);
}

class ChaincodeServer implements TestEndorser {
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;

  constructor(environment: Readonly<Record<string, string>>) {
    this.#environment = environment;
  }

  async start(lying?: 'writes-more' | 'refuses'): Promise<void> {
    const env = {
      ...process.env,
      ...this.#environment,
      ...CHAINCODE_ENVIRONMENT,
      ...(lying === undefined ? {} : { LYING: lying }),
    };
    const script = lying === undefined ? CHAINCODE_SCRIPT : LYING_SCRIPT;
    const child = spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stderr.resume();
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (text: Buffer) => {
        if (text.includes('chaincode-ready')) resolve();
      });
      child.once('exit', (code) => {
        reject(new Error(`the chaincode server ended with ${code ?? 'a signal'}`));
      });
    });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child?.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }
}
