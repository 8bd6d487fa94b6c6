import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { custodyCollection, EPOCH_KEY, withdrawalCollection } from '@consent-ledger/chaincode/wire';
import type { LoadedConfiguration } from '@consent-ledger/gateway';
import { openEndpoints } from '@consent-ledger/gateway/internal/adapters/ledger/endpoint';
import { createFabricLedger } from '@consent-ledger/gateway/internal/adapters/ledger/fabric-ledger';
import { wireTransactions } from '@consent-ledger/gateway/internal/composition/transacting';
import { openOutbox } from '@consent-ledger/gateway/internal/adapters/sqlite/outbox';
import { openProjection } from '@consent-ledger/gateway/internal/adapters/sqlite/projection';
import type { Ledger } from '@consent-ledger/gateway/internal/ports/ledger';
import type { LogFields, Logger } from '@consent-ledger/gateway/internal/ports/logger';
import type { Outbox } from '@consent-ledger/gateway/internal/ports/outbox';
import type { Projection } from '@consent-ledger/gateway/internal/ports/projection';
import type { Chain } from '@consent-ledger/gateway/internal/usecases/chain';
import type { Transactions } from '@consent-ledger/gateway/internal/usecases/transactions';
import { transactionIn } from '../ledger/block-view.js';
import { eventually } from './eventually.js';

export interface LogLine extends LogFields {
  readonly event: string;
}

/** That part of a gateway that makes transactions, in this process: no HTTP, no records. */
export interface GatewayCore {
  readonly ledger: Ledger;
  readonly chain: Chain;
  readonly outbox: Outbox;
  readonly projection: Projection;
  readonly transactions: Transactions;
  readonly log: Logger;
  readonly lines: readonly LogLine[];
  /** How often a proposal was made afresh, by reason, and bytes were sent again. */
  readonly counts: { readonly again: Record<string, number>; resent: number };
  /** MSP ids of those whose endorsements a transaction carries, as the block has them. */
  endorsersIn(block: number, transaction: string): Promise<string[]>;
  /** As a process ends that is told to. */
  close(): Promise<void>;
  /** As a process ends that is killed: nothing is written any more. */
  kill(): Promise<void>;
}

/** @param tamper stands between the gateway and its peer, and does what orderers and networks may do */
export async function startGatewayCore(
  { configuration, own }: LoadedConfiguration,
  tamper: (ledger: Ledger) => Ledger = (same) => same,
): Promise<GatewayCore> {
  const { channel, chaincode } = configuration.ledger;
  const { deadlines, members } = configuration;
  mkdirSync(configuration.dataDirectory, { recursive: true });
  const lines: LogLine[] = [];
  const note = (event: string, fields?: LogFields): void => {
    lines.push({ event, ...fields });
  };
  const log: Logger = { info: note, warn: note, error: note };
  const oversight = members.filter(({ kind }) => kind === 'auditor' || kind === 'regulator');
  const isOverseer = oversight.includes(own);
  const custodians = members.filter((one) => one.kind === 'hospital' && (isOverseer || one === own));
  const outbox = openOutbox(join(configuration.dataDirectory, 'outbox.db'));
  const projection = openProjection({
    path: join(configuration.dataDirectory, 'projection.db'),
    chaincode,
    collections: custodians.flatMap(({ mspId }) => [custodyCollection(mspId), withdrawalCollection(mspId)]),
  });
  const endpoints = openEndpoints(own.mspId, configuration.ledger, deadlines);
  const real = createFabricLedger({
    endpoints,
    channel,
    chaincode,
    epochKey: EPOCH_KEY,
    own: own.mspId,
    oversight: oversight.map(({ mspId }) => mspId),
    log,
    endorseMs: deadlines.endorseMs,
    evaluateMs: deadlines.evaluateMs,
  });
  const ledger = tamper(real);
  const counts: GatewayCore['counts'] = { again: {}, resent: 0 };
  const { chain, transactions } = wireTransactions({
    configuration,
    ledger,
    projection,
    outbox,
    log,
    onSettled: () => undefined,
    onProposedAgain: (why) => {
      counts.again[why] = (counts.again[why] ?? 0) + 1;
    },
    onResent: () => {
      counts.resent += 1;
    },
  });
  chain.start();
  transactions.start();
  const kill = async (): Promise<void> => {
    await transactions.stop();
    await chain.stop();
    real.close();
    projection.close();
  };
  await eventually(() => chain.state === 'following' || chain.state === 'failed', 'the chain is followed');
  return {
    ledger,
    chain,
    outbox,
    projection,
    transactions,
    log,
    lines,
    counts,
    endorsersIn: async (block, transaction) => {
      const network = endpoints[0].client.gateway.getNetwork(channel);
      const events = await network.getBlockEvents({ startBlock: BigInt(block) });
      try {
        for await (const found of events) {
          return transactionIn(found, transaction).endorsed.endorsements.map(({ mspId }) => mspId);
        }
      } finally {
        events.close();
      }
      throw new Error('the peer sent no block');
    },
    kill,
    close: async () => {
      await kill();
      outbox.close();
    },
  };
}
