import type { Proposal } from '@hyperledger/fabric-gateway';
import type { Audience } from '../../ports/ledger.js';
import type { Logger } from '../../ports/logger.js';
import { delay } from '../../usecases/delay.js';
import { Refusal } from '../../usecases/refusal.js';
import type { Endpoint } from './endpoint.js';
import type { Choice, Endorsers } from './endorsers.js';
import { endorsementFailure } from './failures.js';
import type { OwnPeers } from './own-peers.js';

export interface EndorsingOptions {
  readonly peers: OwnPeers;
  readonly endorsers: Endorsers;
  /** MSP id of this gateway's member. */
  readonly own: string;
  readonly log: Logger;
  /** For all choices together, milliseconds. */
  readonly endorseMs: number;
}

type EndorsedTransaction = Awaited<ReturnType<Proposal['endorse']>>;

/** What the endorsers made of a proposal, with the peer that it was proposed at. */
export interface Collected {
  readonly transaction: EndorsedTransaction;
  readonly choice: Choice;
  readonly endpoint: Endpoint;
}

/** The least that a choice gets of the time where many share it, unless that were more than half. */
const LEAST_MS = 5_000;
/** How often all in all somebody is asked where it is a matter of chance, and after which pause. */
const MOST_TRIES = 10;
const CHANCE_MS = 100;

/** One choice of endorsers after the other until one has endorsed. Throws a Refusal. */
export async function collectEndorsements(
  propose: (endpoint: Endpoint, choice: Choice) => Proposal,
  choices: readonly Choice[],
  avoid: readonly string[],
  { peers, endorsers, own, log, endorseMs }: EndorsingOptions,
): Promise<Collected> {
  const end = Date.now() + endorseMs;
  const share = Math.max(endorseMs / choices.length, Math.min(LEAST_MS, endorseMs / 2));
  let blamed: ReadonlySet<string> = new Set();
  let refusal = new Refusal('ledger-unavailable');
  const queue = endorsers.inOrder(choices, avoid);
  // It grows where another try may do.
  for (const choice of queue) {
    const deadline = Math.min(end, Date.now() + share);
    // Who is known to be down stays so in another company.
    if (deadline <= Date.now() || choice?.some((mspId) => blamed.has(mspId)) === true) continue;
    try {
      const collected = await peers.call(async (endpoint) => {
        const transaction = await propose(endpoint, choice).endorse({ deadline });
        return { transaction, choice, endpoint };
      });
      endorsers.answered(choice);
      return collected;
    } catch (error) {
      const failure = endorsementFailure(error, own, choice);
      ({ refusal } = failure);
      if (failure.isFinal) break;
      log.warn('ledger.not-endorsed', { code: refusal.code, error: refusal });
      ({ blamed } = failure);
      if (!failure.isChance) endorsers.failed(choice);
      else if (queue.length < MOST_TRIES) {
        queue.push(choice);
        await delay(CHANCE_MS);
      }
    }
  }
  throw refusal;
}

/**
 * Who endorses, in the order in which the choices are tried. Custody: the custodian and one oversight organisation, then
 * the custodian and the next; a study: likewise its site. A withdrawal: the own peer alone, then any one of the others that hold it. Public state: what the
 * channel's policy asks for.
 */
export function endorsersFor(
  audience: Audience,
  own: string,
  oversight: readonly string[],
): readonly Choice[] {
  switch (audience.contract) {
    case 'registry':
      return [undefined];
    case 'custody':
      return oversight.map((organisation) => [audience.custodian, organisation]);
    case 'study':
      return oversight.map((organisation) => [audience.site, organisation]);
    case 'withdrawal': {
      const others = [audience.custodian, ...oversight].filter((mspId) => mspId !== own);
      return [[own], ...others.map((mspId) => [mspId])];
    }
  }
}
