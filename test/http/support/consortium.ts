import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigurationInput } from '@consent-ledger/gateway';
import {
  gatewayConfiguration,
  memberLayout,
  parseTopology,
  portPlan,
  prepareConsortium,
  servicesLayout,
  type Topology,
} from '@consent-ledger/network';
import { nodeLayout } from '@consent-ledger/network/internal/fabric/node-layout';
import { Agent, request, type Dispatcher } from 'undici';
import { ledgerUnderTest, type LedgerKind } from '../../support/any-ledger.js';
import { startLedger, type LedgerOfTest } from './ledger.js';
import { startIssuer, type TestIssuer, type TokenOverrides } from './issuer.js';
import { startProcess, type RunningProcess } from './processes.js';

const TOPOLOGY = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));

/** One member's gateway, as its users and as an attacker see it. */
export interface TestMember {
  readonly name: string;
  readonly mspId: string;
  readonly reference: string;
  readonly url: string;
  readonly configuration: ConfigurationInput;
  process: RunningProcess;
  token(user: string, roles: readonly string[], overrides?: TokenOverrides): Promise<string>;
  call(method: Dispatcher.HttpMethod, path: string, options?: CallOptions): Promise<Answer>;
  /** Starts its process again, after it ended. */
  start(): Promise<void>;
}

export interface CallOptions {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | object;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly json: Record<string, unknown>;
}

/** A whole consortium of real processes on loopback, in a folder of its own. */
export interface TestConsortium {
  readonly issuer: TestIssuer;
  readonly directory: string;
  readonly member: (name: string) => TestMember;
  /** All that ledger, chaincode and gateways have written so far. */
  logs(): string;
  readonly ledger: LedgerOfTest;
  readonly topology: Topology;
  /** `beforeRemoval` is called when all has ended, and the folder is still there. */
  stop(beforeRemoval?: () => Promise<unknown> | undefined): Promise<void>;
}

export interface ConsortiumOptions {
  /** The one under test unless told otherwise. */
  readonly ledger?: LedgerKind;
  /** Called before the ledger starts, with where a member's peer and orderer will keep their data. */
  readonly beforeLedger?: (about: { readonly nodeFolder: (name: string) => string }) => Promise<void>;
}

/** Starts ledger, chaincode, issuer and four gateways of the demo's topology. `change` edits each gateway's configuration. */
export async function startConsortium(
  change: (configuration: ConfigurationInput) => ConfigurationInput = (same) => same,
  { ledger: kind = ledgerUnderTest(), beforeLedger }: ConsortiumOptions = {},
): Promise<TestConsortium> {
  const directory = mkdtempSync(join(tmpdir(), 'consent-ledger-'));
  const stops: (() => Promise<unknown>)[] = [];
  const stop: TestConsortium['stop'] = async (beforeRemoval) => {
    for (const end of stops.reverse()) await end();
    await beforeRemoval?.();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const text = readFileSync(TOPOLOGY, 'utf8')
      .replace('type: embedded', `type: ${kind}`)
      // One of them takes record keys in the hybrid way.
      .replace('- name: novacure', '- name: novacure\n    encryptionKey: hybrid');
    const topology = parseTopology(text, TOPOLOGY);
    const plan = portPlan(topology, await freePortBase(topology));
    const prepared = await prepareConsortium(topology, plan, directory);
    const { issuer: issuerFiles } = servicesLayout(directory);
    const issuer = await startIssuer({
      port: plan.issuer,
      certificate: issuerFiles.tls.certificate,
      key: issuerFiles.tls.key,
    });
    stops.push(() => issuer.close());
    await beforeLedger?.({ nodeFolder: (name) => dirname(nodeLayout(directory, name).peerData) });
    const ledger = await startLedger({ topology, plan, directory, prepared });
    stops.push(() => ledger.stop());

    const members = await Promise.all(
      topology.organisations.map(async ({ name }) => {
        const made = gatewayConfiguration(
          topology,
          plan,
          directory,
          name,
          prepared.ledgerId,
        ) as ConfigurationInput;
        return startMember(name, change(made), memberLayout(directory, name).configuration, issuer, stops);
      }),
    );
    return {
      issuer,
      directory,
      ledger,
      topology,
      member: (name) => {
        const member = members.find((one) => one.name === name);
        if (member === undefined) throw new RangeError(`no member ${name}`);
        return member;
      },
      logs: () => [ledger.logs(), ...members.flatMap(({ process }) => process.lines)].join('\n'),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startMember(
  name: string,
  configuration: ConfigurationInput,
  file: string,
  issuer: TestIssuer,
  stops: (() => Promise<unknown>)[],
): Promise<TestMember> {
  writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 });
  const start = (): Promise<RunningProcess> =>
    startProcess({
      module: '@consent-ledger/gateway/main',
      nodeFlags: ['--max-semi-space-size=4'],
      args: [file],
      ready: /"event":"ready"/,
    });
  const own = configuration.members.find((member) => member.mspId === configuration.member);
  if (own === undefined) throw new RangeError(`no member ${configuration.member}`);
  const agent = new Agent({ connect: { ca: readFileSync(own.tlsCa) }, connections: 128 });
  const member: TestMember = {
    name,
    mspId: own.mspId,
    reference: `Organization/${name}`,
    url: own.gateway,
    configuration,
    process: await start(),
    token: (user, roles, overrides) => issuer.token(configuration.tokens, user, roles, overrides),
    call: (method, path, options) => call(agent, new URL(path, own.gateway), method, options),
    async start() {
      member.process = await start();
    },
  };
  stops.push(async () => {
    await agent.destroy();
    await member.process.stop();
  });
  return member;
}

async function call(
  agent: Agent,
  url: URL,
  method: Dispatcher.HttpMethod,
  options: CallOptions = {},
): Promise<Answer> {
  const isJson = typeof options.body === 'object' && !Buffer.isBuffer(options.body);
  const response = await request(url, {
    method,
    dispatcher: agent,
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: isJson ? JSON.stringify(options.body) : options.body }),
  });
  const bytes = Buffer.from(await response.body.arrayBuffer());
  const isJsonAnswer = /[/+]json\b/.test(String(response.headers['content-type']));
  return {
    status: response.statusCode,
    headers: response.headers,
    bytes,
    json: isJsonAnswer ? (JSON.parse(bytes.toString('utf8')) as Record<string, unknown>) : {},
  };
}

/** A base from which all the ports of a topology are free just now. */
async function freePortBase(topology: Topology): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    // Below what Linux gives to outgoing connections (32768 and up), which could take one in between.
    const base = 10_000 + Math.floor(Math.random() * 22_000);
    const ports = Array.from(
      { length: 10 * (topology.organisations.length + 1) },
      (_, index) => base + index,
    );
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return base;
  }
  throw new Error('no range of free ports was found');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
