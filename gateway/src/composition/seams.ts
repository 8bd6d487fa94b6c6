import type { KeyVault } from '../ports/key-vault.js';
import type { Journal } from '../ports/journal.js';
import type { Ledger } from '../ports/ledger.js';
import type { Outbox } from '../ports/outbox.js';
import type { Peers } from '../ports/peers.js';
import type { RecordStore } from '../ports/record-store.js';
import type { Spool } from '../ports/spool.js';

type Between<Port> = (port: Port) => Port;

/**
 * Where something may stand between a gateway and one of its adapters: what writes, sends and commits. Fault tests put there what
 * ends the process, fails, lies or comes late; without them nothing stands there.
 */
export interface Seams {
  readonly journal: Between<Journal>;
  readonly ledger: Between<Ledger>;
  readonly outbox: Between<Outbox>;
  readonly peers: Between<Peers>;
  readonly records: Between<RecordStore>;
  readonly spool: Between<Spool>;
  readonly vault: Between<KeyVault>;
  /** Epoch milliseconds, of a clock that may be wrong. */
  readonly now: () => number;
}

function same<Port>(port: Port): Port {
  return port;
}

export const NO_SEAMS: Seams = {
  journal: same,
  ledger: same,
  outbox: same,
  peers: same,
  records: same,
  spool: same,
  vault: same,
  now: () => Date.now(),
};
