import type { Handlers } from '../http/handlers.js';
import { erasingHandlers } from '../http/operations/erasures.js';
import { Erasing, type ErasingOptions } from '../usecases/erasing.js';
import type { Closers } from './closers.js';
import type { Foundation } from './foundation.js';

/** The end of all that is kept of a subject, at a custodian. */
export function buildErasing(
  own: Pick<ErasingOptions, 'custody' | 'keys' | 'records' | 'notifications'>,
  { chain, erasures, log, members, projection, studies, transactions }: Foundation,
  closers: Closers,
): {
  readonly handlers: Handlers;
  /** Erasures that are still to be done to the end. */
  readonly open: () => number;
  /** To be done before the gateway takes calls. */
  readonly settle: () => Promise<void>;
} {
  const erasing = new Erasing({ ...own, erasures, log, members, projection, studies, transactions });
  chain.onFolded((block) => {
    erasing.look(block);
  });
  closers.addStop(() => erasing.stop());
  return {
    handlers: erasingHandlers(erasing),
    open: () => erasing.open,
    settle: async () => {
      await erasing.settle();
      erasing.start();
    },
  };
}
