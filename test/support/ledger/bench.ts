import { randomBytes } from 'node:crypto';
import type { common } from '@hyperledger/fabric-protos';
import { transactionIn, type EndorsedView, type TransactionInBlock } from './block-view.js';
import { RawGateway } from './calls.js';
import { blocksBetween } from './deliver.js';
import type { LedgerIdentity } from './identity.js';
import { ProbeClient, type Committed } from './probe-client.js';
import { PROBE_FUNCTION, type ProbeOperation } from './probe-chaincode/operations.js';
import { makeProposal, type HandMadeProposal, type ProposalInput } from './proposal.js';
import type { LedgerOrganisation, RunningLedger } from './target.js';

/** What a test works with: the running ledger, and clients of it that are opened once. */
export class Bench {
  readonly #clients = new Map<string, ProbeClient>();
  readonly #gateways = new Map<string, RawGateway>();
  readonly a: LedgerOrganisation;
  readonly b: LedgerOrganisation;
  readonly c: LedgerOrganisation;
  readonly d: LedgerOrganisation;

  constructor(readonly ledger: RunningLedger) {
    const [a, b, c, d] = ledger.organisations;
    if (a === undefined || b === undefined || c === undefined || d === undefined) {
      throw new Error('the suite needs four organisations');
    }
    this.a = a;
    this.b = b;
    this.c = c;
    this.d = d;
  }

  /** A client of the gateway of `organisation`, by default as that organisation's own user. */
  client(
    organisation: LedgerOrganisation = this.a,
    identity: LedgerIdentity = organisation.client,
  ): ProbeClient {
    return cached(
      this.#clients,
      `${organisation.mspId}/${identity.certificate}`,
      () => new ProbeClient(this.ledger, organisation, identity),
    );
  }

  raw(organisation: LedgerOrganisation = this.a): RawGateway {
    return cached(this.#gateways, organisation.mspId, () => new RawGateway(organisation));
  }

  /** A hand-made proposal to the probe, by default of a's user. */
  proposal(
    operations: readonly ProbeOperation[],
    input: Partial<Omit<ProposalInput, 'args'>> = {},
  ): HandMadeProposal {
    return makeProposal({
      identity: this.a.client,
      channel: this.ledger.channel,
      chaincode: this.ledger.chaincode,
      args: [PROBE_FUNCTION, JSON.stringify(operations)],
      ...input,
    });
  }

  /** A key that no other test uses. */
  key(hint = 'key'): string {
    return `${hint}-${randomBytes(6).toString('hex')}`;
  }

  mspIds(...organisations: LedgerOrganisation[]): string[] {
    return organisations.map(({ mspId }) => mspId);
  }

  async block(blockNumber: number, organisation: LedgerOrganisation = this.a): Promise<common.Block> {
    const [block] = await blocksBetween(this.raw(organisation), {
      identity: organisation.client,
      channel: this.ledger.channel,
      start: blockNumber,
      stop: blockNumber,
    });
    if (block === undefined) {
      throw new Error(`${organisation.mspId} delivered nothing for block ${blockNumber}`);
    }
    return block;
  }

  async height(organisation: LedgerOrganisation = this.a): Promise<number> {
    const [newest] = await blocksBetween(this.raw(organisation), {
      identity: organisation.client,
      channel: this.ledger.channel,
      start: 'newest',
      stop: 'newest',
    });
    return (newest?.getHeader()?.getNumber() ?? -1) + 1;
  }

  async transaction({ txId, block }: Committed): Promise<TransactionInBlock & { endorsed: EndorsedView }> {
    return transactionIn(await this.block(block), txId);
  }

  close(): void {
    for (const client of [...this.#clients.values(), ...this.#gateways.values()]) {
      client.close();
    }
  }
}

function cached<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const found = cache.get(key) ?? make();
  cache.set(key, found);
  return found;
}
