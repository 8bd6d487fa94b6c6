import { randomBytes } from 'node:crypto';
import type { common } from '@hyperledger/fabric-protos';
import { transactionIn, transactionsOf, type EndorsedView, type TransactionInBlock } from './block-view.js';
import { RawGateway } from './calls.js';
import { blocksBetween, type Position } from './deliver.js';
import type { LedgerIdentity } from './identity.js';
import { PROBE_FUNCTION, type ProbeOperation } from './probe-chaincode/operations.js';
import { ProbeClient, type Committed } from './probe-client.js';
import { makeProposal, type HandMadeProposal, type ProposalInput } from './proposal.js';
import type { LedgerOrganisation, RunningLedger } from './target.js';

export type EndorsedTransaction = TransactionInBlock & { readonly endorsed: EndorsedView };

/** What a test works with: the running ledger, its four organisations, and clients that are opened once. */
export interface Bench {
  readonly ledger: RunningLedger;
  readonly a: LedgerOrganisation;
  readonly b: LedgerOrganisation;
  readonly c: LedgerOrganisation;
  readonly d: LedgerOrganisation;
  /** A client of the peer of `organisation` (a unless told otherwise), by default as its own user. */
  readonly client: (organisation?: LedgerOrganisation, identity?: LedgerIdentity) => ProbeClient;
  /** The same peer's services, without a client library. */
  readonly raw: (organisation?: LedgerOrganisation) => RawGateway;
  /** A hand-made proposal to the probe, by default of a's user. */
  readonly proposal: (
    operations: readonly ProbeOperation[],
    input?: Partial<Omit<ProposalInput, 'args'>>,
  ) => HandMadeProposal;
  /** A key that no other test uses. */
  readonly key: (hint?: string) => string;
  readonly mspIds: (...organisations: LedgerOrganisation[]) => string[];
  readonly block: (blockNumber: number, organisation?: LedgerOrganisation) => Promise<common.Block>;
  /** Number of blocks that the organisation's peer has. */
  readonly height: (organisation?: LedgerOrganisation) => Promise<number>;
  readonly transaction: (committed: Pick<Committed, 'txId' | 'block'>) => Promise<EndorsedTransaction>;
  /** Validation codes of the transactions of that id in a block. */
  readonly codes: (blockNumber: number, txId: string) => Promise<number[]>;
  readonly close: () => void;
}

export function openBench(ledger: RunningLedger): Bench {
  const [a, b, c, d] = ledger.organisations;
  if (a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new Error('the suite needs four organisations');
  }
  const clients = new Map<string, ProbeClient>();
  const gateways = new Map<string, RawGateway>();

  const raw = (organisation = a): RawGateway =>
    cached(gateways, organisation.mspId, () => new RawGateway(organisation));

  const blockAt = async (at: Position, organisation: LedgerOrganisation): Promise<common.Block> => {
    const [block] = await blocksBetween(raw(organisation), {
      identity: organisation.client,
      channel: ledger.channel,
      start: at,
      stop: at,
    });
    if (block === undefined) {
      throw new Error(`${organisation.mspId} delivered nothing for block ${at}`);
    }
    return block;
  };

  return {
    ledger,
    a,
    b,
    c,
    d,
    raw,
    client: (organisation = a, identity = organisation.client) =>
      cached(
        clients,
        `${organisation.mspId}/${identity.certificate}`,
        () => new ProbeClient(ledger, organisation, identity),
      ),
    proposal: (operations, input = {}) =>
      makeProposal({
        identity: a.client,
        channel: ledger.channel,
        chaincode: ledger.chaincode,
        args: [PROBE_FUNCTION, JSON.stringify(operations)],
        ...input,
      }),
    key: (hint = 'key') => `${hint}-${randomBytes(6).toString('hex')}`,
    mspIds: (...organisations) => organisations.map(({ mspId }) => mspId),
    block: (blockNumber, organisation = a) => blockAt(blockNumber, organisation),
    height: async (organisation = a) =>
      ((await blockAt('newest', organisation)).getHeader()?.getNumber() ?? -1) + 1,
    codes: async (blockNumber, txId) =>
      transactionsOf(await blockAt(blockNumber, a))
        .filter((each) => each.txId === txId)
        .map(({ code }) => code),
    transaction: async ({ txId, block }) => transactionIn(await blockAt(block, a), txId),
    close: () => {
      for (const client of [...clients.values(), ...gateways.values()]) {
        client.close();
      }
    },
  };
}

function cached<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const found = cache.get(key) ?? make();
  cache.set(key, found);
  return found;
}
