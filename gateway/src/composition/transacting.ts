import { EPOCH_KEY } from '@consent-ledger/chaincode/wire';
import type { Configuration } from '../config/schema.js';
import type { Ledger } from '../ports/ledger.js';
import type { Logger } from '../ports/logger.js';
import type { Outbox } from '../ports/outbox.js';
import type { Projection } from '../ports/projection.js';
import { Chain } from '../usecases/chain.js';
import { compareWithAgreed } from '../usecases/set-up.js';
import { Transactions, type TransactionsOptions } from '../usecases/transactions.js';

export interface TransactingOptions extends Pick<
  TransactionsOptions,
  'onSettled' | 'onProposedAgain' | 'onResent'
> {
  readonly configuration: Configuration;
  readonly ledger: Ledger;
  readonly projection: Projection;
  readonly outbox: Outbox;
  readonly log: Logger;
}

/** What follows the ledger and what writes to it: the one tells the other what became of its transactions. */
export function wireTransactions({ configuration, ...parts }: TransactingOptions): {
  chain: Chain;
  transactions: Transactions;
} {
  const { ledger, projection, outbox, log } = parts;
  const chain: Chain = new Chain({
    ledger,
    projection,
    outbox,
    log,
    chaincode: configuration.ledger.chaincode,
    epochKey: EPOCH_KEY,
    wrong: () => {
      const compared = compareWithAgreed(configuration, projection);
      return compared instanceof Error ? compared : undefined;
    },
    onSettled: (transaction) => {
      transactions.settled(transaction);
    },
  });
  const transactions = new Transactions({
    ...parts,
    chain,
    commitMs: configuration.deadlines.commitMs,
    epochSeconds: configuration.ledger.epochSeconds,
    now: () => Date.now(),
  });
  return { chain, transactions };
}
