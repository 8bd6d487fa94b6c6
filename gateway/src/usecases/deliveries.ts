import { randomBytes } from 'node:crypto';
import { accessEvent, MAX_DELIVERIES, receiptClaims, verifyReceipt } from '@consent-ledger/chaincode/wire';
import type { Projection } from '../ports/projection.js';
import { Batcher } from './batcher.js';
import type { CustodyView } from './custody-view.js';
import type { Members } from './members.js';
import { outsideRuns } from './idempotent-run.js';
import { Refusal } from './refusal.js';
import type { Committed, Transactions } from './transactions.js';

export interface DeliveriesOptions {
  readonly custody: CustodyView;
  readonly ledgerId: string;
  readonly members: Members;
  readonly projection: Projection;
  readonly transactions: Transactions;
}

interface Receipt {
  readonly event: string;
  readonly receipt: string;
}

/** Nobody waits for a delivery to be logged, so they may wait for each other. */
const WAIT_MS = 50;
const WAITING = 10_000;

/** Logs what requesters say that they received, many receipts in one transaction. */
export class Deliveries {
  readonly #options: DeliveriesOptions;
  readonly #batcher: Batcher<Receipt, Committed>;

  constructor(options: DeliveriesOptions) {
    this.#options = options;
    this.#batcher = new Batcher({
      size: MAX_DELIVERIES,
      waitMs: WAIT_MS,
      inFlight: 2,
      waiting: WAITING,
      overflow: () => new Refusal('too-many-requests'),
      run: (receipts) => this.#run(receipts),
    });
  }

  /** Throws a Refusal: `event-unknown`; `receipt-refused` unless it is the requester's own, for the event of that request. */
  async log(receipt: string, claimed: unknown, jti: string): Promise<Committed> {
    const { custody, ledgerId, members, projection } = this.#options;
    const claims = receiptClaims.safeParse(claimed);
    if (!claims.success) throw new Refusal('receipt-refused');
    const entry = projection.event(custody.collection, claims.data.event);
    if (entry === undefined) throw new Refusal('event-unknown');
    const event = accessEvent.parse(JSON.parse(entry.value.toString('utf8')));
    const requester = members.registered(event.requester);
    if (event.jti !== jti || requester === undefined) throw new Refusal('receipt-refused');
    const expected = { ledgerId, custodian: custody.custodian, event: entry.key, requester };
    const permitted = event.records.filter(({ outcome }) => outcome === 'permit').map(({ record }) => record);
    const isWithin = claims.data.records.every(({ record }) => permitted.includes(record));
    if (!isWithin || verifyReceipt(receipt, expected) === undefined) throw new Refusal('receipt-refused');
    // The same receipt again changes nothing.
    const isKnown = claims.data.records.every(({ record }) => entry.delivered.includes(record));
    return isKnown ? entry : this.#batcher.add({ event: entry.key, receipt });
  }

  async #run(receipts: readonly Receipt[]): Promise<readonly Committed[]> {
    const { custody, transactions } = this.#options;
    const command = {
      v: 1,
      command: 'record-deliveries',
      salt: randomBytes(32).toString('base64url'),
      deliveries: receipts.map(({ event, receipt }) => ({ event, receipt })),
    } as const;
    const committed = await outsideRuns(() =>
      transactions.run(
        { ...command, deliveries: [...command.deliveries] },
        { contract: 'custody', custodian: custody.custodian },
      ),
    );
    return receipts.map(() => committed);
  }
}
