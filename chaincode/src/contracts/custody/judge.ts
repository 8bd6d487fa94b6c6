import type { OpenCustody, PublicState } from '../../state/index.js';
import {
  all,
  Refusal,
  checkRequestObject,
  parseRequestObject,
  type AuthenticRequest,
  type Member,
  type ParsedRequest,
  type RefusedRequest,
  type RefusedRequestObject,
} from '../../wire/index.js';
import type { Call } from '../call.js';

/** An authentic request with the text that was sent and the key that its event has. */
export interface Judged {
  readonly text: string;
  readonly request: AuthenticRequest;
  readonly eventKey: string;
  /** Whether the event is on the ledger already. */
  readonly logged: boolean;
}

/** Each request as it was sent, judged by itself: what is wrong with one changes nothing for another. */
export type Verdict = Judged | RefusedRequest;

export function isRefused(verdict: Verdict): verdict is RefusedRequest {
  return 'code' in verdict;
}

export function isJudged(verdict: Verdict): verdict is Judged {
  return !isRefused(verdict);
}

/**
 * Verifies every request and looks for its event. The exact key is read before anything is written under it,
 * so that the same request can make one event at most, ever.
 */
export async function judgeRequests(
  { at, publicState }: Call,
  { custody, values }: OpenCustody,
  texts: readonly string[],
): Promise<Verdict[]> {
  const ledger = await publicState.ledger();
  if (ledger === undefined) throw new Refusal('ledger-not-founded');
  const parsed = texts.map(parseRequestObject);
  const members = await readMembers(publicState, parsed);
  const expectations = {
    ledgerId: ledger.id,
    custodian: custody.custodian,
    members: (mspId: string) => members.get(mspId),
    at,
  };

  const verdicts = texts.map(async (text, index): Promise<Verdict> => {
    const one = parsed[index];
    const request = one?.kind === 'parsed' ? checkRequestObject(one, expectations) : one;
    if (request?.kind !== 'authentic') return refusal(request);
    const eventKey = values.key('event', request.claims.iss, request.claims.jti);
    const logged = (await values.bytesAt(eventKey)).length > 0;
    return { text, request, eventKey, logged };
  });
  return all(verdicts);
}

function refusal(refused: RefusedRequestObject | undefined): RefusedRequest {
  if (refused === undefined) throw new Error('Every request has been parsed.');
  return { request: refused.digest, code: refused.code };
}

async function readMembers(
  publicState: PublicState,
  parsed: readonly (ParsedRequest | RefusedRequestObject)[],
): Promise<ReadonlyMap<string, Member>> {
  const mspIds = new Set(parsed.flatMap((one) => (one.kind === 'parsed' ? [one.claims.iss] : [])));
  const members = new Map<string, Member>();
  for (const mspId of mspIds) {
    const member = await publicState.member(mspId);
    if (member !== undefined) members.set(mspId, member);
  }
  return members;
}
