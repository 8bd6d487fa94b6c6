import { openSlipQueue } from '../adapters/sqlite/slip-queue.js';
import { openSlipStore } from '../adapters/sqlite/slip-store.js';
import type { Handlers } from '../http/handlers.js';
import { slipHandlers } from '../http/operations/slips.js';
import type { Peers } from '../ports/peers.js';
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
    const queue = closers.add(openSlipQueue(inData('slip-queue.db')));
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
