import type { JournalKeys, ListingAnswer, MatchAnswer, MatchBody } from '@consent-ledger/chaincode/wire/http';
import type { ReleaseFrame } from '../release/frames.js';

/** The gateways of other members, each known by its address and the one CA that may vouch for it. */
export interface Peers {
  /**
   * Sends a request object to a custodian. Throws a Refusal: the custodian's own where it refused the request;
   * `custodian-unavailable` where it did not answer in time, or not as it should.
   */
  requestRelease(custodian: string, request: string, signal: AbortSignal): AsyncIterable<ReleaseFrame>;
  /** Sends request objects for a study's participants, all of which are answered in one stream. Throws a Refusal as above. */
  requestCohort(
    custodian: string,
    requests: readonly string[],
    signal: AbortSignal,
  ): AsyncIterable<ReleaseFrame>;
  /** Sends a signed search; what comes back is not yet witnessed. Throws a Refusal as above. */
  requestListing(custodian: string, request: string, signal: AbortSignal): Promise<ListingAnswer>;
  /** Asks whom somebody's demographics mean; what comes back is not yet witnessed. Throws a Refusal as above. */
  requestMatch(custodian: string, body: MatchBody, signal: AbortSignal): Promise<MatchAnswer>;
  /** Sends a request object for an emergency without the ledger; the stream ends with the custodian's entry. Throws a Refusal as above. */
  requestByJournal(custodian: string, request: string, signal: AbortSignal): AsyncIterable<ReleaseFrame>;
  /** Sends the own entry, and gets the keys that it is good for: none where it comes late or again. Throws a Refusal as above. */
  sendJournalEntry(custodian: string, jti: string, entry: string, signal: AbortSignal): Promise<JournalKeys>;
  sendReceipt(custodian: string, jti: string, receipt: string): Promise<void>;
  /** Hands a signed slip over; rejects unless the member says that it has it. */
  sendSlip(member: string, slip: string): Promise<void>;
}
