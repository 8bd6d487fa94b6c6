import { IDEAL, type PeerConditions } from './conditions.js';
import type { PeerLedger } from './peer-ledger.js';

/** The organisations' views of the ledger, made when they are first asked for. */
export class PeerLedgers {
  readonly #peers = new Map<string, PeerLedger>();

  of(mspId: string, make: () => PeerLedger): PeerLedger {
    let peer = this.#peers.get(mspId);
    if (peer === undefined) {
      peer = make();
      this.#peers.set(mspId, peer);
    }
    return peer;
  }

  all(): Iterable<PeerLedger> {
    return this.#peers.values();
  }

  conditionsOf(mspId: string): PeerConditions {
    return this.#peers.get(mspId)?.conditions ?? IDEAL;
  }
}
