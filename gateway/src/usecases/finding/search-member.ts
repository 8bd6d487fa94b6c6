import { accessEvent, type AccessEvent } from '@consent-ledger/chaincode/wire';
import type { ListingAnswer, SearchAnswered } from '@consent-ledger/chaincode/wire/http';
import type { MemberKeys } from '../../ports/member-keys.js';
import type { Peers } from '../../ports/peers.js';
import type { User } from '../../ports/token-verifier.js';
import type { Chain } from '../chain.js';
import { witness } from '../receive-release.js';
import { Refusal } from '../refusal.js';
import type { Asked, RequestSigner } from '../request-object.js';

export interface SearchOptions {
  readonly chain: Pick<Chain, 'requireReach' | 'reached' | 'writtenHash'>;
  readonly keys: MemberKeys;
  readonly peers: Peers;
  readonly signer: RequestSigner;
  readonly releaseMs: number;
  readonly eventMs: number;
}

/**
 * Looks for records at another member, and tells what it answers only when the own peer has the event that says so. Throws a
 * Refusal: the custodian's own, `custodian-unavailable`, `release-broken`, `event-pending`.
 */
export async function searchMember(
  asked: Asked,
  custodian: string,
  user: User,
  signal: AbortSignal,
  { chain, eventMs, keys, peers, releaseMs, signer }: SearchOptions,
): Promise<SearchAnswered> {
  // Without the own peer nothing that comes could be told.
  chain.requireReach();
  const sent = await signer.sign(asked, user);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(releaseMs)]);
  const answer = await peers.requestListing(asked.custodian, sent.text, deadline);
  const event = await witness(answer, sent, { chain, eventMs, keys });
  return answeredOf(answer, event, custodian);
}

/** What the own house answers needs no witness: it comes from the own peer. */
export function answeredByOwn(answer: ListingAnswer, custodian: string): SearchAnswered {
  const value = Buffer.from(answer.event.value, 'base64url').toString('utf8');
  return answeredOf(answer, accessEvent.parse(JSON.parse(value)), custodian);
}

/** Only what the event permits, in the version that it permits; a custodian that tells more is not believed. */
function answeredOf(
  { event: { key, transaction, block }, records, next }: ListingAnswer,
  event: AccessEvent,
  custodian: string,
): SearchAnswered {
  return {
    event: key,
    custodian,
    transaction,
    block,
    records: records.map((listed) => {
      const logged = event.records.find(({ record }) => record === listed.record);
      if (logged?.outcome !== 'permit' || logged.version !== listed.version)
        throw new Refusal('release-broken');
      return { ...listed, obligations: logged.obligations };
    }),
    ...(next === undefined ? {} : { next }),
  };
}
