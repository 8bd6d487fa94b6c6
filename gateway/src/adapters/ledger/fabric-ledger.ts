import type { Commit, Contract, Network, Proposal, ProposalOptions } from '@hyperledger/fabric-gateway';
import { gateway as protos, msp } from '@hyperledger/fabric-protos';
import {
  canonicalBytes,
  FUNCTIONS,
  TRANSIENT_COMMAND,
  TRANSIENT_QUERY,
} from '@consent-ledger/chaincode/wire';
import type { Audience, Ledger, Prepared } from '../../ports/ledger.js';
import { Refusal } from '../../usecases/refusal.js';
import { nameOfCode, readBlock } from './blocks.js';
import type { Connection, Session } from './connection.js';
import { heightOf } from './height.js';
import { anotherMayAnswer, isLate, refusalOfLedger } from './failures.js';

export interface FabricLedgerOptions {
  readonly connection: Connection;
  readonly channel: string;
  readonly chaincode: string;
  /** MSP id of this gateway's member. */
  readonly own: string;
  /** MSP ids of the oversight organisations, in the order in which they are asked to endorse. */
  readonly oversight: readonly string[];
}

/** The own peer, through Fabric's own client: what a Fabric peer does and what the embedded ledger does is alike here. */
export function createFabricLedger(options: FabricLedgerOptions): Ledger {
  const { connection, chaincode, own, oversight } = options;
  const network = (session: Session): Network => session.gateway.getNetwork(options.channel);
  const contract = (session: Session): Contract => network(session).getContract(chaincode);
  const client = connection.client;

  return {
    async query(query, audience) {
      const { name, proposal } = callOf('query', audience, canonicalBytes(query));
      try {
        const evaluated = contract(client).newProposal(name, { ...proposal, endorsingOrganizations: [own] });
        return await evaluated.evaluate();
      } catch (error) {
        throw refusalOfLedger(error);
      }
    },

    async prepare(command, audience, as = 'client') {
      const session = as === 'client' ? client : connection.admin;
      if (session === undefined) throw new Refusal('caller-not-allowed');
      const { name, proposal } = callOf('apply', audience, canonicalBytes(command));
      const propose = (endorsers: readonly string[] | undefined): Proposal =>
        contract(session).newProposal(name, {
          ...proposal,
          ...(endorsers === undefined ? {} : { endorsingOrganizations: [...endorsers] }),
        });
      return prepareWithAny(propose, endorsersFor(audience, own, oversight), session);
    },

    async submit({ bytes, signature }) {
      try {
        await client.gateway.newSignedTransaction(bytes, signature).submit();
      } catch (error) {
        throw refusalOfLedger(error);
      }
    },

    async outcome(transaction, milliseconds) {
      try {
        const status = await commitOf(client, options.channel, transaction).getStatus({
          deadline: Date.now() + milliseconds,
        });
        return { valid: status.successful, code: nameOfCode(status.code), block: Number(status.blockNumber) };
      } catch (error) {
        // A peer that has never heard of a transaction waits for it until the deadline.
        if (isLate(error)) return undefined;
        throw refusalOfLedger(error);
      }
    },

    async *follow(from, signal) {
      const events = await network(client).getBlockAndPrivateDataEvents({ startBlock: BigInt(from) });
      const close = (): void => {
        events.close();
      };
      signal.addEventListener('abort', close, { once: true });
      try {
        signal.throwIfAborted();
        for await (const delivered of events) yield readBlock(delivered, chaincode);
      } finally {
        signal.removeEventListener('abort', close);
        close();
      }
    },

    async height() {
      try {
        return await heightOf(network(client), client);
      } catch (error) {
        throw refusalOfLedger(error);
      }
    },

    async block(number) {
      const events = await network(client).getBlockAndPrivateDataEvents({ startBlock: BigInt(number) });
      try {
        for await (const delivered of events) return readBlock(delivered, chaincode);
      } catch (error) {
        throw refusalOfLedger(error);
      } finally {
        events.close();
      }
      throw new Refusal('ledger-unavailable');
    },
  };
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
  return { name, proposal: { arguments: [audience.custodian], transientData: { [transient]: bytes } } };
}

/**
 * Who endorses, in the order in which the choices are tried. Custody: the custodian and one oversight organisation, then
 * the custodian and the next. A withdrawal: the own peer alone. Public state: what the channel's policy asks for.
 */
function endorsersFor(
  audience: Audience,
  own: string,
  oversight: readonly string[],
): readonly (readonly string[] | undefined)[] {
  switch (audience.contract) {
    case 'registry':
      return [undefined];
    case 'custody':
      return oversight.map((organisation) => [audience.custodian, organisation]);
    case 'withdrawal':
      return [[own]];
  }
}

async function prepareWithAny(
  propose: (endorsers: readonly string[] | undefined) => Proposal,
  choices: readonly (readonly string[] | undefined)[],
  session: Session,
): Promise<Prepared> {
  let failure: unknown = new Refusal('ledger-unavailable');
  for (const endorsers of choices) {
    try {
      const endorsed = await propose(endorsers).endorse();
      const signature = await session.signer(endorsed.getDigest());
      return { transaction: endorsed.getTransactionId(), bytes: endorsed.getBytes(), signature };
    } catch (error) {
      failure = error;
      if (!anotherMayAnswer(error)) break;
    }
  }
  throw refusalOfLedger(failure);
}
