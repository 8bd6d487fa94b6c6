import { slip, type SlipClaims } from '@consent-ledger/chaincode/wire';
import type { LedgerQueue, Tried } from '../ports/delivery-queue.js';
import type { Logger } from '../ports/logger.js';
import type { MemberKeys } from '../ports/member-keys.js';
import type { Peers } from '../ports/peers.js';
import type { Projection } from '../ports/projection.js';
import type { Slips, WrittenSlip } from '../ports/slips.js';
import type { CustodyView } from './custody-view.js';
import { DeliveryLoop, fromLedger } from './delivery-loop.js';

export interface SlipDeliveriesOptions {
  readonly custody: CustodyView;
  readonly ledgerId: string;
  readonly projection: Projection;
  readonly slips: Slips;
  readonly queue: LedgerQueue<WrittenSlip>;
  readonly keys: Pick<MemberKeys, 'signSlip'>;
  readonly peers: Peers;
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Hands slips over to the members that they are for. What there is to hand over follows from the projection, and is taken into the
 * queue together with how far the ledger was read; so whatever is on the ledger gets there at least once, from any crash, and
 * when a member's gateway is there again it gets what is newest by then.
 */
export class SlipDeliveries {
  readonly #options: SlipDeliveriesOptions;
  readonly #loop: DeliveryLoop<WrittenSlip & Tried>;

  constructor(options: SlipDeliveriesOptions) {
    this.#options = options;
    const { custody, projection, slips, queue, now, log } = options;
    this.#loop = new DeliveryLoop({
      queue,
      takeIn: fromLedger(projection, queue, (block) => slips.since(custody.custodian, block), now),
      keyOf: ({ key }) => key,
      bring: (slip) => this.#handOver(slip),
      events: { failed: 'slip.not-delivered', interrupted: 'slips.interrupted' },
      fieldsOf: ({ member }) => ({ member }),
      now,
      log,
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** There may be something new: a block was folded. */
  look(): void {
    this.#loop.look();
  }

  /** Lets what is under way end. */
  stop(): Promise<void> {
    return this.#loop.stop();
  }

  async #handOver(slip: WrittenSlip): Promise<void> {
    const { keys, peers } = this.#options;
    const claims = this.#claimsOf(slip);
    if (claims !== undefined) await peers.sendSlip(slip.member, await keys.signSlip(claims));
  }

  /** What the ledger has by now; undefined where it has been purged. */
  #claimsOf({ key, member }: WrittenSlip): SlipClaims | undefined {
    const { custody, ledgerId, projection, now } = this.#options;
    const held = projection.privateValue(custody.collection, key);
    if (held === undefined) return undefined;
    const { consent } = slip.parse(JSON.parse(held.value.toString('utf8')));
    return {
      iss: custody.custodian,
      aud: member,
      ledger: ledgerId,
      iat: Math.floor(now() / 1_000),
      key,
      value: held.value.toString('base64url'),
      ...(custody.get('withdrawn', consent) === undefined ? {} : { note: 'withdrawn' }),
    };
  }
}
