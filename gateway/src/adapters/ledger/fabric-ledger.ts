import type {
  BlockEventsOptions,
  CloseableAsyncIterable,
  Commit,
  Contract,
  ProposalOptions,
} from '@hyperledger/fabric-gateway';
import { gateway as protos, msp, type peer } from '@hyperledger/fabric-protos';
import {
  canonicalBytes,
  FUNCTIONS,
  TRANSIENT_COMMAND,
  TRANSIENT_QUERY,
} from '@consent-ledger/chaincode/wire';
import type { Audience, Ledger, LedgerBlock } from '../../ports/ledger.js';
import type { Logger } from '../../ports/logger.js';
import { Refusal } from '../../usecases/refusal.js';
import { nameOfCode, readBlock, versionRead } from './blocks.js';
import { collectEndorsements, endorsersFor } from './endorsing.js';
import type { Endpoint, Session } from './endpoint.js';
import { Endorsers } from './endorsers.js';
import { isLate, refusalOfLedger } from './failures.js';
import { heightOf } from './height.js';
import { OwnPeers } from './own-peers.js';

export interface FabricLedgerOptions {
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  readonly channel: string;
  readonly chaincode: string;
  /** Public key that tells the epoch. */
  readonly epochKey: string;
  /** MSP id of this gateway's member. */
  readonly own: string;
  /** MSP ids of the oversight organisations, in the order in which they are asked to endorse. */
  readonly oversight: readonly string[];
  readonly log: Logger;
  /** For all endorsers of a proposal, and for a block that is there already, milliseconds. */
  readonly endorseMs: number;
  readonly evaluateMs: number;
}

/**
 * The own organisation's peers, through Fabric's own client: what a Fabric peer does and what the embedded ledger does is alike here.
 */
export function createFabricLedger(options: FabricLedgerOptions): Ledger & { close(): void } {
  const { chaincode, channel, own, oversight } = options;
  const peers = new OwnPeers(options.endpoints, options.log);
  const endorsers = new Endorsers({ now: () => performance.now(), random: Math.random });
  const contract = ({ gateway }: Session): Contract => gateway.getNetwork(channel).getContract(chaincode);
  const blocks = (
    { client: { gateway } }: Endpoint,
    from: number,
    deadline?: number,
  ): Promise<CloseableAsyncIterable<peer.BlockAndPrivateData>> => {
    const position: BlockEventsOptions = { startBlock: BigInt(from) };
    const request = gateway.getNetwork(channel).newBlockAndPrivateDataEventsRequest(position);
    return request.getEvents(deadline === undefined ? {} : { deadline });
  };

  return {
    query(query, audience) {
      const { name, proposal } = callOf('query', audience, canonicalBytes(query));
      const evaluate = ({ client }: Endpoint): Promise<Uint8Array> =>
        contract(client)
          .newProposal(name, { ...proposal, endorsingOrganizations: [own] })
          .evaluate();
      return refusing(() => peers.call(evaluate));
    },

    async prepare(command, audience, { as = 'client', avoid = [] } = {}) {
      const { name, proposal } = callOf('apply', audience, canonicalBytes(command));
      const sessionAt = ({ client, admin }: Endpoint): Session => {
        const session = as === 'client' ? client : admin;
        if (session === undefined) throw new Refusal('caller-not-allowed');
        return session;
      };
      const { transaction, choice, endpoint } = await refusing(() =>
        collectEndorsements(
          (at, named) =>
            contract(sessionAt(at)).newProposal(name, {
              ...proposal,
              ...(named === undefined ? {} : { endorsingOrganizations: [...named] }),
            }),
          endorsersFor(audience, own, oversight),
          avoid,
          { ...options, peers, endorsers },
        ),
      );
      const bytes = transaction.getBytes();
      const epoch = versionRead(bytes, chaincode, options.epochKey);
      return {
        transaction: transaction.getTransactionId(),
        bytes,
        signature: await sessionAt(endpoint).signer(transaction.getDigest()),
        endorsers: choice ?? [],
        ...(epoch === undefined ? {} : { epoch }),
      };
    },

    async submit({ bytes, signature }) {
      await refusing(() =>
        peers.call(({ client: { gateway } }) => gateway.newSignedTransaction(bytes, signature).submit()),
      );
    },

    async outcome(transaction, milliseconds) {
      const deadline = Date.now() + milliseconds;
      try {
        const status = await peers.call(({ client }) =>
          commitOf(client, channel, transaction).getStatus({ deadline }),
        );
        return { valid: status.successful, code: nameOfCode(status.code), block: Number(status.blockNumber) };
      } catch (error) {
        // A peer that has never heard of a transaction waits for it until the deadline.
        if (isLate(error)) return undefined;
        throw refusalOfLedger(error);
      }
    },

    async *follow(from, signal) {
      const endpoint = peers.current;
      try {
        const events = await blocks(endpoint, from);
        yield* untilAborted(events, signal, options.evaluateMs, (delivered) =>
          readBlock(delivered, chaincode),
        );
      } catch (error) {
        // A stream says nothing that this peer could be better at another time; where there is another peer, it is asked.
        if (!signal.aborted) peers.leave(endpoint);
        throw refusalOfLedger(error);
      }
    },

    height() {
      return refusing(() => peers.call(({ client }) => heightOf(client.gateway.getNetwork(channel), client)));
    },

    block(number) {
      return refusing(() =>
        peers.call(async (endpoint) => {
          const events = await blocks(endpoint, number, Date.now() + options.evaluateMs);
          try {
            for await (const delivered of events) return readBlock(delivered, chaincode);
          } finally {
            events.close();
          }
          throw new Refusal('ledger-unavailable');
        }),
      );
    },

    close() {
      peers.close();
    },
  };
}

