import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, hash, signers, type Gateway } from '@hyperledger/fabric-gateway';
import { common, type peer } from '@hyperledger/fabric-protos';
import type { BlockSource } from '@consent-ledger/audit';
import {
  canonicalText,
  custodyCollection,
  FUNCTIONS,
  studyCollection,
  withdrawalCollection,
  type RegistryCommand,
  type RegistryQuery,
} from '@consent-ledger/chaincode/wire';
import {
  ConfigurationError,
  loadConfiguration,
  type Configuration,
  type LoadedConfiguration,
  type Member,
} from '@consent-ledger/gateway';
import { badInput, EXIT, UserError } from '../user-error.js';

/** A member's own peer, read with the identity that its gateway has. */
export interface OwnPeer {
  readonly ledgerId: string;
  readonly chaincode: string;
  /** Collections that the member is in. */
  readonly collections: readonly string[];
  /** Number of blocks. */
  height(): Promise<number>;
  /** Blocks from genesis on with the private data that the peer holds, up to before `end`. */
  blocks(end: number): AsyncIterable<peer.BlockAndPrivateData>;
  /** The same from any block on, for a projection. */
  readonly source: BlockSource;
  /** Where the member's gateway keeps its data, and so does its auditor. */
  readonly dataDirectory: string;
  readonly configuration: Configuration;
  /** MSP id. */
  readonly mspId: string;
  /** Puts a command into the registry, and waits until it is valid. */
  apply(command: RegistryCommand): Promise<void>;
  /** What the own peer answers. */
  query(query: RegistryQuery): Promise<Uint8Array>;
  /** ECDSA with SHA-256 by the key of the member's client certificate, DER. */
  sign(text: string): Promise<Uint8Array>;
  /** Which the member signs with. */
  readonly certificate: X509Certificate;
  close(): void;
}

const MESSAGE_BYTES = 100 * 1024 * 1024;
const DEADLINE_MS = 30_000;

/**
 * @param configurationFile a gateway's configuration
 * @param needs what of the peer is read: a sponsor reads blocks, and nobody's private values. Throws a UserError.
 */
export async function openOwnPeer(
  configurationFile: string,
  needs: 'private values' | 'blocks' = 'private values',
): Promise<OwnPeer> {
  const { configuration, own } = configurationOf(configurationFile);
  const { ledger } = configuration;
  const collections = collectionsOf(own, configuration.members);
  if (needs === 'private values' && collections.length === 0) {
    throw badInput(
      `${own.name} keeps no records and is no oversight organisation: it may read nobody's accesses. Ask as another member.`,
    );
  }
  const [tlsCa, certificate, privateKey] = await Promise.all(
    [ledger.peer.tlsCa, ledger.certificate, ledger.privateKey].map((file) => readFile(file)),
  );
  const client = new Client(ledger.peer.address, credentials.createSsl(tlsCa), {
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    ...nameOverride(ledger.peer.serverName),
  });
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + DEADLINE_MS });
  const signer = signers.newPrivateKeySigner(createPrivateKey(privateKey ?? ''));
  const gateway = connect({
    client,
    hash: hash.sha256,
    identity: { mspId: own.mspId, credentials: certificate ?? new Uint8Array() },
    signer,
    evaluateOptions: deadline,
    endorseOptions: deadline,
    submitOptions: deadline,
    commitStatusOptions: deadline,
  });
  const contract = gateway.getNetwork(ledger.channel).getContract(ledger.chaincode);
  return {
    ledgerId: ledger.id,
    chaincode: ledger.chaincode,
    collections,
    height: () => heightOf(gateway, ledger.channel, ledger.peer.address),
    blocks: (end) => blocksOf(gateway, ledger.channel, end),
    source: { blocks: (from, end, signal) => blocksFrom(gateway, ledger.channel, from, end, signal) },
    dataDirectory: configuration.dataDirectory,
    configuration,
    mspId: own.mspId,
    apply: async (command) => {
      await contract.submitTransaction(FUNCTIONS.registry.apply, canonicalText(command));
    },
    query: (query) =>
      contract.evaluate(FUNCTIONS.registry.query, {
        arguments: [canonicalText(query)],
        endorsingOrganizations: [own.mspId],
      }),
    sign: (text) => signer(createHash('sha256').update(text).digest()),
    certificate: new X509Certificate(certificate ?? ''),
    close: () => {
      gateway.close();
      client.close();
    },
  };
}

/** A certificate that names an address needs none: the address that is dialled is compared. */
function nameOverride(name: string | undefined): { 'grpc.ssl_target_name_override'?: string } {
  return name === undefined || isIP(name) !== 0 ? {} : { 'grpc.ssl_target_name_override': name };
}

function configurationOf(file: string): LoadedConfiguration {
  try {
    return loadConfiguration(file);
  } catch (error) {
    if (error instanceof ConfigurationError) throw badInput(`${error.message}.`, { cause: error });
    throw error;
  }
}

/** A custodian reads its own collections, an oversight organisation everybody's, a sponsor none. */
function collectionsOf(own: Member, members: readonly Member[]): string[] {
  const isOversight = own.kind === 'auditor' || own.kind === 'regulator';
  const sponsors = members.filter(({ kind }) => kind === 'sponsor');
  return members
    .filter(({ kind, mspId }) => kind === 'hospital' && (isOversight || mspId === own.mspId))
    .flatMap(({ mspId }) => [
      custodyCollection(mspId),
      withdrawalCollection(mspId),
      // What is decided for a study rests on its terms.
      ...sponsors.map((sponsor) => studyCollection(mspId, sponsor.mspId)),
    ]);
}

async function heightOf(gateway: Gateway, channel: string, address: string): Promise<number> {
  try {
    const answer = await gateway
      .getNetwork(channel)
      .getContract('qscc')
      .evaluateTransaction('GetChainInfo', channel);
    return common.BlockchainInfo.deserializeBinary(answer).getHeight();
  } catch (cause) {
    throw new UserError(
      `The peer at ${address} does not say how many blocks it has. Does it run?`,
      EXIT.failed,
      {
        cause,
      },
    );
  }
}

async function* blocksOf(
  gateway: Gateway,
  channel: string,
  end: number,
): AsyncGenerator<peer.BlockAndPrivateData> {
  if (end <= 0) return;
  for await (const delivered of blocksFrom(gateway, channel, 0, end, new AbortController().signal)) {
    yield delivered;
    if ((delivered.getBlock()?.getHeader()?.getNumber() ?? 0) + 1 >= end) return;
  }
  throw new UserError('The peer ended the stream of blocks before its end.');
}

/** Ends when the block before `end` has come, when the signal aborts, or when the peer ends it. */
async function* blocksFrom(
  gateway: Gateway,
  channel: string,
  from: number,
  end: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<peer.BlockAndPrivateData> {
  if (signal.aborted || (end !== undefined && from >= end)) return;
  const stream = await gateway.getNetwork(channel).getBlockAndPrivateDataEvents({ startBlock: BigInt(from) });
  const close = (): void => {
    stream.close();
  };
  signal.addEventListener('abort', close, { once: true });
  try {
    for await (const delivered of stream) {
      yield delivered;
      const number = delivered.getBlock()?.getHeader()?.getNumber() ?? 0;
      if (end !== undefined && number + 1 >= end) return;
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
