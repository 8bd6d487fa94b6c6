import type { EventRecord } from '@consent-ledger/chaincode/wire';
import type { AcceptedRequest } from '../usecases/decisions.js';

/** What a decision of a request would be at this moment; logs nothing. */
export interface Looks {
  /** One entry for each record of the request, in its order. Throws a Refusal. */
  look(request: AcceptedRequest): Promise<readonly EventRecord[]>;
}
