import type { Definitions } from '../lifecycle/definitions.js';
import type { PeerConditions } from '../peers/conditions.js';
import type { JudgedTransaction } from '../validation/validator.js';
import type { Stores } from './committer.js';

const DEFINITION = /^namespaces\/fields\/(.+)\/Sequence$/;
/** Timers do not reach further. */
const LONGEST_MS = 2 ** 31 - 1;

/**
 * Brings private data to peers that went on without it, once they can have it, and to those whose organisation has
 * become a member since [gossip/privdata/reconcile.go, kvledger: ProcessCollsEligibilityEnabled].
 */
export class Reconciliation {
  readonly #stores: Stores;
  readonly #definitions: Definitions;
  readonly #conditions: (mspId: string) => PeerConditions;
  readonly #onFailure: (error: unknown) => void;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #closed = false;

  constructor(
    stores: Stores,
    definitions: Definitions,
    conditions: (mspId: string) => PeerConditions,
    onFailure: (error: unknown) => void,
  ) {
    this.#stores = stores;
    this.#definitions = definitions;
    this.#conditions = conditions;
    this.#onFailure = onFailure;
  }

  /** Looks after what an organisation's peer is missing, now or when its delay is over. */
  schedule(mspId: string): void {
    const { privateDataDelayMs } = this.#conditions(mspId);
    if (this.#closed || privateDataDelayMs === 'never') return;
    if (this.#stores.missing.of(mspId).length === 0) return;
    const timer = setTimeout(
      () => {
        try {
          if (this.#timers.get(mspId) === timer) this.#timers.delete(mspId);
          if (!this.#closed) this.reconcile(mspId);
        } catch (error) {
          this.#onFailure(error);
        }
      },
      Math.min(privateDataDelayMs, LONGEST_MS),
    );
    clearTimeout(this.#timers.get(mspId));
    this.#timers.set(mspId, timer);
  }

  /** Gives a peer what others have of that which it is missing. */
  reconcile(mspId: string): void {
    const { database, missing, privateSets, spaces } = this.#stores;
    const entries = missing.of(mspId);
    if (entries.length === 0) return;
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const entry of entries) {
        const space = spaces.byId(entry.space);
        if (space === undefined || !privateSets.addHolder(space, entry.version, mspId)) continue;
        missing.delete(entry);
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  /** A definition may have made members of organisations that were none: what was written before is for them too. */
  afterBlock(transactions: readonly JudgedTransaction[]): void {
    const chaincodes = transactions
      .filter(({ code }) => code === 0)
      .flatMap(({ namespaces }) => namespaces)
      .flatMap(({ public: { writes } }) => writes.flatMap(({ key }) => DEFINITION.exec(key)?.[1] ?? []));
    const newcomers = new Set(chaincodes.flatMap((chaincode) => this.#missedBy(chaincode)));
    for (const mspId of newcomers) this.schedule(mspId);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  /** Notes what the members of a chaincode's collections do not have; gives who misses something. */
  #missedBy(chaincode: string): string[] {
    const { database, missing, privateSets, spaces } = this.#stores;
    const found: string[] = [];
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const { name, memberMspIds } of this.#definitions.atTip(chaincode)?.collections ?? []) {
        const space = spaces.find(chaincode, name);
        if (space === undefined) continue;
        for (const { version, holders } of privateSets.ofSpace(space)) {
          for (const mspId of memberMspIds) {
            if (holders.has(mspId)) continue;
            missing.write({ space: space.id, version, mspId });
            found.push(mspId);
          }
        }
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
    return found;
  }
}
