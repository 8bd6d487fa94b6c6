import type { OpenCustody, PublicState } from '../../state/index.js';
import type { AuthenticRequest, CommandOf, RefusedRequest } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import {
  checkRequestObject,
  parseRequestObject,
  withFound,
  type RequestExpectations,
} from '../../wire/verify-request.js';
import type { Call } from '../call.js';

/** An authentic request that has no event yet, with the text that was sent and the key of the event to be. */
export interface JudgedRequest {
  readonly kind: 'judged';
  readonly text: string;
  readonly request: AuthenticRequest;
  readonly eventKey: string;
}

export type Verdict = JudgedRequest | ({ readonly kind: 'refused' } & RefusedRequest);

/**
 * Verifies requests and looks for their events. What is wrong with one changes nothing for another. The exact
 * key is read before anything is written under it, so that the same request, whether on the ledger or earlier
 * in this transaction, makes one event at most.
 *
 * @returns a verdict on each, in their order; the descriptors of what is asked for are read ahead
 * @throws Refusal `ledger-not-founded`
 */
export async function judge(
  { at, publicState }: Call,
  { custody, values }: OpenCustody,
  { requests: texts, found = [] }: Pick<CommandOf<'decide'>, 'requests' | 'found'>,
): Promise<Verdict[]> {
  const ledger = await publicState.ledger();
  if (ledger === undefined) throw new Refusal('ledger-not-founded');
  const { custodian, policy } = custody;
  const expected = { ledgerId: ledger.id, custodian, purposeSystems: policy.purposeSystems, at };

  const foundFor = new Map(found.map(({ request, records }) => [request, records]));
  const verdicts: Verdict[] = [];
  for (const text of texts) {
    const verified = await verify(text, publicState, expected);
    if (verified.kind === 'refused') verdicts.push(verified);
    else {
      const request = withFound(verified, foundFor.get(verified.digest) ?? []);
      const { iss, jti } = request.claims;
      verdicts.push({ kind: 'judged', text, request, eventKey: values.key('event', iss, jti) });
    }
  }
  await values.readAhead(
    verdicts.flatMap((verdict) => (verdict.kind === 'judged' ? keysOf(verdict, values) : [])),
  );
  const seen = new Set<string>();
  return Promise.all(verdicts.map((verdict) => withoutReplay(verdict, values, seen)));
}

function keysOf({ request, eventKey }: JudgedRequest, values: OpenCustody['values']): string[] {
  const { records } = request.claims;
  const isAnswered = request.standing === 'current';
  return [eventKey, ...(isAnswered ? records.map((record) => values.key('descriptor', record)) : [])];
}

async function withoutReplay(
  verdict: Verdict,
  values: OpenCustody['values'],
  seen: Set<string>,
): Promise<Verdict> {
  if (verdict.kind === 'refused') return verdict;
  const { request, eventKey } = verdict;
  const isFirst = !seen.has(eventKey);
  seen.add(eventKey);
  const isReplay = !isFirst || (await values.bytesAt(eventKey)).length > 0;
  return isReplay ? { kind: 'refused', request: request.digest, code: 'request-replayed' } : verdict;
}

async function verify(
  text: string,
  publicState: PublicState,
  expected: Omit<RequestExpectations, 'members'>,
): Promise<AuthenticRequest | Extract<Verdict, { kind: 'refused' }>> {
  const parsed = parseRequestObject(text);
  if (parsed.kind === 'refused') return { kind: 'refused', request: parsed.digest, code: parsed.code };
  const requester = await publicState.member(parsed.claims.iss);
  const checked = checkRequestObject(parsed, { ...expected, members: () => requester });
  return checked.kind === 'refused'
    ? { kind: 'refused', request: checked.digest, code: checked.code }
    : checked;
}