/** Everything that a call throws is a Refusal. */
async function refusing<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (error) {
    throw refusalOfLedger(error);
  }
}

/** The blocks as they come. A peer that does not even send the first one, which it has, is given up after `firstMs`. */
async function* untilAborted(
  events: CloseableAsyncIterable<peer.BlockAndPrivateData>,
  signal: AbortSignal,
  firstMs: number,
  read: (delivered: peer.BlockAndPrivateData) => LedgerBlock,
): AsyncGenerator<LedgerBlock> {
  const close = (): void => {
    events.close();
  };
  const first = setTimeout(close, firstMs);
  signal.addEventListener('abort', close, { once: true });
  try {
    signal.throwIfAborted();
    for await (const delivered of events) {
      clearTimeout(first);
      yield read(delivered);
    }
  } finally {
    clearTimeout(first);
    signal.removeEventListener('abort', close);
    close();
  }
}

/** A status question for a transaction that this process may not have submitted itself, made from its id alone. */
function commitOf({ gateway }: Session, channel: string, transaction: string): Commit {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(gateway.getIdentity().mspId);
  identity.setIdBytes(gateway.getIdentity().credentials);
  const request = new protos.CommitStatusRequest();
  request.setChannelId(channel);
  request.setTransactionId(transaction);
  request.setIdentity(identity.serializeBinary());
  const signed = new protos.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return gateway.newCommit(signed.serializeBinary());
}

/** Public calls carry what they say as an argument, private ones as transient data, which no block ever shows. */
function callOf(
  kind: 'apply' | 'query',
  audience: Audience,
  bytes: Uint8Array,
): { name: string; proposal: Pick<ProposalOptions, 'arguments' | 'transientData'> } {
  const name = FUNCTIONS[audience.contract][kind];
  if (audience.contract === 'registry') return { name, proposal: { arguments: [bytes] } };
  const transient = kind === 'apply' ? TRANSIENT_COMMAND : TRANSIENT_QUERY;
  const parties = audience.contract === 'study' ? [audience.site, audience.sponsor] : [audience.custodian];
  return { name, proposal: { arguments: parties, transientData: { [transient]: bytes } } };
}
