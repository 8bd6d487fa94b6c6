import { slip, type SlipClaims } from '@consent-ledger/chaincode/wire';
import type { Logger } from '../ports/logger.js';
import type { MemberKeys } from '../ports/member-keys.js';
import type { Peers } from '../ports/peers.js';
import type { Projection } from '../ports/projection.js';
import type { SlipQueue, WaitingSlip } from '../ports/slip-queue.js';
import type { Slips, WrittenSlip } from '../ports/slips.js';
import type { CustodyView } from './custody-view.js';
import { DeliveryLoop } from './delivery-loop.js';

export interface SlipDeliveriesOptions {
  readonly custody: CustodyView;
  readonly ledgerId: string;
  readonly projection: Projection;
  readonly slips: Slips;
  readonly queue: SlipQueue;
  readonly keys: Pick<MemberKeys, 'signSlip'>;
  readonly peers: Peers;
  readonly now: () => number;
  readonly log: Logger;
}

const RETRY_MS = 1_000;
const MOST_RETRY_MS = 600_000;

/**
 * Hands slips over to the members that they are for. What there is to hand over follows from the projection, and is taken into the
 * queue together with how far the ledger was read; so whatever is on the ledger gets there at least once, from any crash, and
 * when a member's gateway is there again it gets what is newest by then.
 */
export class SlipDeliveries {
  readonly #options: SlipDeliveriesOptions;
  readonly #loop: DeliveryLoop<WrittenSlip, WaitingSlip>;

  constructor(options: SlipDeliveriesOptions) {
    this.#options = options;
    const { custody, projection, slips, queue, now, log } = options;
    this.#loop = new DeliveryLoop({
      projection,
      queue,
      since: (block) => slips.since(custody.custodian, block),
      attempt: (slip) => this.#try(slip),
      interrupted: 'slips.interrupted',
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

  async #try(waiting: WaitingSlip): Promise<void> {
    const { queue, keys, peers, now, log } = this.#options;
    try {
      const claims = this.#claimsOf(waiting);
      if (claims !== undefined) await peers.sendSlip(waiting.member, await keys.signSlip(claims));
      queue.settle(waiting);
    } catch (error) {
      log.warn('slip.not-delivered', { member: waiting.member, attempt: waiting.attempts + 1, error });
      queue.retry(waiting, now() + Math.min(RETRY_MS * 2 ** waiting.attempts, MOST_RETRY_MS));
    }
  }

  /** What the ledger has by now; undefined where it has been purged. */
  #claimsOf({ key, member }: WaitingSlip): SlipClaims | undefined {
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
