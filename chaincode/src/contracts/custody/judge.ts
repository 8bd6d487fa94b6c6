import type { OpenCustody, PublicState } from '../../state/index.js';
import type { AuthenticRequest, RefusedRequest } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import { checkRequestObject, parseRequestObject } from '../../wire/verify-request.js';
import type { Call } from '../call.js';

/** An authentic request that has no event yet, with the text that was sent and the key of the event to be. */
export interface JudgedRequest {
  readonly kind: 'judged';
  readonly text: string;
  readonly request: AuthenticRequest;
  readonly eventKey: string;
}

export type Verdict = JudgedRequest | ({ readonly kind: 'refused' } & RefusedRequest);

/** Judges one request by itself: what is wrong with it changes nothing for another. */
export type Judge = (text: string) => Promise<Verdict>;

/**
 * Verifies requests and looks for their events. The exact key is read before anything is written under it, so
 * that the same request, whether on the ledger or earlier in this transaction, makes one event at most.
 *
 * @throws Refusal `ledger-not-founded`
 */
export async function judgeOf({ at, publicState }: Call, { custody, values }: OpenCustody): Promise<Judge> {
  const ledger = await publicState.ledger();
  if (ledger === undefined) throw new Refusal('ledger-not-founded');
  const seen = new Set<string>();

  return async (text) => {
    const request = await verify(text, publicState, {
      ledgerId: ledger.id,
      custodian: custody.custodian,
      at,
    });
    if (request.kind === 'refused') return request;
    const { iss, jti } = request.claims;
    const eventKey = values.key('event', iss, jti);
    const isReplay = seen.has(eventKey) || (await values.bytesAt(eventKey)).length > 0;
    seen.add(eventKey);
    return isReplay
      ? { kind: 'refused', request: request.digest, code: 'request-replayed' }
      : { kind: 'judged', text, request, eventKey };
  };
}

async function verify(
  text: string,
  publicState: PublicState,
  expected: { readonly ledgerId: string; readonly custodian: string; readonly at: number },
): Promise<AuthenticRequest | Extract<Verdict, { kind: 'refused' }>> {
  const parsed = parseRequestObject(text);
  if (parsed.kind === 'refused') return { kind: 'refused', request: parsed.digest, code: parsed.code };
  const requester = await publicState.member(parsed.claims.iss);
  const checked = checkRequestObject(parsed, { ...expected, members: () => requester });
  return checked.kind === 'refused'
    ? { kind: 'refused', request: checked.digest, code: checked.code }
    : checked;
}
