import { openLedgerQueue } from '../adapters/sqlite/ledger-queue.js';
import { openSlipStore } from '../adapters/sqlite/slip-store.js';
import type { Handlers } from '../http/handlers.js';
import { slipHandlers } from '../http/operations/slips.js';
import type { Peers } from '../ports/peers.js';
import type { WrittenSlip } from '../ports/slips.js';
import type { CustodyView } from '../usecases/custody-view.js';
import { ReceivedSlips } from '../usecases/received-slips.js';
import { SlipDeliveries } from '../usecases/slip-deliveries.js';
import type { Closers } from './closers.js';
import type { Foundation } from './foundation.js';

/** The slips that this member is handed; at a custodian, also those that it hands over. */
export function buildSlips(
  own: CustodyView | undefined,
  peers: Peers,
  foundation: Foundation,
  closers: Closers,
): Handlers {
  const { chain, configuration, inData, ledger, log, memberKeys, members, now, projection } = foundation;
  const ledgerId = configuration.ledger.id;
  const store = closers.add(openSlipStore(inData('slips.db')));
  const received = new ReceivedSlips({ ledgerId, members, ledger, store, now, log });
  chain.onFolded((block) => {
    received.look(block);
  });
  const sweeping = new AbortController();
  let swept: Promise<void> | undefined;
  chain.onFolded(() => {
    swept ??= received.sweep(sweeping.signal);
  });
  closers.addStop(async () => {
    sweeping.abort();
    await swept;
  });
  if (own !== undefined) {
    const layout = { table: 'delivery', key: ['key'], beside: ['member'] } as const;
    const queue = closers.add(openLedgerQueue<WrittenSlip>(inData('slip-queue.db'), layout));
    const deliveries = new SlipDeliveries({
      custody: own,
      ledgerId,
      projection,
      slips: foundation.slips,
      queue,
      keys: memberKeys,
      peers,
      now,
      log,
    });
    chain.onFolded(() => {
      deliveries.look();
    });
    deliveries.start();
    closers.addStop(() => deliveries.stop());
  }
  return slipHandlers(received);
}
